"""How fast each part is, beside a plain form of it: ``python -m zsar.benchmarks.speed [--part NAME,NAME]``.

Both forms do the same work on random arrays of the true sizes, in one process, in turns; that they agree is checked
first. What is held against a target is a ratio, never a time of day. ``--short`` is for continuous integration: few
rounds, the float32 ratios alone, exit code 1 when one falls below 80% of its target.
"""

import argparse
import datetime
import importlib
import os
import sys
from pathlib import Path

from zsar.benchmarks.speed.keeping import keep

RESULTS = Path(__file__).parent / "results"
PARTS = tuple(
    sorted(p.stem for p in Path(__file__).parent.glob("*.py") if "\ndef cases(" in p.read_text(encoding="utf-8"))
)
"""A part is a module beside this one with `cases`, `THREADS` (None: all cores) and `NOTE`."""


def main(arguments: list[str] | None = None) -> int:
    """Measure, print tables, keep the numbers; 1 when a short run's ratio has fallen."""
    parser = argparse.ArgumentParser(prog="python -m zsar.benchmarks.speed", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--part", "--method", type=lambda text: text.split(","), default=list(PARTS), metavar="NAME,NAME",
        help=f"what to measure (default: {','.join(PARTS)})",
    )  # fmt: skip
    parser.add_argument("--device", default="cpu", metavar="cpu|cuda")
    parser.add_argument("--threads", type=int, metavar="N", help="on a CPU (default: the part's own, mostly all cores)")
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="turns that medians are taken of (default: 7; short: 3)"
    )
    parser.add_argument("--short", action="store_true", help="only the checks of float32 ratios; keeps no results")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FOLDER", help="where PART.json is written")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.part if name not in PARTS]
    if unknown:
        parser.error(f"unknown part {', '.join(unknown)}; known: {', '.join(PARTS)}")
    # Where others use the machine too, threads that spin while they wait would be measured instead of the work.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    fallen = []
    for name in options.part:
        result = measured(
            name, options.device, options.threads, options.rounds or (3 if options.short else 7), options.short
        )
        if not result["cases"]:
            print(f"{name}: nothing to measure {'in the short form' if options.short else 'on ' + options.device}")
            continue
        show(result)
        if options.short:
            fallen += _fallen(result)
        else:
            # Those of a GPU have a file of their own.
            suffix = "" if result["device"] == "cpu" else ".cuda"
            keep(result, options.out / f"{name}{suffix}.json")
    for case in fallen:
        print(
            f"{case['name']}: {case['ratio']} times as fast as the plain form, target {case['target']}", file=sys.stderr
        )
    return 1 if fallen else 0


def measured(name: str, device: str, threads: int | None, rounds: int, short: bool) -> dict:
    """One part's results."""
    import threadpoolctl
    import torch

    from zsar.benchmarks.speed import case, machine

    part = importlib.import_module(f"zsar.benchmarks.speed.{name}")
    asked = [] if threads is None else [f"--threads {threads}"]
    asked += [f"--device {device}"] if device != "cpu" else []
    threads = threads or part.THREADS or machine.cores()
    torch.set_num_threads(threads)
    with threadpoolctl.threadpool_limits(threads):  # those of numpy and scikit-learn
        cases = [case.measure(c, rounds, device) for c in part.cases(device, short)]
    return {
        "part": name,
        "command": " ".join(["python -m zsar.benchmarks.speed --part", name, *asked]),
        "date": datetime.date.today().isoformat(),
        "device": device,
        "threads": threads,
        "machine": machine.described(device),
        "load": round(os.getloadavg()[0], 1),
        "versions": machine.versions(),
        "note": part.NOTE,
        "cases": cases,
    }


def _fallen(result: dict) -> list[dict]:
    from zsar.benchmarks.speed.case import fell

    return [case for case in result["cases"] if fell(case)]


def show(result: dict) -> None:
    """Print one part's table."""
    from rich.console import Console
    from rich.table import Table

    from zsar.benchmarks.speed.document import COLUMNS, cells

    table = Table(title=f"{result['part']}, {result['threads']} threads, {result['device']}", title_justify="left")
    for column in COLUMNS:
        table.add_column(column)
    for case in result["cases"]:
        table.add_row(*cells(case))
    console = Console()
    (console if console.is_terminal else Console(width=200)).print(table)


if __name__ == "__main__":
    raise SystemExit(main())
