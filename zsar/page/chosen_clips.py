"""Which misclassified test clips of a split are shown: the same ones for every method."""

from collections import Counter, defaultdict

from zsar.page.entries import scored
from zsar.results.scores import Scores

LISTED = 60
"""Misclassified clips per split that are listed when no skeletons are asked for."""


def chosen(results: list[tuple[dict, str]], scores: Scores, at_most: int) -> list[tuple[str, int]]:
    """Up to ``at_most`` clips as (sample name, true class), by class and name.

    ``results`` are pairs of a record and the name of its scores ("inductive/last"). Classes take turns, and within a
    class the clips that most results got wrong come first.
    """
    wrong, true = Counter(), {}
    for record, name in results:
        checked = scored(record, scores.find(record["run"], (name, "labels", "samples")), name)
        if checked is None:
            continue
        values, labels, samples = checked
        for sample, label, predicted in zip(samples, labels.tolist(), values.argmax(axis=1).tolist(), strict=True):
            if predicted != label:
                wrong[sample] += 1
                true[sample] = label
    by_class = defaultdict(list)
    for sample in sorted(wrong, key=lambda s: (-wrong[s], s)):
        by_class[true[sample]].append(sample)
    turns = sorted(
        (place, label, sample) for label, members in by_class.items() for place, sample in enumerate(members)
    )
    return sorted(((sample, label) for _, label, sample in turns[:at_most]), key=lambda clip: (clip[1], clip[0]))
