"""Training that can be interrupted between two epochs and go on, bit for bit, in another process."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from zsar import storage

if TYPE_CHECKING:
    import torch

SECONDS_BETWEEN_CHECKPOINTS = 1.0
"""An epoch that took longer is saved when it ends; shorter ones at most this often."""


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


class StateFile:
    """The state of one training on disk: written whole, read without running code."""

    def __init__(self, path: Path):
        self.path = Path(path)
        self._saved = self._last_epoch = time.perf_counter()

    def read(self, device: str | None = None) -> dict | None:
        """What `write` left, on ``device`` or where it was; None without a file or with a damaged one."""
        import torch

        try:
            return torch.load(self.path, weights_only=True, map_location=device)
        except Exception:  # whatever is wrong with the file
            return None

    def is_due(self) -> bool:
        """Whether the epoch that ended now is to be saved; asked after every one."""
        now = time.perf_counter()
        took, self._last_epoch = now - self._last_epoch, now
        return max(took, now - self._saved) >= SECONDS_BETWEEN_CHECKPOINTS

    def write(self, state: dict) -> None:
        """Replace what was saved."""
        import torch

        buffer = io.BytesIO()
        torch.save(state, buffer)
        storage.write_bytes(self.path, buffer.getvalue())
        self._saved = self._last_epoch = time.perf_counter()
