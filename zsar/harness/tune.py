"""Choosing keywords on pseudo-unseen classes: no unseen class and no test clip takes part."""

import itertools
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from zsar.harness.plan import Job, plan


@dataclass(frozen=True)
class Tried:
    """One point of a grid: accuracy at the last epoch on pseudo-unseen classes, over splits and folds."""

    settings: dict
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
    splits: list[str] | None = None,
    folds: int = 3,
    seed: int = 0,
    encoder: str | None = None,
    workers: int = 1,
    on_tried: Callable[[Tried], None] = lambda tried: None,
) -> list[Tried]:
    """Try every point of a grid, best first. ``grid`` maps "keyword" (or "encoder.keyword") to values.

    A fold holds back some of the seen classes (`Split.pseudo_unseen`); the method trains on the training clips of
    the others and is judged on the training clips of those held back, chance being one over their number.
    """
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    tried = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        asked = []
        for point in points:
            settings: dict[str, dict] = {}
            for key, value in point.items():
                name, dot, keyword = key.rpartition(".")
                settings.setdefault(name or method, {})[keyword] = value
            jobs = plan([method], dataset, splits, [seed], settings, ["last"], encoder=encoder)
            asked.append((point, [pool.submit(_one, job, fold) for job in jobs for fold in range(folds)]))
        for point, futures in asked:
            results = [f.result() for f in futures]
            tried.append(
                Tried(
                    point,
                    tuple(r[0] for r in results),
                    tuple(r[1] for r in results if r[1] is not None),
                    sum(r[2] for r in results),
                )
            )
            on_tried(tried[-1])
    return sorted(tried, key=lambda t: -t.mean)


def _one(job: Job, fold: int) -> tuple[float, float | None, float]:
    """Last-epoch accuracy on one fold's pseudo-unseen classes, the same after adaptation, and seconds taken."""
    import time

    import torch

    from zsar.data.partition import companion, partition
    from zsar.harness.fold import inputs
    from zsar.harness.job import prepare
    from zsar.harness.train import follow
    from zsar.learning.memory import keep_freed
    from zsar.plugins import find

    torch.set_num_threads(1)
    keep_freed()
    dataset, vectors, _ = prepare(job)
    main = partition(dataset, job.card, job.split, job.protocol)
    given = inputs(job, dataset, companion(dataset, job.split, main, fold), vectors, "cpu")
    started = time.perf_counter()
    trace = follow(find("method", job.method)(**job.keywords), given, job.seed)
    adapted = trace.accuracy.get("transductive")
    return trace.accuracy["inductive"][-1], adapted and adapted[-1], time.perf_counter() - started
