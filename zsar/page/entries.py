"""What lies behind a row's mean on one split: classes, confusions, single clips, the seen-unseen curve."""

import numpy as np

from zsar.errors import RecordError
from zsar.evaluation.gzsl import seen_unseen_curve
from zsar.evaluation.intervals import mean_interval
from zsar.evaluation.stacking import standard_scores
from zsar.page.leaderboards import rounded
from zsar.results.scores import Scores

TOP = 5
CURVE_POINTS = 60


def entry(runs: list[dict], mode: str, rule: str, scores: Scores, shown: list[str] | None) -> dict:
    """One configuration, mode and rule on one split; ``runs`` are its records by seed.

    ``confusion`` [true][predicted] counts the clips of all seeds, ``perClass`` has mean and half width over seeds per
    class, ``mistakes`` the candidates and scores of the clips named in ``shown`` that the first seed got wrong.
    What the records don't hold is None. Raises `RecordError` for records or scores that contradict each other.
    """
    unseen = runs[0]["split"]["unseen"]
    results = [r["results"][mode][rule] for r in runs]
    found = scores.find(runs[0]["run"], (f"{mode}/{rule}", "labels", "samples"))
    return {
        "seed": runs[0]["seed"],
        "seeds": len(runs),
        "clips": runs[0].get("counts", {}).get("unseen_test"),
        "epochs": [numbers.get("epoch") for numbers in results],
        "perClass": [_per_class(results, c) for c in unseen],
        "confusion": _confusion(runs, results, len(unseen)),
        "mistakes": _mistakes(runs[0], found, f"{mode}/{rule}", shown) if shown else None,
        "curve": _curve(runs, mode, rule, scores),
    }


def scored(record: dict, found: dict, name: str) -> tuple[np.ndarray, np.ndarray, list[str]] | None:
    """A run's scores [n, C], labels [n] and sample names, checked; None when they aren't beside its record."""
    if not {name, "labels", "samples"} <= found.keys():
        return None
    values, labels, samples = found[name], found["labels"], found["samples"].tolist()
    classes = len(record["split"]["unseen"])
    shapes_fit = values.shape == (len(labels), classes) and len(samples) == len(labels)
    if not shapes_fit or not len(labels) or not 0 <= labels.min() <= labels.max() < classes:
        raise RecordError(
            f"the scores {name} of run {record['run']} don't belong to its record: shape {list(values.shape)} for "
            f"{len(labels)} labels among {classes} classes",
            f"Delete {record['run']}.json and {record['run']}.npz and run it again.",
        )
    return values.astype(np.float64), labels, samples


def _per_class(results: list[dict], class_id: str) -> list | None:
    values = [numbers.get("per_class", {}).get(class_id) for numbers in results]
    if any(value is None for value in values):
        return None
    return [rounded(value) for value in mean_interval(values)]


def _confusion(runs: list[dict], results: list[dict], classes: int) -> list[list[int]] | None:
    counts = [numbers.get("confusion") for numbers in results]
    if any(c is None for c in counts):
        return None
    for record, matrix in zip(runs, counts, strict=True):
        if len(matrix) != classes or any(len(row) != classes for row in matrix):
            raise RecordError(
                f"run {record['run']} has a confusion matrix that isn't {classes} by {classes}", "Run it again."
            )
    return np.sum(counts, axis=0).astype(int).tolist()


def _mistakes(record: dict, found: dict, name: str, shown: list[str]) -> dict | None:
    """{position in ``shown``: [[class, score], ...]}, best first, of those clips that were misclassified."""
    checked = scored(record, found, name)
    if checked is None:
        return None
    values, labels, samples = checked
    row = {sample: i for i, sample in enumerate(samples)}
    wrong = {}
    for position, sample in enumerate(shown):
        i = row.get(sample)
        if i is not None and values[i].argmax() != labels[i]:
            best = np.argsort(-values[i], kind="stable")[:TOP]
            wrong[position] = [[int(c), float(f"{values[i, c]:.4g}")] for c in best]
    return wrong


def _curve(runs: list[dict], mode: str, rule: str, scores: Scores) -> list | None:
    """[unseen, mean seen accuracy] points, averaged over seeds at equal unseen accuracy as ROC curves are.

    Of scores in standard units, in which stacking's constants count: its points lie on the curve. Fawcett, An
    introduction to ROC analysis, 2006, vertical averaging. None without the generalized scores of each run.
    """
    curves = []
    for record in runs:
        name = f"gzsl/{mode}/{rule}"
        found = scores.find(record["run"], (name, "gzsl/labels"))
        if len(found) < 2:
            return None
        mask = np.arange(found[name].shape[1]) < len(record["split"]["seen"])
        curves.append(seen_unseen_curve(standard_scores(found[name]), found["gzsl/labels"], mask))
    at = np.linspace(0, min(c.unseen[-1] for c in curves), CURVE_POINTS)
    # unseen rises along the curve: the first place that reaches `at` has the highest seen accuracy there.
    seen = np.mean([c.seen[np.searchsorted(c.unseen, at - 1e-12)] for c in curves], axis=0)
    return [[rounded(u), rounded(s)] for u, s in zip(at, seen, strict=True)]
