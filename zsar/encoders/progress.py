"""What pre-training shows while it runs: a bar on a terminal, a line per epoch elsewhere."""

import sys

from zsar.encoders.fitting import Epoch
from zsar.learning.distributed import rank


class Progress:
    """Takes the epochs of `zsar.encoders.fitting.fit`; ``label`` is put before what is shown.

    Of several processes only the first one shows anything.
    """

    def __init__(self, label: str = ""):
        self.label, self.silent = label, rank() > 0
        self.live = sys.stdout.isatty() and not self.silent
        self.task = None

    def __enter__(self) -> "Progress":
        if self.live:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bars

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self.rich = Bars(*columns, TextColumn("{task.fields[detail]}"), TimeRemainingColumn())
            self.rich.start()
        return self

    def __exit__(self, *_) -> None:
        if self.live:
            self.rich.stop()

    def __call__(self, epoch: Epoch) -> None:
        if self.silent:
            return
        detail = f"loss {epoch.loss:.4f}  lr {epoch.rate:.2g}  {epoch.clips / epoch.seconds:.0f} clips/s"
        if self.live:
            if self.task is None:
                self.task = self.rich.add_task(f"{self.label}epochs", total=epoch.epochs, detail="")
            self.rich.update(self.task, completed=epoch.number, detail=detail)
            return
        left = round((epoch.epochs - epoch.number) * epoch.seconds)
        eta = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
        print(f"{self.label}epoch {epoch.number}/{epoch.epochs}  {detail}  {eta} left", flush=True)
