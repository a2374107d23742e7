"""Runs that differ in their seed alone, trained in one loop: their checkpoints are left as each alone leaves them."""

import itertools
from collections.abc import Callable
from pathlib import Path

import torch

from zsar.errors import ZsarError
from zsar.fast.seeds import Own
from zsar.harness.job import trainings
from zsar.harness.plan import Job
from zsar.harness.run import Event
from zsar.harness.train import Trace, Training, follow
from zsar.learning.faster import stacked
from zsar.learning.memory import keep_freed
from zsar.plugins import find

AT_ONCE = 8
"""Runs in one loop, at most: their parameters, moments and activations lie side by side in memory."""


def groups(jobs: dict[int, Job], device: str) -> list[list[int]]:
    """The jobs' numbers, those together that pay to be trained together on this device.

    On a GPU a small step is bound by the launching of its kernels, which runs can share. On a CPU it is bound by its
    caches, which several runs' parameters overflow: there, runs in a process per core are faster.
    """
    if not device.startswith("cuda"):
        return [[number] for number in jobs]
    alike: dict[str, list[int]] = {}
    for number, job in jobs.items():
        able = stacked(find("method", job.method)) is not None
        what = {**job.determined_by(), "seed": None, "rules": job.rules, "settings": job.settings}
        alike.setdefault(repr(what) if able else str(number), []).append(number)
    return [numbers[i : i + AT_ONCE] for numbers in alike.values() for i in range(0, len(numbers), AT_ONCE)]


def train_ahead(
    jobs: dict[int, Job], folder: Path, device: str, threads: int, on_event: Callable[[Event], None]
) -> None:
    """Train jobs, given by number, as far as they fit together; each then finds its finished training when it is run.

    What goes wrong here is left to that run, which goes on from the last checkpoint and records what it meets.
    """
    torch.set_num_threads(threads)
    keep_freed()
    torch.use_deterministic_algorithms(True, warn_only=True)

    def tell(number: int):
        return lambda phase, epoch, loss: on_event(Event("epoch", number, phase, epoch, loss))

    try:
        running = {n: trainings(job, folder, device, tell(n), len(jobs)) for n, job in jobs.items()}
        wanted = {number: next(steps, None) for number, steps in running.items()}
        while wanted := {number: training for number, training in wanted.items() if training is not None}:
            for numbers in _fitting(wanted):
                traces = follow_together([wanted.pop(number) for number in numbers])
                for number, trace in zip(numbers, traces, strict=True):
                    wanted[number] = _next(running[number], trace)
    except Exception as e:
        if isinstance(e, ZsarError) and isinstance(e.__cause__, OSError):  # the disk's fault, as in `guarded`
            raise


def _next(steps, trace: Trace) -> Training | None:
    try:
        return steps.send(trace)
    except StopIteration:
        return None


def _fitting(wanted: dict[int, Training]) -> list[list[int]]:
    """Those together whose data have the same shapes and that begin with the same epoch."""

    def key(number: int):
        training = wanted[number]
        epoch = len(training.resumed["trace"]["losses"]) if training.resumed else 0
        return epoch, tuple(training.given.seen.x.shape), tuple(training.given.seen_text.shape)

    return [list(numbers) for _, numbers in itertools.groupby(sorted(wanted, key=key), key)]


def follow_together(several: list[Training]) -> list[Trace]:
    """As `zsar.harness.train.follow`, for runs of one method with their own random numbers."""
    if len(several) == 1:
        return [follow(*several[0])]
    methods, given = [t.method for t in several], [t.given for t in several]
    draws = [Own(t.seed, t.given.seen.x.device) for t in several]
    traces = [training.begin() for training in several]
    seen, text = [g.seen for g in given], [g.seen_text for g in given]
    for reports in stacked(type(methods[0]))(methods, seen, text, draws):
        for training, trace, report, own in zip(several, traces, reports, draws, strict=True):
            with own.in_force():  # a checkpoint holds the run's own random state
                training.judge(trace, report)
    return [training.end(trace) for training, trace in zip(several, traces, strict=True)]
