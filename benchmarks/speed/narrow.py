"""Narrow ST-GCNs, as small datasets' recipes train them: what share of the peak they reach, and where time goes."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from zsar.benchmarks.speed.case import Case, held
from zsar.benchmarks.speed.stgcn import JOINTS, clips, gradients, plainly, products, training_pass
from zsar.encoders.stgcn import STGCN
from zsar.learning.faster import plain_forms
from zsar.skeletons.layouts import layout

BATCH, BODIES = 32, 1
SIZES = ((16, 256, 50), (8, 128, 25), (8, 64, 25), (8, 64, 16))
"""Channels of the first blocks, width, frames: the papers', that of utd-mhad and nw-ucla, pku-sim's, and a smaller."""
THREADS = 1
PROFILED, NAMED = 5, 5
NOTE = (
    "One thread, as zsar bench gives to each run. Products shrink with the square of the channels, and what is done "
    "value by value (normalisations, ReLUs, copies) with the channels alone."
)


def network(hidden: int, width: int) -> STGCN:
    """As the recipes have it: no dropout, absent bodies left out."""
    torch.manual_seed(0)
    return STGCN.for_layout(layout("kinect_v2"), hidden=hidden, width=width, dropout=0.0, absent_bodies="skip")


def check(trained: STGCN, x: Tensor) -> float:
    """Both forms' gradients alike, in float64 (see `stgcn.outcomes`)."""
    trained, x = copy.deepcopy(trained).double().train(), x.double()

    def slopes() -> list[Tensor]:
        trained.zero_grad()
        trained(x).square().mean().backward()
        return gradients(trained)

    fast = slopes()
    with plain_forms():
        return held(list(zip(fast, slopes(), strict=True)), 1e-7)


def where(function: Callable[[], None]) -> str:
    """The operations that take most of a function's time, with their shares of it."""
    function()
    with torch.profiler.profile() as profile:
        for _ in range(PROFILED):
            function()
    spent = {event.key.removeprefix("aten::"): event.self_cpu_time_total for event in profile.key_averages()}
    total = sum(spent.values())
    most = sorted(spent, key=spent.__getitem__, reverse=True)[:NAMED]
    return "Of the time: " + ", ".join(f"{name} {100 * spent[name] / total:.0f}%" for name in most) + "."


def cases(device: str, short: bool) -> Iterator[Case]:
    """A training pass of each size; nothing in the short form."""
    if short or device != "cpu":
        return
    for hidden, width, frames in SIZES:
        trained, x = network(hidden, width), clips(BATCH, BODIES, device, frames=frames)
        step = lambda trained=trained, x=x: training_pass(trained, x, torch.float32)
        yield Case(
            f"ST-GCN of {hidden} to {width} channels, {frames} frames, forwards and backwards",
            f"random clips [{BATCH}, 3, {frames}, {JOINTS}, {BODIES}]",
            fast=step,
            plain=lambda step=step: plainly(step),
            check=lambda trained=trained, x=x: check(trained, x),
            operations=3
            * products(BATCH * BODIES, frames, plan=[hidden] * 4 + [2 * hidden] * 3 + [4 * hidden] * 2 + [width]),
            product=(256, 256, 3200),
            note=where(step),
        )
