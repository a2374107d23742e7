"""The training behind a leaderboard of NTU RGB+D 60 on a GPU: an epoch of every method at the true sizes."""

from collections.abc import Callable, Iterator

import torch

from zsar.benchmarks.speed.case import Case
from zsar.learning.contract import Method, Seen
from zsar.methods.dvta import DVTA
from zsar.methods.pgfa import PGFA
from zsar.methods.sadvae import SADVAE

THREADS = None
FEATURES, CLIPS, CLASSES = 33_000, 40_000, 55
NOTE = (
    "Random arrays of NTU RGB+D 60's sizes, whole on the GPU. What is held against is a published training's time "
    "divided by its epochs: DVTA's 100 in 30 s, SA-DVAE's 10 cycles in 10 s, PGFA's 50 on two-body clips of 50 frames "
    "in 10 minutes. Three methods, four splits and five seeds are twenty times the three trainings, and so many "
    "evaluations (see scoring and pgfa)."
)


def cases(device: str, short: bool) -> Iterator[Case]:
    """Epochs of full size; none on a CPU, where one of DVTA's takes a quarter of an hour."""
    if short or device == "cpu":
        return
    of_features = f"random features [{FEATURES}, 256], text [{CLASSES}, 2, 768]"
    x, text = torch.rand(FEATURES, 256, device=device), torch.randn(CLASSES, 2, 768, device=device)
    for precision in ("float32", "bf16"):
        method = DVTA(epochs=10**6, precision=precision)
        yield Case(f"DVTA: an epoch, {precision}", of_features, epochs(method, x, text), seconds=0.3)
    cycle = epochs(SADVAE(cycles=10**6), x, text)
    yield Case("SA-DVAE: a cycle", of_features, cycle, seconds=1.0)
    clips = torch.randn(CLIPS, 3, 50, 25, 2, device=device)
    for precision, compiled in (("float32", False), ("bf16", False), ("bf16", True)):
        method = PGFA(epochs=10**6, precision=precision, compiled=compiled)
        name = f"PGFA: an epoch, {precision}{', compiled' * compiled}"
        yield Case(name, f"random clips {list(clips.shape)}", epochs(method, clips, text), seconds=12.0)


def epochs(method: Method, x: torch.Tensor, text: torch.Tensor) -> Callable:
    """A function that trains for one more epoch."""
    y = torch.arange(len(x), device=x.device) % len(text)
    torch.manual_seed(0)
    reports = method.train(Seen(x, y), text)
    return lambda: next(reports)
