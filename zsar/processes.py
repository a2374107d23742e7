"""Work in several processes: one that dies takes only its own task with it, and none outlives this process.

Pebble runs them. Tried on tasks that kill their own process: with loky and joblib, as with `concurrent.futures`, one
death fails every task under way and ends the pool, and neither stops a single task that takes too long; with pebble
only the task itself fails, by death and by timeout, and the others go on.
"""

from __future__ import annotations

import collections
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import TYPE_CHECKING, Any, TypeVar

from zsar.errors import ZsarError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from pebble import ProcessPool

Key = TypeVar("Key")
SECONDS_BETWEEN_MESSAGES = 0.2
"""How long messages of tasks may lie before they are passed on."""
LONGEST_MESSAGE = 500
"""Bytes of a pickled message: a write of so many is whole or not at all, whenever the process is killed."""


MOST_POOLS = 4
"""Pebble gives up a whole pool where a process dies so early that it hasn't said which task it took."""


class ProcessDied(ZsarError):
    """A task's process was killed, by the kernel or by the task itself."""


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def as_completed(
    function: Callable[..., Any],
    tasks: Mapping[Key, tuple],
    *,
    workers: int,
    timeout: float | None = None,
    begin: Callable[..., None] | None = None,
    arguments: tuple = (),
    on_message: Callable[[Any], None] | None = None,
) -> Iterator[tuple[Key, Future]]:
    """Call ``function(*tasks[key])`` for every key in ``workers`` processes, and yield keys with futures as they end.

    ``future.result()`` raises what the task raised, `ProcessDied`, or `TimeoutError` after ``timeout`` seconds of one
    task. Every process first calls ``begin(*arguments)``. What a task hands to `send` reaches ``on_message`` at most
    `SECONDS_BETWEEN_MESSAGES` later, and before the task's own end. Leaving the loop early ends all processes.
    """
    reader, writer = multiprocessing.get_context("spawn").Pipe(duplex=False)

    def pass_on() -> None:
        while reader.poll():
            message = reader.recv()
            if on_message is not None:
                on_message(message)

    todo, pools = dict(tasks), 0
    with reader, writer:
        while todo:
            pools += 1
            with _pool(min(workers, len(todo)), writer, begin, arguments) as pool:
                keys = {pool.schedule(function, args=task, timeout=timeout): key for key, task in todo.items()}
                under_way = set(keys)
                while under_way:
                    done, under_way = wait(under_way, SECONDS_BETWEEN_MESSAGES, FIRST_COMPLETED)
                    pass_on()
                    for future in done:
                        if pools < MOST_POOLS and isinstance(future.exception(), BrokenProcessPool):
                            continue  # taken along by another task's death: it goes into the next pool
                        del todo[keys[future]]
                        yield keys[future], _with_our_errors(future)


def in_order(
    function: Callable[..., Any],
    tasks: Iterable[tuple],
    *,
    workers: int,
    begin: Callable[..., None] | None = None,
    arguments: tuple = (),
) -> Iterator[Any]:
    """The results of ``function(*task)`` in the order of the tasks, which are taken as they are needed.

    At most two tasks per worker are under way or wait to be yielded, however many there are. Raises what a task
    raised, or `ProcessDied`; the others are given up then. ``begin`` is as in `as_completed`.
    """
    with _pool(workers, None, begin, arguments) as pool:
        under_way: collections.deque[Future] = collections.deque()
        for task in tasks:
            under_way.append(pool.schedule(function, args=task))
            if len(under_way) > 2 * workers:
                yield _with_our_errors(under_way.popleft()).result()
        while under_way:
            yield _with_our_errors(under_way.popleft()).result()


def send(message: Any) -> None:
    """From inside a task of `as_completed`: hand a small message to the process that started it.

    Raises `ValueError` for one that is longer than `LONGEST_MESSAGE`.
    """
    content = multiprocessing.reduction.ForkingPickler.dumps(message)
    if len(content) > LONGEST_MESSAGE:
        raise ValueError(f"a message of {len(content)} bytes is too long to be written at once")
    if _writer is not None:
        _writer.send_bytes(content)


_preparation = spawn.get_preparation_data
_writer: Connection | None = None
"""Of this process, where it is one of several: what `send` writes to."""


class _SpawnWithoutMain(SpawnContext):
    """New interpreters that don't run the main module again: a script needs no ``if __name__ == "__main__":``.

    What they are to call is importable by its module's name, and never the script's own.
    """

    class Process(SpawnProcess):
        """A process of this context."""

        _lock = threading.Lock()

        @property
        def exitcode(self) -> int | None:
            """Never 0: the pool takes that for an end in order, and would wait for ever for a task that leaves so."""
            code = super().exitcode
            return 1 if code == 0 else code

        @classmethod
        def _Popen(cls, process: Any) -> Any:
            def without_main(name: str) -> dict[str, Any]:
                return {key: value for key, value in _preparation(name).items() if not key.startswith("init_main")}

            with cls._lock:
                spawn.get_preparation_data = without_main
                try:
                    return SpawnProcess._Popen(process)
                finally:
                    spawn.get_preparation_data = _preparation


@contextmanager
def _pool(workers: int, writer: Any, begin: Callable | None, arguments: tuple) -> Iterator[ProcessPool]:
    import pebble

    pool = pebble.ProcessPool(
        workers, initializer=_begin, initargs=(writer, begin, arguments), context=_SpawnWithoutMain()
    )
    try:
        yield pool
        pool.close()
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.join()


def _begin(writer: Any, begin: Callable | None, arguments: tuple) -> None:
    global _writer
    _writer = writer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once: every file is written whole, so nothing is lost
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if begin is not None:
        begin(*arguments)


def _end_with_parent() -> None:
    """A parent that is killed can't end its processes: they would work on for nobody."""
    multiprocessing.parent_process().join()
    os._exit(130)


def _with_our_errors(future: Future) -> Future:
    """The future once it is done, with zsar's errors in place of the pool's."""
    import pebble

    error = future.exception()
    if isinstance(error, BrokenProcessPool) and isinstance(error.__cause__, OSError):
        error = ZsarError("no further process could be started", "Is memory left? Try --jobs 1.")
    elif isinstance(error, pebble.ProcessExpired | BrokenProcessPool):
        error = ProcessDied("the process was killed, perhaps for lack of memory; try --jobs 1 or a smaller batch")
    else:
        return future
    other: Future = Future()
    other.set_exception(error)
    return other
