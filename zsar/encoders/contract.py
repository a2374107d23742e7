"""What an encoder is: clips of seen classes in, features of any clip out."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import Tensor


class Encoder(abc.ABC):
    """One way from clips to features. Like a method, an encoder is its constructor's keywords."""

    version: ClassVar[int] = 1
    """Raised when the same keywords come to give other features; cached features of older versions are not used."""
    random: ClassVar[bool] = False
    """Whether `fit` draws random numbers; its features are then another run's for another seed."""
    joints: ClassVar[str] = "kinect_v2"
    """The joint layout of the clips that it is given."""

    @abc.abstractmethod
    def fit(self, x: Tensor, y: Tensor, classes: int) -> None:
        """Learn from the training clips [N, 3, T, V, M] of seen classes and their labels [N] in 0 .. classes - 1."""

    @abc.abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Features [N, D] float32 of clips [N, 3, T, V, M]."""

    @abc.abstractmethod
    def logits(self, features: Tensor) -> Tensor:
        """The seen classifier: features [N, D] to logits [N, classes]."""
