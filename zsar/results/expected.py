"""Our own measured numbers with their tolerance (``benchmarks/expected/<dataset>.yaml``), made from records."""

import math
from collections import defaultdict
from pathlib import Path

from zsar import configuration, storage
from zsar.errors import ZsarError
from zsar.results.leaderboard import leaderboard
from zsar.results.measured import generalized, measured
from zsar.results.ranking import RULES

PACKAGE, FOLDER = "zsar.benchmarks", "expected"
KEY = ("split", "protocol", "setting", "metric", "method", "mode", "rule", "strategy")
STRATEGIES = ("stacking", "gate")
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


def expected(records: list[dict]) -> dict:
    """Mean over seeds of every cell of `cells`, as a fraction, with a tolerance: content of the file.

    The tolerance is two standard errors of the mean, from the spread over seeds, and never less than one and a half
    test clips can move it: a check compares the same seeds, which another machine may round differently but not draw
    anew. A single seed has none. Raises `RecordError` for records that don't go together, as `leaderboard` does.
    """
    found = []
    for key, runs in sorted(cells(records).items(), key=lambda item: str(item[0])):
        values, first = [value for _, value in runs], runs[0][0]
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else None
        found.append(
            {
                **dict(zip(KEY, key[:-1], strict=True)),
                "value": round(mean, 6),
                "tolerance": None if spread is None else round(_tolerance(spread, len(values), first, key), 6),
                "spread": None if spread is None else round(spread, 6),
                "seeds": sorted(record["seed"] for record, _ in runs),
                "samples": first["counts"]["unseen_test"],
                "evaluator": first["evaluator"],
                "dataset_version": str(first["dataset"]["version"]),
                "inputs": inputs(first),
            }
        )
    return {"dataset": records[0]["dataset"]["id"], "cells": found}


def cells(records: list[dict], rules: tuple[str, ...] = RULES) -> dict[tuple, list[tuple[dict, float]]]:
    """{(split id, ..., as `KEY`; hashes of the inputs): [(record, value)]}, a value per seed, sorted by seed.

    Top-1 under every mode and rule, and the harmonic mean under the rule `last` with stacking and with the gate.
    Raises `RecordError` for mixed evaluators and a seed that counts twice, as `leaderboard` does.
    """
    leaderboard(records, rules)  # refuses what doesn't go into one table
    found = defaultdict(list)
    for record in sorted(records, key=lambda r: (r["seed"], r["run"])):
        if record["status"] != "done":
            continue
        for mode, by_rule in record["results"].items():
            for rule in (r for r in rules if r in by_rule):
                found[key(record, "zsl", mode, rule)].append((record, measured(record, mode, rule)["top1"]))
                if "gzsl" in record["settings"] and rule == "last":
                    for strategy, numbers, _ in generalized(record, mode, rule):
                        if strategy in STRATEGIES and numbers is not None:
                            where = key(record, "gzsl", mode, rule, strategy)
                            found[where].append((record, numbers["harmonic"]))
    return dict(found)


def key(record: dict, setting: str, mode: str, rule: str, strategy: str | None = None) -> tuple:
    """The key of `cells` for one number of a record."""
    metric = "top1" if setting == "zsl" else "harmonic"
    names = (
        record["split"]["id"],
        record["dataset"]["protocol"],
        setting,
        metric,
        record["method"]["name"],
        mode,
        rule,
        strategy,
    )
    return (*names, tuple(inputs(record).items()))


def inputs(record: dict) -> dict[str, str]:
    """One hash for each thing that makes a run what it is, so that a refusal can say which differs."""
    method, encoder, text, split = record["method"], record["encoder"], record["text"], record["split"]
    parts = {
        "method keywords": [method["class"], method["keywords"], record.get("frames")],
        "encoder": encoder and [encoder.get("name"), encoder.get("keywords"), encoder.get("frames")],
        "text": text and [text.get("model"), text.get("prompt_set"), text.get("prompts"), text.get("hash")],
        "split": split["hash"],
    }
    return {name: storage.fingerprint(part) for name, part in parts.items()}


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


def _tolerance(spread: float, seeds: int, record: dict, key: tuple) -> float:
    unseen = record["counts"]["unseen_test"]
    # One clip moves top-1 by 1 / clips, and H = 2 S U / (S + U) by at most 2 / clips of the smaller side.
    clip = 1 / unseen if key[2] == "zsl" else 2 / min(unseen, record["counts"]["seen_test"])
    return max(2 * spread / math.sqrt(seeds), 1.5 * clip)
