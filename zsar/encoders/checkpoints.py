"""Training an encoder epoch by epoch, so that a killed process goes on where it was, bit for bit."""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from zsar import storage
from zsar.data.clip_sets import ClipSet
from zsar.encoders.contract import Encoder
from zsar.learning.distributed import agreed, rank

SECONDS_BETWEEN_CHECKPOINTS = 1.0
"""An epoch that took longer is saved when it ends; shorter ones at most this often."""


@dataclass(frozen=True)
class Epoch:
    """One epoch of ``epochs`` (counted from 1) that has ended, after ``seconds``: mean ``loss``, learning ``rate``."""

    number: int
    epochs: int
    loss: float
    rate: float
    seconds: float
    clips: int


def train(
    encoder: Encoder,
    x: Tensor | ClipSet,
    y: Tensor,
    classes: int,
    *,
    seed: int,
    checkpoint: Path | None = None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> None:
    """Train an encoder on clips [N, 3, T, V, M] with labels [N], going on from ``checkpoint`` if there is one.

    The caller's random state is left alone. The checkpoint stays: remove it when what came of it is kept.
    """
    saved = _Checkpoint(checkpoint)
    if saved.state is not None:
        encoder.resume(saved.state)
    number = saved.state["epoch"] if saved.state is not None else 0
    with torch.random.fork_rng(devices=[x.device] if x.is_cuda else []):
        torch.manual_seed(seed)
        started = time.perf_counter()
        for report in encoder.train(x, y, classes):
            number += 1
            seconds = time.perf_counter() - started
            epochs = encoder.epochs or number
            on_epoch(Epoch(number, epochs, report["loss"], report.get("rate", 0.0), seconds, len(x)))
            saved.after_epoch(encoder, last=number == epochs)
            started = time.perf_counter()


class _Checkpoint:
    """An encoder's state on disk: written whole, by the first process, and read without running code."""

    def __init__(self, path: Path | None):
        self.path, self.state = path, agreed(_read(path) if path is not None and rank() == 0 else None)
        self._saved = self._last_epoch = time.perf_counter()

    def after_epoch(self, encoder: Encoder, last: bool) -> None:
        now = time.perf_counter()
        took, self._last_epoch = now - self._last_epoch, now
        if self.path is None or rank() or (not last and max(took, now - self._saved) < SECONDS_BETWEEN_CHECKPOINTS):
            return
        state = encoder.state()
        if state is None:
            return
        buffer = io.BytesIO()
        torch.save(state, buffer)
        storage.write_bytes(self.path, buffer.getvalue())
        self._saved = self._last_epoch = time.perf_counter()


def _read(path: Path) -> dict | None:
    if not path.is_file():
        return None
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except Exception:  # damaged: training starts over
        return None
