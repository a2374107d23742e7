"""Running many jobs: those that have a record are skipped, those that fail leave one that says why."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from zsar import processes, storage
from zsar.errors import RecordError
from zsar.harness.plan import Job
from zsar.harness.run import Event, OnEvent, forget, record_failure, run_recorded
from zsar.learning.faster import stacked
from zsar.plugins import find, is_local
from zsar.protocol import RULES, SETTINGS
from zsar.results.record import NOT_RECORDS, Record, read_record

AT_ONCE = 8
"""Runs in one loop, at most: their parameters, moments and activations lie side by side in memory."""


def execute(
    jobs: list[Job],
    folder: Path,
    *,
    device: str = "cpu",
    workers: int = 1,
    threads: int = 1,
    on_event: OnEvent = lambda event: None,
) -> list[Record]:
    """Run jobs and return their records, in the jobs' order.

    Each job writes its own record and scores when it ends. ``threads`` per job, not in all: a run's numbers depend
    on it in the last digit, so it doesn't vary with ``workers``. Raises `ZsarError` when a job can't be identified
    (its data is missing), its data is damaged or a record can't be written; a job that fails is recorded and the
    others go on.
    """
    folder = Path(folder)
    run_ids = {job.id for job in jobs}
    _refuse_unreadable(folder, run_ids)
    records: dict[int, Record] = {}
    pending: dict[int, Job] = {}
    for number, job in enumerate(jobs):
        if is_local("method", job.method):  # its code may have changed since, which no run id holds
            forget(folder, job)
            pending[number] = job
            continue
        earlier = _finished(folder / f"{job.id}.json")
        rules = {rule for by_rule in earlier.results.values() for rule in by_rule} if earlier else set()
        settings = set(earlier.settings) if earlier else set()
        if earlier and job.encoder is None and earlier.content.get("seen_expert") != job.seen_expert:
            settings.discard("gzsl")  # calibrated with another expert, which the run id doesn't hold
        if rules.issuperset(job.rules) and settings.issuperset(job.settings):
            records[number] = earlier
            on_event(Event("cached", number))
        else:  # run again, without losing the rules and settings that the earlier record has
            pending[number] = replace(
                job,
                rules=tuple(rule for rule in RULES if rule in rules.union(job.rules)),
                settings=tuple(setting for setting in SETTINGS if setting in settings.union(job.settings)),
            )
    if pending:
        _try_writing(folder)
    if workers == 1 or len(pending) <= 1:
        for numbers in groups(pending, device):
            group = {number: pending[number] for number in numbers}
            records |= run_recorded(group, folder, device=device, threads=threads, on_event=on_event)
    else:
        records |= _in_processes(pending, folder, device, workers, threads, on_event)
    return [records[number] for number in range(len(jobs))]


def groups(jobs: dict[int, Job], device: str) -> list[list[int]]:
    """The jobs' numbers, those together that pay to be trained together on this device.

    On a GPU a small step is bound by the launching of its kernels, which runs can share. On a CPU it is bound by its
    caches, which several runs' parameters overflow: there, runs in a process per core are faster.
    """
    if not device.startswith("cuda"):
        return [[number] for number in jobs]
    alike: dict[str, list[int]] = {}
    for number, job in jobs.items():
        inputs = {**job.determined_by(), "seed": None, "rules": job.rules, "settings": job.settings}
        key = repr(inputs) if stacked(find("method", job.method)) else str(number)
        alike.setdefault(key, []).append(number)
    return [numbers[i : i + AT_ONCE] for numbers in alike.values() for i in range(0, len(numbers), AT_ONCE)]


def _in_processes(
    jobs: dict[int, Job], folder: Path, device: str, workers: int, threads: int, on_event: OnEvent
) -> dict[int, Record]:
    """Run jobs, given by number, each in a process; one whose process is killed is recorded as failed."""
    records: dict[int, Record] = {}
    tasks = {number: (job, number, folder, device, threads) for number, job in jobs.items()}
    for number, outcome in processes.as_completed(_run_there, tasks, workers=workers, on_message=on_event):
        try:
            records[number], event = outcome.result()
            on_event(event)
        except processes.ProcessDied as e:
            error = {"type": "ProcessKilled", "message": e.message, "where": ""}
            records[number] = record_failure(jobs[number], number, folder, device, error, on_event)
    return records


def _run_there(job: Job, number: int, folder: Path, device: str, threads: int) -> tuple[Record, Event]:
    """In a process of its own: the record and the last event; epochs are sent at most every 0.2 s."""
    last_sent, last = 0.0, None

    def report(event: Event) -> None:
        nonlocal last_sent, last
        last = event
        if event.kind == "epoch" and time.monotonic() - last_sent > processes.SECONDS_BETWEEN_MESSAGES:
            last_sent = time.monotonic()
            processes.send(event)

    [record] = run_recorded({number: job}, folder, device=device, threads=threads, on_event=report).values()
    return record, last


def _refuse_unreadable(folder: Path, run_ids: set[str]) -> None:
    """Before anything runs: a record that no leaderboard could be made with is an error, unless it is run again."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        if path.name in NOT_RECORDS or path.name.startswith("."):
            continue
        try:
            read_record(path)
        except RecordError as e:
            if not (path.stem in run_ids and isinstance(e.__cause__, ValueError)):  # damaged, and one of ours
                raise


def _try_writing(folder: Path) -> None:
    """Find out before hours of training that the folder can't be written."""
    probe = folder / ".writable"
    storage.write_bytes(probe, b"")
    probe.unlink(missing_ok=True)


def _finished(path: Path) -> Record | None:
    """The record of a run that ended well, with its scores beside it; failed and damaged ones are run again."""
    if not path.is_file() or not path.with_suffix(".npz").is_file():
        return None
    try:
        record = read_record(path)
    except RecordError:
        return None
    return record if record.is_done else None
