"""What an encoder is: clips of seen classes in, features of any clip out."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from zsar.learning.resuming import Resumable

if TYPE_CHECKING:
    from torch import Tensor


class Encoder(Resumable, abc.ABC):
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

    def train(self, x: Tensor, y: Tensor, classes: int) -> Iterator[dict[str, float]]:
        """As `fit`, yielding after each epoch its ``loss`` and learning ``rate``; nothing where there are no epochs.

        Wrap the loop over epochs in `resumable` to let interrupted training go on where it was.
        """
        self.fit(x, y, classes)
        yield from ()

    @abc.abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Features [N, D] float32 of clips [N, 3, T, V, M]."""

    @abc.abstractmethod
    def logits(self, features: Tensor) -> Tensor:
        """The seen classifier: features [N, D] to logits [N, classes]."""

    def weights(self) -> dict[str, Tensor]:
        """All that was learned, by name; nothing where an encoder can't be restored from it."""
        return {}

    def restore(self, weights: dict[str, Tensor], bodies: int) -> None:
        """Become what `weights` was taken from; ``bodies`` M of its clips."""
        raise NotImplementedError(f"{type(self).__name__} can't be restored from weights")
