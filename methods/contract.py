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

if TYPE_CHECKING:
    import torch
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


class Method(abc.ABC):
    """One zero-shot method. Subclasses set the class attributes and write `train` and `score`."""

    title: ClassVar[str]
    """The name as the paper prints it."""
    paper: ClassVar[str] = ""
    """Authors, title, venue and year."""
    input: ClassVar[Literal["clips", "features"]] = "features"
    """What `train`, `score` and `adapt` are given."""
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

    # What follows serves the harness: interrupting and resuming.

    def resumable(self, count: int, *optimizers: torch.optim.Optimizer) -> Iterator[int]:
        """Count epochs 0 .. count - 1, starting after those that `resume` brought back.

        Networks and tensors held as attributes, the optimizers given here and the random state are what is
        brought back; anything else that changes during training must be computed from the epoch.
        """
        import torch

        self._optimizers = optimizers
        state = self.__dict__.pop("_resume", None)
        first = 0
        if state is not None:
            for name, value in state["attributes"].items():
                current = getattr(self, name)
                if isinstance(current, torch.nn.Module):
                    current.load_state_dict(value)
                else:
                    setattr(self, name, value.to(current.device))
            for optimizer, value in zip(optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(value)
            first = state["epoch"]
            torch.set_rng_state(state["random"])
            if "random_cuda" in state:
                torch.cuda.set_rng_state(state["random_cuda"])
        for self._epoch in range(first, count):
            yield self._epoch

    def state(self) -> dict | None:
        """All that `resume` needs, taken between two epochs; None where `train` doesn't use `resumable`."""
        import torch

        if not hasattr(self, "_epoch"):
            return None
        state = {
            "epoch": self._epoch + 1,
            "attributes": {
                name: value.state_dict() if isinstance(value, torch.nn.Module) else value
                for name, value in vars(self).items()
                if isinstance(value, torch.nn.Module | torch.Tensor)
            },
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "random": torch.get_rng_state(),
        }
        if torch.cuda.is_available():
            state["random_cuda"] = torch.cuda.get_rng_state()
        return state

    def resume(self, state: dict) -> None:
        """Let the next `train` go on after the epoch in which `state` was taken."""
        self._resume = state
