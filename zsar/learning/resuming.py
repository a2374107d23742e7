"""Training that can be interrupted between two epochs and go on, bit for bit, in another process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Resumable:
    """Counts epochs for whoever trains, and can hand out and take back all that changes while they pass."""

    _epoch: int | None = None
    _state: dict | None = None

    def resumable(self, count: int, *optimizers: torch.optim.Optimizer) -> Iterator[int]:
        """Count epochs 0 .. count - 1, starting after those that `resume` brought back.

        Networks and tensors held as attributes, these optimizers and the random state are what is
        brought back; anything else that changes during training must be computed from the epoch.
        """
        import torch

        self._optimizers = optimizers
        state, self._state = self._state, None
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
        """All that `resume` needs, taken between two epochs; None where training doesn't use `resumable`."""
        import torch

        if self._epoch is None:
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
        """Let the next training go on after the epoch in which `state` was taken."""
        self._state = state
