"""A whole ``zsar bench``, as a user types it: interpreter, data, features, training, judging, leaderboard."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator

from zsar.benchmarks.speed.case import Case
from zsar.data.datasets import open_dataset

THREADS = None
COMMAND = ("bench", "--methods", "dvta,sadvae,nearest", "--dataset", "pku-sim", "--splits", "smie.split-7")
NOTE = (
    f"`zsar {' '.join(COMMAND)}` into an empty results folder, by the rules last, val and oracle, on simulated motions "
    "that are already there; features are kept after the first call. `make bench` adds PGFA end to end and two splits."
)


def cases(device: str, short: bool) -> Iterator[Case]:
    """The command; none in the short form."""
    if short:
        return
    open_dataset("pku-sim")

    def run() -> None:
        with tempfile.TemporaryDirectory() as out:
            subprocess.run(
                [sys.executable, "-m", "zsar.cli", *COMMAND, "--out", out, "--device", device],
                check=True,
                capture_output=True,
            )

    sizes = "2,040 simulated clips, of which 920 train and 100 are of unseen classes"
    yield Case("A benchmark of three methods on one split", sizes, run)
