"""What a benchmark shows while it runs: bars on a terminal, elsewhere a line per run and per minute."""

import sys
import time

from zsar.harness.plan import Job
from zsar.harness.run import Event
from zsar.printing import print_line, screen, visible

EVERY = 60.0
"""Seconds without a line, off a terminal, after which one says where a run is."""


class Progress:
    """Takes the events of `execute`. On a terminal: jobs, the epochs and loss of each running job, time left."""

    def __init__(self, jobs: list[Job]):
        self.jobs = jobs
        self.live = sys.stdout.isatty()
        self.finished = self.cached = 0
        self.started = self.printed = time.monotonic()
        self.bars: dict[int, int] = {}

    def __enter__(self) -> "Progress":
        if self.live:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bars

            self.rich = Bars(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[detail]}"),
                TimeRemainingColumn(),
                console=screen(),
            )
            self.rich.start()
            self.total = self.rich.add_task("runs", total=len(self.jobs), detail="")
        return self

    def __exit__(self, kind, *_) -> None:
        if self.live:
            self.rich.stop()
        if kind is not None and not self.finished:  # an error says more than "0 runs"
            return
        seconds = time.monotonic() - self.started
        earlier = f", {self.cached} of them from earlier" if self.cached else ""
        print_line(f"{self.finished} of {len(self.jobs)} runs{earlier} in {seconds:.0f} s")

    def __call__(self, event: Event) -> None:
        job = self.jobs[event.job]
        if event.kind == "epoch":
            self._epoch(event, job)
            return
        if event.kind == "apart":
            self._print(f"trained by itself, not together with other seeds: {job.label}: {event.message}")
            return
        self.finished += 1
        self.cached += event.kind == "cached"
        if self.live:
            self.rich.update(self.total, completed=self.finished)
            if event.job in self.bars:
                self.rich.remove_task(self.bars.pop(event.job))
        if event.kind == "failed":
            self._print(f"failed: {job.label}: {event.message}")
        elif event.kind == "done" and not self.live:
            self._print(f"{self.finished}/{len(self.jobs)} {job.label}")

    def _epoch(self, event: Event, job: Job) -> None:
        total = job.keywords.get("epochs", job.keywords.get("cycles"))
        if not self.live:
            if time.monotonic() - self.printed >= EVERY:
                of = f" of {total}" if total else ""
                self._print(f"{job.label}: {event.phase} epoch {event.epoch}{of}, loss {event.loss:.3f}")
            return
        if event.job not in self.bars:
            self.bars[event.job] = self.rich.add_task(visible(job.label), total=total, detail="")
        self.rich.update(self.bars[event.job], completed=event.epoch, detail=f"{event.phase} loss {event.loss:.3f}")

    def _print(self, line: str) -> None:
        (self.rich.console.print if self.live else print_line)(line)
        self.printed = time.monotonic()
