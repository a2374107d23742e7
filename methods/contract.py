"""What a method is: seven names, of which a new method must write two (`train` and `score`).

A method is its constructor's keywords; they are stored, nothing else, and networks are built in `train`.
It sees seen classes only: no unseen label, no metric, no path, no test set. Because `train` is an iterator,
the harness decides between epochs what to measure, and one training run serves every selection rule.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from zsar.resumable import Resumable

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Seen:
    """The training data: clips or features of seen classes only.

    ``x`` is [N, 3, T, V, M] (clips, metres) or [N, D] (features), float32; ``y`` [N] int64 indexes the rows
    of the text that is handed over with it.
    """

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)


class Method(Resumable, abc.ABC):
    """One zero-shot method. Subclasses set the class attributes and write `train` and `score`."""

    title: ClassVar[str]
    """The name as the paper prints it."""
    paper: ClassVar[str] = ""
    """Authors, title, venue and year."""
    input: ClassVar[Literal["clips", "features"]] = "features"
    """What `train`, `score` and `adapt` are given."""
    on_features: ClassVar[str] = ""
    """The installed method that runs in its place on a dataset of released features; for methods of clips."""
    transductive: ClassVar[bool] = False
    """Whether `adapt` does anything."""
    prompts: ClassVar[tuple[str, ...]] = ("label",)
    """The prompts of each class that make up the rows of the text, unless a recipe names others."""

    @abc.abstractmethod
    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        """Train on the seen classes, yielding after each epoch whatever is worth watching (``loss`` at least).

        ``text`` is [S, P, D]: S seen classes, P prompts each, D-dimensional. Wrap the loop over epochs in
        `resumable` to let an interrupted run go on where it was.
        """

    @abc.abstractmethod
    def score(self, x: Tensor, text: Tensor) -> Tensor:
        """Similarity [N, C] of N clips (or features) to C candidate classes given by ``text`` [C, P, D]."""

    def adapt(self, x: Tensor, text: Tensor) -> Tensor:
        """Adjust the candidates' text [C, P, D] to unlabelled test clips (transductive methods only)."""
        return text

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords: Any) -> Method:
        """Build the trained method from the authors' released checkpoint."""
        raise NotImplementedError(f"{cls.title}'s authors released no checkpoint that zsar reads")
