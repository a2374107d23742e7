"""Which rows of a table can't be told apart, from the scores that lie beside the records."""

from itertools import combinations

import numpy as np

from zsar.errors import RecordError
from zsar.protocol import RANKING_RULES
from zsar.results.record import Record
from zsar.results.scores import Scores
from zsar.results.table import Row, Split, order

LEVEL = 0.95


def letters(
    rows: list[Row], runs_of_row: list[dict], splits: tuple[Split, ...], scores: Scores
) -> tuple[dict[int, str], tuple[str, ...]]:
    """{position of a row: its letters} for the complete rows of the first ranking rule; remarks.

    Every pair of rows is compared on the seeds that both have and on the clips of all splits
    together: McNemar with Holm's correction over the pairs, and the paired bootstrap by subject.
    ``runs_of_row`` holds {(split, seed): record} per row. Without the scores of every run nothing is said of any row.
    """
    from zsar.evaluation.comparison import compare, holm
    from zsar.evaluation.letter_display import groups
    from zsar.evaluation.letter_display import letters as display

    rule = next((r for r in RANKING_RULES if any(row.rule == r for row in rows)), None)
    candidates = [i for i, row in enumerate(rows) if row.rule == rule and row.complete]
    if len(candidates) < 2:
        return {}, ()
    candidates.sort(key=lambda i: order(rows[i]))
    right: dict[tuple, np.ndarray] = {}
    clips: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for i in candidates:
        for (split, seed), record in runs_of_row[i].items():
            outcomes = _outcomes(record, rows[i], scores)
            if outcomes is None:
                return _left_out(f"run {record.run} has no .npz of scores beside its record")
            right[i, split, seed], judged = outcomes
            same = clips.setdefault(split, judged)
            if any(not np.array_equal(a, b) for a, b in zip(same, judged, strict=True)):
                return _left_out(f"run {record.run} was judged on other clips of {split} than the others")
    subjects = np.concatenate([clips[s.name][1] for s in splits])
    pairs, comparisons = list(combinations(candidates, 2)), []
    for pair in pairs:
        seeds = sorted(set.intersection(*(set(rows[i].seeds) for i in pair)))
        if not seeds:
            return _left_out(f"{' and '.join(rows[i].title for i in pair)} have no seed in common")
        a, b = (np.stack([np.concatenate([right[i, s.name, seed] for s in splits]) for seed in seeds]) for i in pair)
        comparisons.append(compare(a, b, subjects, level=LEVEL))
    corrected = holm([comparison.p for comparison in comparisons])
    apart = [
        tuple(map(str, pair))
        for pair, comparison, p in zip(pairs, comparisons, corrected, strict=True)
        if comparison.distinguishable(p, LEVEL)
    ]
    names = [str(i) for i in candidates]
    return {int(name): marks for name, marks in display(names, groups(names, apart)).items()}, ()


def _left_out(why: str) -> tuple[dict[int, str], tuple[str, ...]]:
    return {}, (f"Groups that can't be told apart are left out: {why}.",)


def _outcomes(record: Record, row: Row, scores: Scores) -> tuple | None:
    """Which clips were right, bool [N], and the clips and their subjects; None without scores."""
    name = f"{row.mode}/{row.rule}"
    arrays = scores.read(record.run, (name, "labels", "samples", "subjects"))
    if arrays is None:
        return None
    right = arrays[name].argmax(axis=1) == arrays["labels"]
    recorded = record.results[row.mode][row.rule]["top1"]
    if abs(right.mean() - recorded) > 1.5 / len(right):  # one clip may tip over in single precision
        raise RecordError(
            f"the scores of run {record.run} give {right.mean():.4f} under {name}, its record "
            f"says {recorded:.4f}: they don't belong together",
            f"Delete {record.run}.json and {record.run}.npz and run it again.",
        )
    return right, (arrays["samples"], arrays["subjects"])
