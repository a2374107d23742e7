"""What lies behind a row's mean on one split: classes, confusions, single clips, the seen-unseen curve."""

import numpy as np

from zsar.errors import RecordError
from zsar.evaluation.gzsl import seen_unseen_curve, standard_scores
from zsar.evaluation.intervals import mean_interval
from zsar.page.boards import rounded
from zsar.page.mistakes import find_arrays, judged, mistakes
from zsar.results import Record, Results

CURVE_POINTS = 60


def entry(results: Results, runs: list[Record], mode: str, rule: str, shown: list[str]) -> dict:
    """One configuration, mode and rule on one split; ``runs`` are its records by seed.

    ``confusion`` [true][predicted] counts the clips of all seeds, ``perClass`` has mean and half width over seeds per
    class, ``mistakes`` the candidates and scores of the clips named in ``shown`` that the first seed got wrong.
    What the records don't hold is None. Raises `RecordError` for records or scores that contradict each other.
    """
    first, numbers = runs[0], [r.results[mode][rule] for r in runs]
    run = judged(results, first, f"{mode}/{rule}") if shown else None
    return {
        "seed": first.seed,
        "seeds": len(runs),
        "clips": first.counts.get("unseen_test"),
        "epochs": [of_run.get("epoch") for of_run in numbers],
        "perClass": [_per_class(numbers, c) for c in first.split.unseen],
        "confusion": _confusion(runs, numbers),
        "mistakes": mistakes(run, shown) if run else None,
        "curve": _curve(results, runs, f"gzsl/{mode}/{rule}"),
    }


def _per_class(numbers: list[dict], class_id: str) -> list | None:
    values = [of_run.get("per_class", {}).get(class_id) for of_run in numbers]
    return None if None in values else [rounded(value) for value in mean_interval(values)]


def _confusion(runs: list[Record], numbers: list[dict]) -> list[list[int]] | None:
    counts = [of_run.get("confusion") for of_run in numbers]
    if None in counts:
        return None
    classes = len(runs[0].split.unseen)
    for record, matrix in zip(runs, counts, strict=True):
        if len(matrix) != classes or any(len(row) != classes for row in matrix):
            raise RecordError(
                f"run {record.run} has a confusion matrix that isn't {classes} by {classes}", "Run it again."
            )
    return np.sum(counts, axis=0).astype(int).tolist()


def _curve(results: Results, runs: list[Record], name: str) -> list | None:
    """[unseen, mean seen accuracy] points, averaged over seeds at equal unseen accuracy as ROC curves are.

    Of scores in standard units, in which stacking's constants count: its points lie on the curve. Fawcett, An
    introduction to ROC analysis, 2006, vertical averaging. None without the generalized scores of each run.
    """
    curves = []
    for record in runs:
        arrays = find_arrays(results, record, name, "gzsl/labels")
        if arrays is None:
            return None
        scores, labels = arrays
        mask = np.arange(scores.shape[1]) < len(record.split.seen)
        curves.append(seen_unseen_curve(standard_scores(scores), labels, mask))
    at = np.linspace(0, min(c.unseen[-1] for c in curves), CURVE_POINTS)
    # unseen rises along the curve: the first place that reaches `at` has the highest seen accuracy there.
    seen = np.mean([c.seen[np.searchsorted(c.unseen, at - 1e-12)] for c in curves], axis=0)
    return [[rounded(u), rounded(s)] for u, s in zip(at, seen, strict=True)]
