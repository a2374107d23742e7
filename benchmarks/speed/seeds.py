"""Eight seeds of SA-DVAE: in a process per core, as ``zsar bench`` runs them on a CPU, or in one loop, as on a GPU."""

import math
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator

import torch

from zsar.benchmarks.speed.case import Case, held
from zsar.benchmarks.speed.machine import cores
from zsar.fast.seeds import Own
from zsar.learning.contract import Method, Seen
from zsar.learning.faster import stacked
from zsar.methods.dvta import DVTA
from zsar.methods.sadvae import SADVAE

RUNS = 8
THREADS = 1
NOTE = (
    "On a CPU a run's parameters, moments and gradients (8 MB) stay in the last-level cache, and eight runs' don't: in "
    "one loop eight cost about eight times one. `zsar bench` therefore runs them in a process per core there, with one "
    "thread each, and in one loop on a GPU, where a step's time is the launching of its kernels."
)


def cases(device: str, short: bool) -> Iterator[Case]:
    """Eight runs against one, and against eight one after the other."""
    if short:  # what processes gain depends on what else the machine does
        return
    if device == "cpu":
        yield in_processes()
    yield in_one_loop(SADVAE, {"cycles": 3}, device, 1.5)
    if device != "cpu":
        yield in_one_loop(DVTA, {"epochs": 3, "lr": 1e-3}, device, 6.0)


def data(device: str, clips: int = 32 * 40) -> tuple[Seen, torch.Tensor]:
    """Random features and text of NTU-60's widths."""
    g = torch.Generator().manual_seed(0)
    x, y = torch.rand(clips, 256, generator=g), torch.arange(clips) % 55
    return Seen(x.to(device), y.to(device)), torch.randn(55, 1, 768, generator=g).to(device)


def alone(seed: int, cls: type[Method] = SADVAE, keywords: dict | None = None, device: str = "cpu") -> list[float]:
    """Train one run; its losses."""
    seen, text = data(device)
    torch.manual_seed(seed)
    return [report["loss"] for report in cls(**(keywords or {"cycles": 3})).train(seen, text)]


def together(cls: type[Method], keywords: dict, device: str) -> list[list[float]]:
    """Train all runs in one loop; the losses of each."""
    seen, text = data(device)
    methods, draws = [cls(**keywords) for _ in range(RUNS)], [Own(seed, device) for seed in range(RUNS)]
    epochs = stacked(cls)(methods, [seen] * RUNS, [text] * RUNS, draws)
    return [list(losses) for losses in zip(*([r["loss"] for r in reports] for reports in epochs), strict=True)]


def in_processes() -> Case:
    """As many processes as cores, started before, a thread each."""
    processes = cores()
    pool = multiprocessing.get_context("spawn").Pool(processes, torch.set_num_threads, (1,))
    run = lambda: pool.map(alone, range(RUNS), chunksize=1)

    def check() -> float:
        return held([(torch.tensor(a), torch.tensor(alone(seed))) for seed, a in enumerate(run())], 1e-5)

    name = f"{RUNS} seeds of SA-DVAE in {processes} processes"
    return _case(name, run, check, 6.5 if processes >= 2 else None, note=_processor_time(pool, processes))


def processor_seconds(seed: int) -> float:
    """What one run takes of a processor, whoever else wants it."""
    begin = time.process_time()
    alone(seed)
    return time.process_time() - begin


def _processor_time(pool, processes: int) -> str:
    """What the times would be on cores that nobody else uses."""
    processor_seconds(0)
    one = statistics.median(processor_seconds(0) for _ in range(RUNS))
    beside = statistics.median(pool.map(processor_seconds, range(2 * RUNS), chunksize=1))
    times = math.ceil(RUNS / processes) * beside / one
    return (
        f"A run takes {one:.3f} s of processor time alone and {beside:.3f} s beside the others, so that on {processes} "
        f"cores that nobody else uses {RUNS} runs take {times:.1f} times as long as one."
    )


def in_one_loop(cls: type[Method], keywords: dict, device: str, limit: float) -> Case:
    """One batched operation for all runs. On a CPU nothing is demanded: it isn't used there."""
    run = lambda: together(cls, keywords, device)

    def check() -> float:
        return held(
            [(torch.tensor(a), torch.tensor(alone(seed, cls, keywords, device))) for seed, a in enumerate(run())], 1e-3
        )

    name = f"{RUNS} seeds of {cls.title} in one loop"
    return _case(name, run, check, None if device == "cpu" else limit, lambda seed: alone(seed, cls, keywords, device))


def _case(
    name: str, run: Callable, check: Callable, limit: float | None, one: Callable = alone, note: str = ""
) -> Case:
    return Case(
        name,
        "random features [1280, 256], text [55, 768], 120 steps of SA-DVAE (30 of DVTA)",
        fast=run,
        plain=lambda: [one(seed) for seed in range(RUNS)],
        check=check,
        floor=lambda: one(0),
        floor_is="one run alone",
        limit=limit,
        note=note,
    )
