"""Whether bf16 costs accuracy: ``python -m zsar.benchmarks.speed.precision [--method pgfa] [--dataset utd-mhad] ...``.

The same seeds are run in float32 and in bf16 with the method's own recipe; top-1 on the unseen test clips at the last
epoch, averaged over the splits, and the mean over seeds of the difference with its 95% interval (Student t, paired).
bf16 is as accurate where that interval holds zero and is narrow.
"""

import argparse
import datetime
import tempfile
import time
from pathlib import Path

from zsar.benchmarks.speed.keeping import keep

PRECISIONS = ("float32", "bf16")


def compared(method: str, dataset: str, splits: list[str] | None, seeds: list[int]) -> dict:
    """Accuracies by mode and precision [seeds], in percent, and their differences."""
    import torch

    from zsar.benchmarks.speed import machine
    from zsar.evaluation.intervals import mean_interval
    from zsar.harness.plan import plan
    from zsar.harness.run import run

    accuracy: dict[str, dict[str, dict[int, list[float]]]] = {}
    seconds = dict.fromkeys(PRECISIONS, 0.0)
    used = []
    with tempfile.TemporaryDirectory() as folder:
        for precision in PRECISIONS:
            jobs = plan([method], dataset, splits=splits, seeds=seeds, rules=["last"], precision=precision)
            used = list(dict.fromkeys(job.split.id(job.card) for job in jobs))
            for job in jobs:
                begin = time.perf_counter()
                record, _ = run(job, Path(folder))
                seconds[precision] += time.perf_counter() - begin
                for mode, by_rule in record["results"].items():
                    of_mode = accuracy.setdefault(mode, {p: {} for p in PRECISIONS})
                    of_mode[precision].setdefault(job.seed, []).append(100 * by_rule["last"]["top1"])
    result = {}
    for mode, by_precision in accuracy.items():
        by_seed = {p: [sum(v) / len(v) for _, v in sorted(by_precision[p].items())] for p in PRECISIONS}
        difference = [b - a for a, b in zip(*(by_seed[p] for p in PRECISIONS), strict=True)]
        intervals = {p: dict(zip(("mean", "half_width"), mean_interval(v), strict=True)) for p, v in by_seed.items()}
        mean, half = mean_interval(difference)
        intervals["difference"] = {"mean": mean, "half_width": half, "holds_zero": abs(mean) <= half}
        result[mode] = _rounded(intervals) | {"seeds": _rounded(by_seed)}
    return {
        "method": method,
        "dataset": dataset,
        "splits": used,
        "seeds": seeds,
        "rule": "last",
        "top1": result,
        "seconds": _rounded(seconds),
        "threads": torch.get_num_threads(),
        "date": datetime.date.today().isoformat(),
        "machine": machine.described("cpu"),
        "versions": machine.versions(),
    }


def _rounded(value):
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return round(value, 2) if isinstance(value, float) else value


def main(arguments: list[str] | None = None) -> int:
    """Compare, print and keep."""
    parser = argparse.ArgumentParser(
        prog="python -m zsar.benchmarks.speed.precision", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--method", default="pgfa")
    parser.add_argument("--dataset", default="utd-mhad")
    parser.add_argument("--splits", type=lambda text: text.split(","))
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="how many (default: 5)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(options.threads)
    result = compared(options.method, options.dataset, options.splits, list(range(options.seeds)))
    for mode, intervals in result["top1"].items():
        one, other, gap = (intervals[k] for k in (*PRECISIONS, "difference"))
        print(
            f"{mode}: float32 {one['mean']} ± {one['half_width']}, bf16 {other['mean']} ± {other['half_width']}, "
            f"difference {gap['mean']} ± {gap['half_width']}"
        )
    keep(result, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
