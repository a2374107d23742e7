"""Running many jobs: those that have a record are skipped, those that fail leave one that says why."""

import io
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from zsar import storage
from zsar.bench.plan import Job
from zsar.errors import RecordError, ZsarError
from zsar.records import read_record, write_record


@dataclass(frozen=True)
class Event:
    """What happened to a job: "cached", "epoch", "done" or "failed"."""

    kind: str
    job: int
    phase: str = ""
    epoch: int = 0
    loss: float = 0.0
    message: str = ""


def execute(jobs: list[Job], folder: Path, device: str = "cpu", workers: int = 1, threads: int = 1,
            on_event: Callable[[Event], None] = lambda event: None) -> list[dict]:
    """Run jobs and return their records, in the jobs' order.

    Each job writes its own record and scores when it ends. ``threads`` per job, not in all: a run's numbers depend
    on it in the last digit, so it doesn't vary with ``workers``. Raises `ZsarError` when a job can't be identified
    (its data is missing) or a record can't be written; a job that fails is recorded and the others go on.
    """
    from zsar.bench.job import prepare

    folder = Path(folder)
    _refuse_foreign(folder)
    records: dict[int, dict] = {}
    pending = []
    for number, job in enumerate(jobs):
        run_id = prepare(job)[2]
        found = _finished(folder / f"{run_id}.json", job)
        if found is not None:
            records[number] = found
            on_event(Event("cached", number))
        else:
            pending.append(number)
    if workers == 1 or len(pending) <= 1:
        for number in pending:
            records[number] = _guarded(jobs[number], number, folder, device, threads, on_event)
    else:
        records |= _in_processes(jobs, pending, folder, device, min(workers, len(pending)), threads, on_event)
    return [records[number] for number in range(len(jobs))]


def _refuse_foreign(folder: Path) -> None:
    """Don't write into a results folder whose records this version can't read."""
    for path in sorted(folder.glob("*.json"))[:1] if folder.is_dir() else ():
        if path.name != "leaderboard.json":
            read_record(path)


def _finished(path: Path, job: Job) -> dict | None:
    """The record of a job that has been run with all of its rules; failed ones are run again."""
    if not path.is_file() or not path.with_suffix(".npz").is_file():
        return None
    try:
        record = read_record(path)
    except RecordError:
        return None
    if record["status"] != "done" or not all(set(job.rules) <= set(rules) for rules in record["results"].values()):
        return None
    return record


def _guarded(job: Job, number: int, folder: Path, device: str, threads: int, on_event) -> dict:
    """Run one job; whatever goes wrong inside it becomes a record of the failure."""
    import torch

    from zsar.bench.job import environment, identity, prepare, run

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    dataset, vectors, run_id = prepare(job)
    try:
        tell = lambda phase, epoch, loss: on_event(Event("epoch", number, phase, epoch, loss))
        record, scores, forget_checkpoint = run(job, folder, device, tell)
    except Exception as e:
        if isinstance(e, ZsarError) and _is_about_storage(e):
            raise
        message = e.message if isinstance(e, ZsarError) else str(e)
        record = identity(job, run_id, dataset.version, vectors.hash) | {
            "status": "failed", "error": {"type": type(e).__name__, "message": message or type(e).__name__},
            "environment": environment(device)}
        write_record(folder, record)
        on_event(Event("failed", number, message=f"{type(e).__name__}: {message}"))
        return record
    buffer = io.BytesIO()
    np.savez(buffer, **scores)
    storage.write_bytes(folder / f"{run_id}.npz", buffer.getvalue())
    write_record(folder, record)
    forget_checkpoint()
    on_event(Event("done", number))
    return record


def _is_about_storage(error: ZsarError) -> bool:
    return isinstance(error.__cause__, OSError)


def _in_processes(jobs, pending, folder, device, workers, threads, on_event) -> dict[int, dict]:
    """Run jobs in worker processes; one that dies takes only its own job with it."""
    records: dict[int, dict] = {}
    attempts = dict.fromkeys(pending, 0)
    with _event_queue(on_event) as (queue, drain):
        while len(records) < len(pending):
            todo = [n for n in pending if n not in records]
            pool = ProcessPoolExecutor(workers, get_context("spawn"), _remember_queue, (queue,))
            futures = {pool.submit(_in_worker, jobs[n], n, folder, device, threads): n for n in todo}
            try:
                for future, number in _as_completed(futures, drain):
                    try:
                        records[number] = future.result()
                    except BrokenProcessPool:
                        attempts[number] += 1
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                drain()
            for number in [n for n in todo if n not in records and attempts[n] >= 2]:
                # The pool broke twice while this job was waiting or running: by itself it shows whose fault it is.
                records |= _alone(jobs[number], number, folder, device, threads, queue, on_event)
    return records


def _alone(job, number, folder, device, threads, queue, on_event) -> dict[int, dict]:
    from zsar.bench.job import environment, identity, prepare

    with ProcessPoolExecutor(1, get_context("spawn"), _remember_queue, (queue,)) as pool:
        try:
            return {number: pool.submit(_in_worker, job, number, folder, device, threads).result()}
        except BrokenProcessPool:
            dataset, vectors, run_id = prepare(job)
            message = "the process was killed, perhaps for lack of memory; try --jobs 1 or a smaller batch"
            record = identity(job, run_id, dataset.version, vectors.hash) | {
                "status": "failed", "error": {"type": "ProcessKilled", "message": message},
                "environment": environment(device)}
            write_record(folder, record)
            on_event(Event("failed", number, message=message))
            return {number: record}


def _as_completed(futures: dict, drain) -> Iterator:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
        drain()
        for future in done:
            yield future, futures[future]


_queue = None


def _remember_queue(queue) -> None:
    global _queue
    _queue = queue
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _in_worker(job: Job, number: int, folder: Path, device: str, threads: int) -> dict:
    last = 0.0

    def tell(event: Event) -> None:
        nonlocal last
        if event.kind != "epoch" or time.monotonic() - last > 0.2:
            last = time.monotonic()
            _queue.put(event)

    return _guarded(job, number, folder, device, threads, tell)


@contextmanager
def _event_queue(on_event):
    """A queue that worker processes write events to, and a function that passes on those that have arrived."""
    with get_context("spawn").Manager() as manager:
        queue = manager.Queue()

        def drain() -> None:
            while not queue.empty():
                on_event(queue.get())

        yield queue, drain
