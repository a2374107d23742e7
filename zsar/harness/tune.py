"""Choosing keywords on pseudo-unseen classes: no unseen class and no test clip takes part."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zsar import processes
from zsar.harness.plan import Job, plan


@dataclass(frozen=True)
class Trial:
    """One point of a grid: accuracy at the last epoch on pseudo-unseen classes, over splits and folds."""

    keywords: dict[str, Any]
    accuracies: tuple[float, ...]
    adapted: tuple[float, ...]
    seconds: float

    @property
    def mean(self) -> float:
        return float(np.mean(self.accuracies))

    @property
    def error(self) -> float:
        """Standard error of the mean over splits and folds."""
        n = len(self.accuracies)
        return float(np.std(self.accuracies, ddof=1) / n**0.5) if n > 1 else float("nan")


def tune(
    method: str,
    dataset: str,
    grid: dict[str, list],
    *,
    splits: str | Sequence[str] | None = None,
    folds: int = 3,
    seed: int = 0,
    encoder: str | None = None,
    workers: int = 1,
    on_trial: Callable[[Trial], None] = lambda trial: None,
) -> list[Trial]:
    """Try every point of a grid, best first. ``grid`` maps "keyword" (or "encoder.keyword") to values.

    A fold holds back some of the seen classes (`Split.pseudo_unseen`); the method trains on the training clips of
    the others and is judged on the training clips of those held back, chance being one over their number.
    ``on_trial`` is called with every point when its last fold has ended. Raises what `plan` and a run raise, and
    `zsar.processes.ProcessDied`.
    """
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    tasks: dict[tuple[int, int], tuple] = {}
    for number, point in enumerate(points):
        keywords: dict[str, dict] = {}
        for key, value in point.items():
            name, _, keyword = key.rpartition(".")
            keywords.setdefault(name or method, {})[keyword] = value
        jobs = plan([method], dataset, splits=splits, seeds=[seed], rules=["last"], keywords=keywords, encoder=encoder)
        runs = [(job, fold) for job in jobs for fold in range(folds)]
        tasks |= {(number, i): run for i, run in enumerate(runs)}
    results: list[dict[int, tuple]] = [{} for _ in points]
    trials = []
    for (number, i), outcome in processes.as_completed(_run_there, tasks, workers=workers):
        results[number][i] = outcome.result()
        if len(results[number]) == len(tasks) // len(points):
            accuracies, adapted, seconds = zip(*(results[number][i] for i in sorted(results[number])), strict=True)
            adapted = tuple(accuracy for accuracy in adapted if accuracy is not None)
            trials.append(Trial(points[number], accuracies, adapted, sum(seconds)))
            on_trial(trials[-1])
    return sorted(trials, key=lambda trial: (-trial.mean, points.index(trial.keywords)))


def _run_there(job: Job, companion: int) -> tuple[float, float | None, float]:
    """Last-epoch accuracy on one fold's pseudo-unseen classes, the same after adaptation, and seconds taken."""
    import torch

    from zsar.harness.fold import fold
    from zsar.harness.train import train
    from zsar.learning.memory import keep_freed
    from zsar.plugins import find

    torch.set_num_threads(1)
    keep_freed()
    history = train(find("method", job.method)(**job.keywords), fold(job, companion=companion), seed=job.seed)
    adapted = history.accuracy.get("transductive")
    return history.accuracy["inductive"][-1], adapted and adapted[-1], history.seconds
