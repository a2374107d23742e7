"""Time and memory as datasets grow: ``python -m zsar.benchmarks.speed.growth [--clips 5000,10000,20000] [--out FILE]``.

Stores of written two-body clips (random walks of 25 joints, 30 to 90 frames), from which a narrow PGFA trains for one
epoch and then projects every clip, each in a process of its own: with clips read batch by batch, and held in memory.
Memory is what the process asked for itself at its highest (anonymous pages; pages of the mapped file can be dropped at
any time), less what it had before it touched a clip. Losses and projections of both ways must agree bit for bit.
"""

import argparse
import datetime
import hashlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from zsar.benchmarks.speed.keeping import keep

NTU120 = 113945
"""Clips of NTU RGB+D 120 without those on the makers' list."""
BATCH, FRAMES, CLASSES = 64, 50, 60
KEYWORDS = {"hidden": 2, "width": 8, "batch": BATCH, "epochs": 1, "warmup": 0}
WAYS = ("batch by batch", "held in memory")


def write(folder: Path, clips: int):
    """A store of so many clips, written one by one."""
    from zsar.data.store import write_store
    from zsar.skeletons.clip import Clip

    rng = np.random.default_rng(0)
    walk = rng.normal(0, 0.01, (90 + 64, 2, 25, 3)).cumsum(0).astype(np.float32)

    def made():
        for i in range(clips):
            start, length = i % 64, 30 + i % 61
            frames = walk[start : start + length] * np.float32(1 + i / clips)
            yield Clip(frames, f"written/{i % CLASSES:02d}", f"clip{i:06d}", source="written")

    return write_store(folder, "written", "kinect_v2", 2, made())


def anonymous() -> float:
    """Megabytes of memory that are this process's own."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1000
    raise SystemExit("memory is measured on Linux only")


class Peak:
    """The most memory that was in use while the block ran, looked at every hundredth of a second."""

    def __enter__(self) -> "Peak":
        self.before = self.highest = anonymous()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            self.highest = max(self.highest, anonymous())

    def __exit__(self, *_) -> None:
        self._over.set()
        self._watcher.join()
        self.megabytes = max(self.highest, anonymous()) - self.before


def once(folder: Path, way: str) -> dict:
    """One epoch and one projection of all clips of a store."""
    import torch

    from zsar.data import clip_sets
    from zsar.data.store import open_store
    from zsar.learning.contract import Seen
    from zsar.learning.memory import keep_freed
    from zsar.methods.pgfa import PGFA

    torch.set_num_threads(1)
    keep_freed()  # as every run of a benchmark does
    clip_sets.RESIDENT_BYTES = 0 if way == WAYS[0] else 2**60
    dataset = open_store(folder)
    torch.manual_seed(0)
    text, y = torch.randn(CLASSES, 1, 32), torch.arange(len(dataset)) % CLASSES
    method = PGFA(**KEYWORDS)
    torch.manual_seed(0)
    list(method.train(Seen(torch.randn(BATCH, 3, FRAMES, 25, 2), y[:BATCH]), text))  # what torch keeps for itself
    torch.manual_seed(0)
    parts = [time.process_time()]
    with Peak() as peak:
        x = clip_sets.clips_of(dataset, np.arange(len(dataset)), FRAMES, "kinect_v2", "cpu", True)
        parts.append(time.process_time())
        (report,) = method.train(Seen(x, y), text)
        parts.append(time.process_time())
        projected = method.embed(x)
        parts.append(time.process_time())
    seconds = dict(zip(("reading first", "training", "projecting"), np.diff(parts).round(2).tolist(), strict=True))
    digest = hashlib.sha256(projected.numpy().tobytes()).hexdigest()[:16]
    return {
        "clips": len(dataset),
        "way": way,
        "peak_mb": round(peak.megabytes),
        "cpu_seconds": seconds,
        "clips_per_second": round(len(dataset) / sum(seconds.values())),
        "loss": report["loss"],
        "projections": digest,
    }


def measured(sizes: list[int], folder: Path) -> dict:
    """Every size in both ways."""
    from zsar.benchmarks.speed import machine

    runs = []
    for clips in sizes:
        store = folder / str(clips)
        write(store, clips)
        for way in WAYS:
            command = [sys.executable, "-m", "zsar.benchmarks.speed.growth", "--one", str(store), "--way", way]
            runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        one, other = runs[-2:]
        if (one["loss"], one["projections"]) != (other["loss"], other["projections"]):
            raise SystemExit(f"{clips} clips: read batch by batch they train otherwise than held in memory")
    streamed = [run for run in runs if run["way"] == WAYS[0]]
    clips = np.array([run["clips"] for run in streamed], float)
    seconds = np.array([sum(run["cpu_seconds"].values()) for run in streamed])
    per_clip = seconds / clips
    return {
        "runs": runs,
        "linear": {
            "seconds_per_clip_largest_over_smallest": round(float(per_clip[-1] / per_clip[0]), 2),
            "peak_largest_over_smallest": round(streamed[-1]["peak_mb"] / max(streamed[0]["peak_mb"], 1), 2),
            "minutes_for_ntu120_at_the_largest_run_s_rate": round(float(per_clip[-1] * NTU120 / 60), 1),
        },
        "batch": BATCH,
        "frames": FRAMES,
        "date": datetime.date.today().isoformat(),
        "machine": machine.described("cpu"),
        "versions": machine.versions(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure, print a table, keep the numbers."""
    parser = argparse.ArgumentParser(prog="python -m zsar.benchmarks.speed.growth", description=__doc__.split("\n")[0])
    parser.add_argument("--clips", type=lambda text: [int(n) for n in text.split(",")], default=[5000, 10000, 20000])
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the numbers go (default: the screen)")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one is not None:
        print(json.dumps(once(options.one, options.way)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        result = measured(sorted(options.clips), Path(folder))
    print(f"{'clips':>7}  {'way':<15}{'peak MB':>8}{'clips/s':>9}  seconds of one core")
    for run in result["runs"]:
        parts = ", ".join(f"{name} {value}" for name, value in run["cpu_seconds"].items())
        print(f"{run['clips']:>7}  {run['way']:<15}{run['peak_mb']:>8}{run['clips_per_second']:>9}  {parts}")
    print(json.dumps(result["linear"]))
    keep(result, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
