"""Training an encoder epoch by epoch, so that a killed process goes on where it was, bit for bit."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from zsar.data.clip_sets import ClipSet
from zsar.encoders.contract import Encoder
from zsar.learning.distributed import agreed, rank
from zsar.learning.resuming import StateFile


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
    # The first process reads and writes it, for all.
    file = StateFile(checkpoint) if checkpoint is not None and rank() == 0 else None
    state = agreed(file and file.read("cpu"))
    if state is not None:
        encoder.resume(state)
    number = state["epoch"] if state is not None else 0
    with torch.random.fork_rng(devices=[x.device] if x.is_cuda else []):
        torch.manual_seed(seed)
        started = time.perf_counter()
        for report in encoder.train(x, y, classes):
            number += 1
            seconds = time.perf_counter() - started
            epochs = encoder.epochs or number
            on_epoch(Epoch(number, epochs, report["loss"], report.get("rate", 0.0), seconds, len(x)))
            if file and (file.is_due() or number == epochs) and (state := encoder.state()) is not None:
                file.write(state)
            started = time.perf_counter()
