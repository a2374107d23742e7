"""Our own measured numbers with their tolerance (``benchmarks/expected/<dataset>.yaml``), made from records."""

import math
from pathlib import Path

from zsar import configuration
from zsar.errors import RecordError, ZsarError
from zsar.protocol import RULES
from zsar.results.aggregate import parts
from zsar.results.collection import Results
from zsar.results.record import Record, canonical

PACKAGE, FOLDER = "zsar.benchmarks", "expected"
KEY = ("split", "protocol", "setting", "metric", "method", "mode", "rule", "strategy")
STRATEGIES = ("stacking", "gate")
"""Calibrations whose harmonic mean under the rule ``last`` is expected."""
MACHINE = ("device", "processor", "instructions", "threads", "torch")
"""What of a record's environment may move the numbers of the same job."""
_NUMBER = (int, float)
_FILE = {"dataset": (str, True), "machines": (list, True), "cells": (list, True)}
_CELL = {
    **{name: (str, True) for name in KEY if name != "strategy"},
    "strategy": ((str, type(None)), True),
    "value": (_NUMBER, True),
    "tolerance": ((*_NUMBER, type(None)), True),
    "spread": ((*_NUMBER, type(None)), True),
    "seeds": (list, True),
    "values": (list, True),
    "samples": (int, True),
    "evaluator": (int, True),
    "dataset_version": (str, True),
    "inputs": (dict, True),
}


def expected(results: Results) -> dict:
    """Mean over seeds of every cell of one dataset's `cells`, as a fraction, with a tolerance: content of the file.

    The values of the single seeds stand beside the mean, so that fewer seeds can be held against them, and the
    machines that they are from at the top. Raises `RecordError` for records that don't go into one table.
    """
    content = []
    for name, first, runs in cells(results):
        if name[2] == "gzsl" and not (name[6] == "last" and name[7] in STRATEGIES):
            continue
        values = runs["value"].tolist()  # by seed
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else None
        narrow = None if spread is None else round(tolerance(spread, len(values), first, name[2], same_machine=True), 6)
        content.append(
            {
                **dict(zip(KEY, name, strict=True)),
                "value": round(mean, 6),
                "tolerance": narrow,
                "spread": None if spread is None else round(spread, 6),
                "seeds": runs["seed"].tolist(),
                "values": [round(value, 6) for value in values],
                "samples": first.counts["unseen_test"],
                "evaluator": first.evaluator,
                "dataset_version": first.dataset.version,
                "inputs": dict(first.fingerprints),
            }
        )
    machines = {canonical(m): m for m in map(machine, results)}
    return {
        "dataset": results.records[0].dataset.id,
        "machines": [machines[key] for key in sorted(machines)],
        "cells": content,
    }


def cells(results: Results) -> list[tuple]:
    """What is held against expected and published numbers: (values of `KEY`, a record, rows of the frame), per cell.

    Top-1 and the harmonic mean under every mode, rule and strategy; the rows are one per seed, by seed, of runs that
    differ in nothing else, and the record is the first's. Raises `RecordError` where records don't go into one table.
    """
    import pandas as pd

    for _ in parts(results, RULES):
        pass  # refuses what doesn't go into one table
    frame = results.frame()
    frame = frame[frame["metric"].isin(["top1", "harmonic"]) & (frame["missing"] == "")]
    names = pd.DataFrame(
        [(r.run, r.split.id, str(r.fingerprints)) for r in results if r.is_done], columns=["run", "split", "inputs"]
    )
    frame = frame.drop(columns="split").merge(names, on="run").sort_values(["seed", "run"], kind="stable")
    groups = []
    for key, runs in frame.groupby([*KEY, "inputs"], sort=False):
        *name, strategy = key[: len(KEY)]
        groups.append(((*name, strategy or None), results[runs["run"].iloc[0]], runs))
    return sorted(groups, key=lambda group: str((*group[0], tuple(group[1].fingerprints.items()))))


def machine(record: Record) -> dict:
    """What a record says of `MACHINE`."""
    return {key: record.environment[key] for key in MACHINE if key in record.environment}


def read_expected(dataset: str, folder: Path | None = None) -> tuple[list[dict], list[dict]]:
    """The expected cells of a dataset and the machines they are from, of a folder or as shipped; none without a file.

    Raises `ZsarError` that names the file when it is malformed.
    """
    folder = configuration.folder(FOLDER, PACKAGE) if folder is None else Path(folder)
    path = folder / f"{dataset}.yaml"
    if not path.is_file():
        return [], []
    content = configuration.parse_yaml(path.read_text(encoding="utf-8"), str(path))
    configuration.require(content, _FILE, str(path))
    if content["dataset"] != dataset:
        raise ZsarError(f"{path} is about the dataset {content['dataset']!r}")
    for number, cell in enumerate(content["cells"], 1):
        configuration.require(cell, _CELL, f"{path}, cell {number}")
    return content["cells"], content["machines"]


def tolerance(spread: float, seeds: int, record: Record, setting: str, *, same_machine: bool) -> float:
    """How far a mean over ``seeds`` may lie from the expected one over the same seeds, given the ``spread`` over seeds.

    Two standard errors of the mean, and never less than one and a half test clips move it. On another machine training
    rounds differently and may end elsewhere, so that both means are draws: two standard errors of their difference.
    """
    unseen = _count(record, "unseen_test")
    # One clip moves top-1 by 1 / clips, and H = 2 S U / (S + U) by at most 2 / clips of the smaller side.
    clip = 1 / unseen if setting == "zsl" else 2 / min(unseen, _count(record, "seen_test"))
    return max(2 * spread * math.sqrt((1 if same_machine else 2) / seeds), 1.5 * clip)


def _count(record: Record, subset: str) -> float:
    count = record.counts.get(subset)
    if not count or count < 0:
        raise RecordError(f"run {record.run} does not say how many clips it was judged on: counts.{subset} is {count}")
    return count
