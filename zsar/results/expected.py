"""Our own measured numbers with their tolerance (``benchmarks/expected/<dataset>.yaml``), made from records."""

import math
from pathlib import Path

from zsar import configuration
from zsar.errors import ZsarError
from zsar.protocol import RULES
from zsar.results.aggregate import parts
from zsar.results.collection import Results
from zsar.results.record import Record

PACKAGE, FOLDER = "zsar.benchmarks", "expected"
KEY = ("split", "protocol", "setting", "metric", "method", "mode", "rule", "strategy")
STRATEGIES = ("stacking", "gate")
"""Calibrations whose harmonic mean under the rule ``last`` is expected."""
_NUMBER = (int, float)
_CELL = {
    **{name: (str, True) for name in KEY if name != "strategy"},
    "strategy": ((str, type(None)), True),
    "value": (_NUMBER, True),
    "tolerance": ((*_NUMBER, type(None)), True),
    "spread": ((*_NUMBER, type(None)), True),
    "seeds": (list, True),
    "samples": (int, True),
    "evaluator": (int, True),
    "dataset_version": (str, True),
    "inputs": (dict, True),
}


def expected(results: Results) -> dict:
    """Mean over seeds of every cell of one dataset's `cells`, as a fraction, with a tolerance: content of the file.

    The tolerance is two standard errors of the mean, from the spread over seeds, and never less than one and a half
    test clips can move it: a check compares the same seeds, which another machine may round differently but not draw
    anew. A single seed has none. Raises `RecordError` for records that don't go into one table.
    """
    content = []
    for name, first, runs in cells(results):
        if name[2] == "gzsl" and not (name[6] == "last" and name[7] in STRATEGIES):
            continue
        values = runs["value"].tolist()
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else None
        content.append(
            {
                **dict(zip(KEY, name, strict=True)),
                "value": round(mean, 6),
                "tolerance": None if spread is None else round(_tolerance(spread, len(values), first, name[2]), 6),
                "spread": None if spread is None else round(spread, 6),
                "seeds": sorted(runs["seed"].tolist()),
                "samples": first.counts["unseen_test"],
                "evaluator": first.evaluator,
                "dataset_version": first.dataset.version,
                "inputs": dict(first.fingerprints),
            }
        )
    return {"dataset": results.records[0].dataset.id, "cells": content}


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


def read_expected(dataset: str, folder: Path | None = None) -> list[dict]:
    """The expected cells of a dataset, from a folder or the shipped ones; none for one without a file.

    Raises `ZsarError` that names the file when it is malformed.
    """
    folder = configuration.folder(FOLDER, PACKAGE) if folder is None else Path(folder)
    path = folder / f"{dataset}.yaml"
    if not path.is_file():
        return []
    content = configuration.parse_yaml(path.read_text(encoding="utf-8"), str(path))
    configuration.require(content, {"dataset": (str, True), "cells": (list, True)}, str(path))
    if content["dataset"] != dataset:
        raise ZsarError(f"{path} is about the dataset {content['dataset']!r}")
    for number, cell in enumerate(content["cells"], 1):
        configuration.require(cell, _CELL, f"{path}, cell {number}")
    return content["cells"]


def _tolerance(spread: float, seeds: int, record: Record, setting: str) -> float:
    unseen = record.counts["unseen_test"]
    # One clip moves top-1 by 1 / clips, and H = 2 S U / (S + U) by at most 2 / clips of the smaller side.
    clip = 1 / unseen if setting == "zsl" else 2 / min(unseen, record.counts["seen_test"])
    return max(2 * spread / math.sqrt(seeds), 1.5 * clip)
