"""Made-up records, and fixtures of them: the numbers are drawn from a seeded generator and mean nothing."""

import numpy as np
import pytest

from zsar.results import Results
from zsar.storage import fingerprint

SPLITS = {"22/5": 5, "18/9": 9, "14/13": 13}


def made_up(
    method="pgfa",
    title=None,
    split="22/5",
    seed=0,
    top1=None,
    oracle_adds=0.03,
    rules=("last", "oracle"),
    modes=("inductive",),
    keywords=None,
    encoder="trajectory",
    text="all-MiniLM-L6-v2",
    error=None,
    dataset="utd-mhad",
    simulated=False,
    family="purls",
    protocol="cross-subject",
    evaluator=1,
    method_class=None,
    settings=("zsl",),
    harmonic=None,
    unavailable=None,
):
    unseen = [f"c{i}" for i in range(SPLITS[split])]
    rng = np.random.default_rng(int(fingerprint(method, split, seed, keywords or {}), 16) % 2**32)
    results = {}
    for shift, mode in enumerate(modes):
        base = (0.2 + 0.5 * rng.random() if top1 is None else top1) + 0.05 * shift
        results[mode] = {
            rule: {
                "epoch": 3,
                "top1": base + (oracle_adds if rule == "oracle" else 0),
                "mean_per_class": base - 0.01,
                "per_class": {c: base for c in unseen},
                "confusion": [[1] * len(unseen)] * len(unseen),
            }
            for rule in rules
        }
        if "gzsl" in settings:
            for rule in rules:
                results[mode][rule]["gzsl"] = _generalized(rng, harmonic, unavailable)
    record = {
        "format": 1,
        "evaluator": evaluator,
        "status": "failed" if error else "done",
        "error": error,
        "method": {
            "name": method,
            "class": method_class or f"fake.{method}:Method",
            "title": title or method.upper(),
            "input": "features",
            "transductive": "transductive" in modes,
            "keywords": keywords or {"lr": 0.1},
        },
        "dataset": {
            "id": dataset,
            "title": dataset.upper(),
            "version": "ab" * 8,
            "simulated": simulated,
            "protocol": protocol,
        },
        "split": {
            "id": f"{dataset}.{family}.{split.replace('/', '-')}",
            "family": family,
            "name": split,
            "hash": fingerprint(split),
            "seen": ["s0", "s1"],
            "unseen": unseen,
        },
        "text": {
            "model": text,
            "prompt_set": "utd27",
            "prompts": ["description"],
            "hash": "cd" * 8,
        },
        "encoder": encoder and {"name": encoder, "keywords": {}, "hash": fingerprint(seed)},
        "seed": seed,
        "settings": list(settings),
        "results": None if error else results,
        "chance": 1 / len(unseen),
        "counts": {"unseen_test": 80, "seen_test": 200},
        "timings": {"train_s": float(rng.random())},
        "environment": {"torch": "0", "python": "3", "device": "cpu", "threads": 1},
    }
    record["run"] = fingerprint(
        {k: record[k] for k in ("method", "dataset", "split", "text", "encoder", "seed", "evaluator")}
    )
    return record


def three_methods() -> list[dict]:
    """Three methods, one of them transductive and end-to-end, on three splits with three seeds."""
    records = []
    for split in SPLITS:
        for seed in range(3):
            records += [
                made_up("pgfa", "PGFA", split, seed, modes=("inductive", "transductive"), encoder=None),
                made_up("dvta", "DVTA", split, seed),
                made_up("sadvae", "SA-DVAE", split, seed),
            ]
    return records


def leaderboards(records, rules=None, arrays=None) -> list:
    """The tables of some records; ``arrays`` {run: {name: array}} are the scores beside them."""
    return Results(records, None if arrays is None else MadeUpScores(arrays)).tables(rules)


class MadeUpScores:
    """Arrays in memory, read as `zsar.results.scores.Scores` reads files."""

    def __init__(self, arrays: dict):
        self.arrays = arrays

    def read(self, run, names):
        return {name: self.arrays[run][name] for name in names} if run in self.arrays else None


def _generalized(rng, harmonic, unavailable) -> dict:
    """The block of a record under gzsl; ``harmonic`` {strategy: H} makes S = U = H."""
    strategies = {}
    for name in ("none", "stacking", "gate", "oracle"):
        seen, unseen = 0.1 + 0.8 * rng.random(2) if harmonic is None else [harmonic[name]] * 2
        mean = 2 * seen * unseen / (seen + unseen)
        strategies[name] = {
            "seen": float(seen),
            "unseen": float(unseen),
            "harmonic": float(mean),
            "seen_mean_per_class": float(seen) - 0.01,
            "unseen_mean_per_class": float(unseen) - 0.02,
            "harmonic_mean_per_class": float(mean) - 0.015,
            "seen_samples": 200,
            "unseen_samples": 80,
        }
    for name, why in (unavailable or {}).items():
        strategies[name] = {"not_available": why}
    area = float(rng.random())
    return {"ausuc": area, "ausuc_mean_per_class": area / 2, "strategies": strategies}


@pytest.fixture
def record():
    """A function that makes one made-up record."""
    return made_up


@pytest.fixture
def records():
    """`three_methods`."""
    return three_methods()


@pytest.fixture
def both():
    """Two methods on all splits with three seeds, in both settings."""
    return [
        made_up(method, split=split, seed=seed, settings=("zsl", "gzsl"), rules=("last", "val", "oracle"))
        for method in ("pgfa", "dvta")
        for split in SPLITS
        for seed in range(3)
    ]
