"""Clips that methods get wrong: which are shown, the same ones for every method, and what they were taken for."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from zsar.errors import RecordError
from zsar.results import Record, Results

LISTED = 60
"""Misclassified clips per split that are listed when no skeletons are asked for."""
TOP = 5
"""Candidates that are listed for a misclassified clip."""


class Judged(NamedTuple):
    """A run's ``scores`` [n, C], ``labels`` [n] and the clips' names."""

    scores: np.ndarray
    labels: np.ndarray
    samples: list[str]


def find_arrays(results: Results, record: Record, *names: str) -> list[np.ndarray] | None:
    """The arrays of these names beside a record, None unless all are there. Raises `RecordError` for a damaged file."""
    arrays = results.scores.find(record.run, names) if results.scores else {}
    return [arrays[name] for name in names] if len(arrays) == len(names) else None


def judged(results: Results, record: Record, name: str) -> Judged | None:
    """A run's scores under ``name``, "inductive/last"; None when they aren't beside its record.

    Raises `RecordError` for scores that don't belong to the record.
    """
    arrays = find_arrays(results, record, name, "labels", "samples")
    if arrays is None:
        return None
    scores, labels, samples = arrays
    classes = len(record.split.unseen)
    fits = scores.shape == (len(labels), classes) and len(samples) == len(labels)
    if not fits or not len(labels) or not 0 <= labels.min() <= labels.max() < classes:
        raise RecordError(
            f"the scores {name} of run {record.run} don't belong to its record: shape {list(scores.shape)} for "
            f"{len(labels)} labels among {classes} classes",
            f"Delete {record.run}.json and {record.run}.npz and run it again.",
        )
    return Judged(scores.astype(np.float64), labels, samples.tolist())


def choose_clips(runs: Iterable[Judged], at_most: int) -> list[dict]:
    """Up to ``at_most`` misclassified clips as ``sample`` and ``true`` class, by class and name.

    Classes take turns, and within a class the clips that most runs got wrong come first.
    """
    import pandas as pd

    clips = pd.DataFrame(
        [
            clip
            for scores, labels, samples in runs
            for *clip, predicted in zip(samples, labels.tolist(), scores.argmax(axis=1), strict=True)
            if predicted != clip[1]
        ],
        columns=["sample", "true"],
    )
    clips = (
        clips.groupby(["true", "sample"], as_index=False)
        .size()
        .sort_values(["size", "sample"], ascending=[False, True])
    )
    clips["turn"] = clips.groupby("true").cumcount()
    clips = clips.sort_values(["turn", "true", "sample"]).head(at_most).sort_values(["true", "sample"])
    return [
        {"sample": sample, "true": true} for sample, true in zip(clips["sample"], clips["true"].tolist(), strict=True)
    ]


def mistakes(run: Judged, shown: list[str]) -> dict[int, list]:
    """{position in ``shown``: [[class, score], ...]}, best first, of those clips that were misclassified."""
    row = {sample: i for i, sample in enumerate(run.samples)}
    wrong = {}
    for position, sample in enumerate(shown):
        i = row.get(sample)
        if i is not None and run.scores[i].argmax() != run.labels[i]:
            best = np.argsort(-run.scores[i], kind="stable")[:TOP]
            wrong[position] = [[int(c), float(f"{run.scores[i, c]:.4g}")] for c in best]
    return wrong
