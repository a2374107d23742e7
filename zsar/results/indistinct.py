"""Which rows of a table can't be told apart, from the scores that lie beside the records."""

from itertools import combinations

import numpy as np

from zsar.errors import RecordError
from zsar.results.ranking import order
from zsar.results.table import RANKING_RULES, Row, Split

LEVEL = 0.95


def letters(
    rows: list[Row], behind: list[dict], splits: tuple[Split, ...], scores
) -> tuple[dict[int, str], tuple[str, ...]]:
    """{position of a row: its letters} for the complete rows of the first ranking rule; remarks.

    Every pair of rows is compared on the seeds that both have and on the clips of all splits
    together: McNemar with Holm's correction over the pairs, and the paired bootstrap by subject.
    ``behind`` and ``scores`` as in `zsar.results.rows.rows` and `zsar.results.leaderboard`. Without
    the scores of every run nothing is said of any row.
    """
    from zsar.evaluation.comparison import compare, holm
    from zsar.evaluation.letter_display import groups
    from zsar.evaluation.letter_display import letters as display

    rule = next((r for r in RANKING_RULES if any(row.rule == r for row in rows)), None)
    chosen = [i for i, row in enumerate(rows) if row.rule == rule and row.complete]
    if len(chosen) < 2:
        return {}, ()
    chosen.sort(key=lambda i: order(rows[i]))
    right, clips = {}, {}
    for i in chosen:
        for (split, seed), record in behind[i].items():
            found = _outcomes(record, rows[i], scores)
            if found is None:
                return {}, (
                    f"Groups that can't be told apart are left out: run {record['run']} has no "
                    ".npz of scores beside its record.",
                )
            right[i, split, seed], which = found
            known = clips.setdefault(split, which)
            if any(not np.array_equal(a, b) for a, b in zip(known, which, strict=True)):
                return {}, (
                    f"Groups that can't be told apart are left out: run {record['run']} was judged "
                    f"on other clips of {split} than the others.",
                )
    subjects = np.concatenate([clips[s.name][1] for s in splits])
    pairs, found = [], []
    for i, j in combinations(chosen, 2):
        seeds = sorted(set(rows[i].seeds) & set(rows[j].seeds))
        if not seeds:
            return {}, (
                f"Groups that can't be told apart are left out: {rows[i].title} and "
                f"{rows[j].title} have no seed in common.",
            )
        both = [np.stack([np.concatenate([right[k, s.name, seed] for s in splits]) for seed in seeds]) for k in (i, j)]
        pairs.append((i, j))
        found.append(compare(*both, subjects, level=LEVEL))
    corrected = holm([comparison.p for comparison in found])
    apart = [
        tuple(map(str, pair))
        for pair, comparison, p in zip(pairs, found, corrected, strict=True)
        if comparison.distinguishable(p, LEVEL)
    ]
    names = [str(i) for i in chosen]
    given = display(names, groups(names, apart))
    return {int(name): marks for name, marks in given.items()}, ()


def _outcomes(record: dict, row: Row, scores):
    """Which clips were right, bool [N], and the clips and their subjects; None without scores."""
    name = f"{row.mode}/{row.rule}"
    arrays = scores(record["run"], (name, "labels", "samples", "subjects"))
    if arrays is None:
        return None
    right = arrays[name].argmax(axis=1) == arrays["labels"]
    told = record["results"][row.mode][row.rule]["top1"]
    if abs(right.mean() - told) > 1.5 / len(right):  # one clip may tip over in single precision
        raise RecordError(
            f"the scores of run {record['run']} give {right.mean():.4f} under {name}, its record "
            f"says {told:.4f}: they don't belong together",
            f"Delete {record['run']}.json and {record['run']}.npz and run it again.",
        )
    return right, (arrays["samples"], arrays["subjects"])
