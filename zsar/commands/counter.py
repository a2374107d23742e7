"""How far a long command is, of a known number of parts: a bar on a terminal, lines on standard error elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from zsar.printing import print_line

EVERY = 5.0
"""Seconds between two lines where there is no terminal to draw on."""


@contextlib.contextmanager
def counter(parts: str, results: str) -> Iterator[Callable[[int, int, int], None]]:
    """A function to call with the parts done, the parts in all and the number of results so far.

    ``parts`` and ``results`` are their plurals: "parts", "clips".
    """
    if not sys.stdout.isatty():
        yield _lines(parts, results)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    with Progress(
        TextColumn(f"{{task.fields[results]}} {results}"),
        BarColumn(),
        TextColumn(f"{{task.completed}}/{{task.total}} {parts}, {{task.fields[rate]}}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        transient=True,
    ) as bar:
        task, pace = bar.add_task("", total=None, results=0, rate="-"), _Pace()
        yield lambda done, total, count: bar.update(
            task, completed=done, total=total, results=count, rate=f"{pace(done):.0f}"
        )


class _Pace:
    """Parts per second since the first call, which counts parts that an interrupted process had done."""

    def __init__(self) -> None:
        self._start: tuple[float, int] | None = None

    def __call__(self, done: int) -> float:
        now = time.monotonic()
        if self._start is None:
            self._start = now, done
        began, before = self._start
        return (done - before) / max(now - began, 1e-9) if now > began else 0.0


def _lines(parts: str, results: str) -> Callable[[int, int, int], None]:
    printed, pace = time.monotonic(), _Pace()

    def report(done: int, total: int, count: int) -> None:
        nonlocal printed
        rate = pace(done)
        if time.monotonic() - printed < EVERY:
            return
        printed = time.monotonic()
        left = f", about {(total - done) / rate:.0f} s left" if rate else ""
        print_line(f"{done} of {total} {parts}, {count} {results}, {rate:.0f} {parts}/s{left}", file=sys.stderr)

    return report
