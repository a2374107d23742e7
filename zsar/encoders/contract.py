"""What an encoder is, and all that is asked of one: clips of seen classes in, features of any clip out."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from zsar.learning.resuming import Resumable

if TYPE_CHECKING:
    from torch import Tensor

    from zsar.data.clip_sets import ClipSet


class Encoder(Resumable, abc.ABC):
    """One way from clips to features. Like a method, an encoder is its constructor's keywords, a dataclass of them."""

    version: ClassVar[int] = 1
    """Raised when the same keywords come to give other features; cached features of older versions are not used."""
    random: ClassVar[bool] = False
    """Whether `train` draws random numbers; its features are then another run's for another seed."""
    streams: ClassVar[bool] = False
    """Whether clips may be a `zsar.data.clip_sets.ClipSet`, which is read from disk batch by batch."""
    joints: ClassVar[str] = "kinect_v2"
    """The joint layout of the clips that it sees."""
    restorable: ClassVar[bool] = False
    """Whether `weights` and `restore` are written, as the class's definition shows."""
    has_maps: ClassVar[bool] = False
    """Whether `maps` is written, as the class's definition shows."""
    epochs: int = 0
    """How many epochs `train` has; 0 where it does not count any."""

    def __init_subclass__(cls, **keywords: Any):
        super().__init_subclass__(**keywords)
        cls.restorable = cls.weights is not Encoder.weights
        cls.has_maps = cls.maps is not Encoder.maps

    @abc.abstractmethod
    def train(self, x: Tensor | ClipSet, y: Tensor, classes: int) -> Iterator[dict[str, float]]:
        """Learn from the training clips [N, 3, T, V, M] of seen classes and their labels [N] in 0 .. classes - 1.

        Yields after each epoch its ``loss`` and learning ``rate``; nothing (``yield from ()``) where there are no
        epochs. Wrap the loop over epochs in `resumable` to let interrupted training go on where it was.
        """

    @abc.abstractmethod
    def encode(self, x: Tensor | ClipSet) -> Tensor:
        """Features [N, D] float32 of clips [N, 3, T, V, M]."""

    def maps(self, x: Tensor | ClipSet) -> Tensor:
        """Features before pooling, [N, T', V, D] float32, whose mean over frames and joints is what `encode` gives.

        Raises NotImplementedError where features are not such a mean.
        """
        raise NotImplementedError(f"{type(self).__name__} has no maps: its features are not a mean over joints")

    @abc.abstractmethod
    def logits(self, features: Tensor) -> Tensor:
        """The seen classifier: features [N, D] to logits [N, classes]."""

    def weights(self) -> dict[str, Tensor]:
        """All that was learned, by name; nothing where an encoder can't be restored from it."""
        return {}

    def restore(self, weights: dict[str, Tensor], bodies: int) -> None:
        """Become what `weights` was taken from; ``bodies`` M of its clips."""
        raise NotImplementedError(f"{type(self).__name__} can't be restored from weights")
