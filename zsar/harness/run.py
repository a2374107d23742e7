"""From a job to its files; a few jobs that differ in their seed alone may be trained together.

Whatever goes wrong inside a job becomes a record, and what happens is reported as events.
"""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from zsar import storage
from zsar.errors import DamagedData, ZsarError
from zsar.harness.fold import Fold, fold
from zsar.harness.plan import Job
from zsar.harness.record import failure_of, record_of
from zsar.harness.train import Checkpoint, History, train, train_together
from zsar.learning.memory import keep_freed
from zsar.plugins import find
from zsar.results.record import Record, write_record


@dataclass(frozen=True)
class Event:
    """What happened to a job: "cached", "epoch", "apart" (it was to be trained together with others, and that failed
    for the reason in ``message``), "done" or "failed"."""

    kind: str
    job: int
    phase: str = ""
    epoch: int = 0
    loss: float = 0.0
    message: str = ""


OnEvent = Callable[[Event], None]


def run(
    job: Job, folder: Path, device: str = "cpu", on_epoch: Callable[[str, History], None] | None = None
) -> tuple[Record, dict[str, np.ndarray]]:
    """Train and judge a job: its record, and the scores by name. Nothing is written but checkpoints in ``folder``.

    An interrupted run goes on where it was. ``on_epoch`` is called with the phase, "companion" or "main", and the
    history so far.
    """
    [result] = run_together([job], folder, device, [on_epoch or (lambda phase, history: None)])
    return result


def run_together(
    jobs: list[Job], folder: Path, device: str, on_epoch: list[Callable[[str, History], None]]
) -> list[tuple[Record, dict[str, np.ndarray]]]:
    """As `run`, for jobs that differ in their seed alone: phase by phase, all of them at once."""
    phases = ["companion", "main"] if "val" in jobs[0].rules or "gzsl" in jobs[0].settings else ["main"]
    histories: list[dict[str, History]] = [{} for _ in jobs]
    folds: list[dict[str, Fold]] = [{} for _ in jobs]
    for phase in phases:
        for job, of_job in zip(jobs, folds, strict=True):
            of_job[phase] = fold(job, companion=0 if phase == "companion" else None, device=device)
        methods = [find("method", job.method)(**job.keywords) for job in jobs]
        of_phase, seeds = [of_job[phase] for of_job in folds], [job.seed for job in jobs]
        keep = [_best(done.get("companion")) for done in histories]
        saved = [checkpoint(folder, job, phase) for job in jobs]
        reports = [partial(report, phase) for report in on_epoch]
        if len(jobs) == 1:
            one = {"seed": seeds[0], "keep": keep[0], "checkpoint": saved[0], "on_epoch": reports[0]}
            trained = [train(methods[0], of_phase[0], **one)]
        else:
            trained = train_together(methods, of_phase, seeds=seeds, keep=keep, checkpoints=saved, on_epoch=reports)
        for done, history in zip(histories, trained, strict=True):
            done[phase] = history
    return [record_of(job, *of_job, device) for job, *of_job in zip(jobs, histories, folds, strict=True)]


def _best(history: History | None) -> dict[str, int]:
    """The epochs that the rule val asks for, by mode."""
    return {mode: history.best(mode) for mode in history.accuracy} if history else {}


def checkpoint(folder: Path, job: Job, phase: str) -> Checkpoint:
    """What an interrupted training goes on from."""
    return Checkpoint(Path(folder) / ".checkpoints" / f"{job.id}.{phase}.pt")


def run_recorded(
    jobs: dict[int, Job], folder: Path, *, device: str, threads: int, on_event: OnEvent
) -> dict[int, Record]:
    """Run jobs, given by number, and write their records and scores; return the records.

    Several are trained together; where that fails, each is run by itself, and an event says so. Raises what the disk
    or damaged data is to blame for; everything else becomes the record of a run that failed. torch's threads are the
    caller's again afterwards.
    """
    with _repeatable(threads):
        return _run_recorded(jobs, folder, device, threads, on_event)


@contextlib.contextmanager
def _repeatable(threads: int) -> Iterator[None]:
    before = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode("warn")  # use_deterministic_algorithms would load torch's compiler: a second
    keep_freed()
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.set_deterministic_debug_mode(before[1])


def _run_recorded(
    jobs: dict[int, Job], folder: Path, device: str, threads: int, on_event: OnEvent
) -> dict[int, Record]:
    report = lambda number: lambda phase, h: on_event(Event("epoch", number, phase, h.epochs, h.losses[-1]))
    try:
        results = run_together(list(jobs.values()), folder, device, [report(number) for number in jobs])
    except Exception as e:
        if isinstance(e, DamagedData) or (isinstance(e, ZsarError) and isinstance(e.__cause__, OSError)):
            raise
        if len(jobs) == 1:
            [(number, job)] = jobs.items()
            forget(folder, job)  # it would come back into code that has been corrected since
            return {number: record_failure(job, number, folder, device, _error(e), on_event)}
        for number in jobs:
            on_event(Event("apart", number, message="{type}: {message}".format(**_error(e))))
        records: dict[int, Record] = {}
        for number, job in jobs.items():
            records |= _run_recorded({number: job}, folder, device, threads, on_event)
        return records
    for (number, job), (record, scores) in zip(jobs.items(), results, strict=True):
        buffer = io.BytesIO()
        np.savez(buffer, **scores)
        storage.write_bytes(folder / f"{job.id}.npz", buffer.getvalue())
        write_record(folder, record)
        forget(folder, job)
        on_event(Event("done", number))
    return {number: record for number, (record, _) in zip(jobs, results, strict=True)}


def record_failure(
    job: Job, number: int, folder: Path, device: str, error: dict[str, str], on_event: OnEvent
) -> Record:
    """Write the record of a job that failed, and return it."""
    record = failure_of(job, device, error)
    write_record(folder, record)
    on_event(Event("failed", number, message=f"{error['type']}: {error['message']}"))
    return record


def _error(e: Exception) -> dict[str, str]:
    """An exception as records hold it."""
    last = traceback.extract_tb(e.__traceback__)[-1]
    return {
        "type": type(e).__name__,
        "message": (e.message if isinstance(e, ZsarError) else str(e)) or type(e).__name__,
        "where": f"{Path(last.filename).name}:{last.lineno}, in {last.name}",
    }


def forget(folder: Path, job: Job) -> None:
    """Remove what an interrupted run would go on from."""
    for phase in ("companion", "main"):
        checkpoint(folder, job, phase).remove()
