"""Running jobs in worker processes: one that dies takes only its own job with it, and none outlives this process."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.managers import SyncManager
from pathlib import Path

from zsar.harness.plan import Job
from zsar.harness.run import Event, failed, guarded

_KILLED = "the process was killed, perhaps for lack of memory; try --jobs 1 or a smaller batch"
_SECONDS_BETWEEN_EPOCH_EVENTS = 0.2


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_in_processes(
    jobs: dict[int, Job], folder: Path, device: str, workers: int, threads: int, on_event: Callable[[Event], None]
) -> dict[int, dict]:
    """Run jobs, given by number, and return their records by number.

    A job whose process is killed (by the kernel, or by the method itself) is recorded as failed. Raises what a
    worker raises when a record can't be written.
    """
    records: dict[int, dict] = {}
    started: set[int] = set()

    def note(event: Event) -> None:
        if event.kind == "started":
            started.add(event.job)
        else:
            on_event(event)

    def run_all(numbers: list[int], workers: int) -> bool:
        """Whether the pool held until the end; records of the jobs that ended are kept either way."""
        held = True
        with _pool(workers, queue, alive) as pool:
            futures = {pool.submit(_in_worker, jobs[n], n, folder, device, threads): n for n in numbers}
            for future, number in _as_completed(futures, drain):
                try:
                    records[number] = future.result()
                except BrokenProcessPool:
                    held = False
        drain()
        return held

    with _lifeline() as alive, _event_queue(alive, note) as (queue, drain):
        while todo := [n for n in jobs if n not in records]:
            started.clear()
            if run_all(todo, workers):
                continue
            # A worker that dies breaks its pool. Those that had been started show one by one whose fault it was.
            for number in sorted(started - set(records)) or todo[:1]:
                if not run_all([number], 1):
                    records[number] = failed(jobs[number], number, folder, device, "ProcessKilled", _KILLED, on_event)
    return records


@contextmanager
def _lifeline() -> Iterator:
    """The reading end of a pipe that is cut when the block is left, or when this process is killed."""
    theirs, ours = get_context("spawn").Pipe(duplex=False)
    try:
        yield theirs
    finally:
        ours.close()
        theirs.close()


def _end_with(alive) -> None:
    """End this process at once when its lifeline is cut: every file is written whole, so nothing is lost."""

    def watch() -> None:
        try:
            alive.recv_bytes()
        except (EOFError, OSError):
            os._exit(130)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _pool(workers: int, queue, alive) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin_worker, (queue, alive))
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)  # the lifeline ends what still runs
        raise
    pool.shutdown()


@contextmanager
def _event_queue(alive, on_event) -> Iterator:
    """A queue that worker processes write events to, and a function that passes on those that have arrived."""
    manager = SyncManager(ctx=get_context("spawn"))
    manager.start(_end_with, (alive,))
    with manager:
        queue = manager.Queue()

        def drain() -> None:
            while not queue.empty():
                on_event(queue.get())

        yield queue, drain


def _as_completed(futures: dict, drain) -> Iterator:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
        drain()
        for future in done:
            yield future, futures[future]


_queue = None


def _begin_worker(queue, alive) -> None:
    global _queue
    _queue = queue
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process is interrupted and cuts the lifeline
    _end_with(alive)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _in_worker(job: Job, number: int, folder: Path, device: str, threads: int) -> dict:
    last = 0.0

    def tell(event: Event) -> None:
        nonlocal last
        if event.kind != "epoch" or time.monotonic() - last > _SECONDS_BETWEEN_EPOCH_EVENTS:
            last = time.monotonic()
            _queue.put(event)

    _queue.put(Event("started", number))
    return guarded(job, number, folder, device, threads, tell)
