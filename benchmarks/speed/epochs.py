"""The first epoch of every feature method, with the building of its network: what a run pays per epoch."""

from collections.abc import Iterator

import torch

from zsar.benchmarks.speed.case import Case
from zsar.learning.contract import Seen
from zsar.methods import available, find

CLIPS, SEEN, FEATURES, TEXT = 256, 55, 256, 768
THREADS = 1
NOTE = (
    "Every method with its constructor's defaults, one epoch (of an autoencoder, one cycle) over 256 clips, with one "
    "thread as zsar bench gives to each run. Time grows with the number of clips, but for CADA-VAE and SynSE, whose "
    "cycle is a fixed number of random batches, as their authors have it; methods in closed form have a single epoch. "
    "What a step costs beside a plain form of it is under dvta, sadvae and pgfa."
)


def cases(device: str, short: bool) -> Iterator[Case]:
    """One case per method that learns from features; none in the short form, which compares ratios."""
    for name in () if short else available():
        if find(name).input == "features":
            yield first_epoch(name, device)


def first_epoch(name: str, device: str) -> Case:
    """Training until the first yield."""
    g = torch.Generator().manual_seed(0)
    x = torch.rand(CLIPS, FEATURES, generator=g).to(device)
    y = torch.randint(SEEN, (CLIPS,), generator=g).to(device)
    text = torch.randn(SEEN, len(find(name).prompts), TEXT, generator=g).to(device)

    def train() -> None:
        torch.manual_seed(0)
        next(iter(find(name)().train(Seen(x, y), text)))

    return Case(f"{find(name).title}: an epoch of {CLIPS} clips", f"random features [{CLIPS}, {FEATURES}]", train)
