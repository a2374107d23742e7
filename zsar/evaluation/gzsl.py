"""Generalized zero-shot numbers: all classes are candidates, seen and unseen clips judged."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from zsar.errors import ZsarError
from zsar.evaluation import checks
from zsar.evaluation.metrics import mean_per_class, per_class_accuracy, top1


@dataclass(frozen=True)
class SeenUnseenCurve:
    """Seen against unseen accuracy for every constant that can be taken off the seen scores.

    Row i holds for constants in [``constants[i]``, ``constants[i + 1]``), the last row up to
    infinity; ``constants[0]`` is -inf, where every clip is given a seen class. ``seen`` [K] falls
    and ``unseen`` [K] rises, both fractions. K - 1 is the number of distinct gaps, at most N.
    """

    constants: np.ndarray
    seen: np.ndarray
    unseen: np.ndarray

    @property
    def area(self) -> float:
        """AUSUC, the area under seen accuracy as a function of unseen accuracy, in [0, 1].

        Exact where each gap belongs to one clip; clips of an equal gap are joined by a straight
        line, as is usual for areas under curves. Chao et al., ECCV 2016.
        """
        return float(np.sum(np.diff(self.unseen) * (self.seen[1:] + self.seen[:-1]) / 2))

    @property
    def harmonic(self) -> np.ndarray:
        """The harmonic mean of each row [K]; zero where both accuracies are."""
        total = self.seen + self.unseen
        return np.divide(2 * self.seen * self.unseen, total, out=np.zeros(len(total)), where=total > 0)


def harmonic_mean(seen: float | None, unseen: float | None) -> float | None:
    """2 S U / (S + U); zero when both are zero, ``None`` when either is unknown.

    Examples:
        >>> harmonic_mean(0.75, 0.25)
        0.375
    """
    if seen is None or unseen is None:
        return None
    return 2 * seen * unseen / (seen + unseen) if seen + unseen else 0.0


def accuracies(predictions: ArrayLike, labels: ArrayLike, seen_mask: ArrayLike) -> dict[str, Any]:
    """Seen and unseen accuracy and their harmonic mean, of predictions from anywhere.

    ``predictions`` and ``labels`` are integers [N], positions among all C classes; ``seen_mask``
    [C] is True for the classes of training. Returns ``seen``, ``unseen``, ``harmonic`` over
    samples (as papers print them), ``seen_mean_per_class``, ``unseen_mean_per_class``,
    ``harmonic_mean_per_class`` (each class weighs the same), all fractions, and ``seen_samples``
    and ``unseen_samples``. A class without a sample takes no part in a mean per class. Without a
    seen (or unseen) test clip that side and both harmonic means are ``None``, neither NaN nor zero.
    Raises `ZsarError` for empty or mismatching arrays and for labels out of range.

    Examples:
        >>> numbers = accuracies([0, 1, 2, 0], [0, 1, 2, 2], [True, True, False])
        >>> numbers["seen"], numbers["unseen"], numbers["harmonic"]
        (1.0, 0.5, 0.667)
    """
    seen_mask = checks.mask(seen_mask)
    predictions, labels = checks.pair(predictions, labels, len(seen_mask))
    result: dict[str, Any] = {}
    for side, rows in (("seen", seen_mask[labels]), ("unseen", ~seen_mask[labels])):
        clips = predictions[rows], labels[rows]
        result[side] = top1(*clips) if rows.any() else None
        result[f"{side}_mean_per_class"] = mean_per_class(*clips) if rows.any() else None
        result[f"{side}_samples"] = int(rows.sum())
    result["harmonic"] = harmonic_mean(result["seen"], result["unseen"])
    result["harmonic_mean_per_class"] = harmonic_mean(result["seen_mean_per_class"], result["unseen_mean_per_class"])
    return result


def standard_scores(scores: ArrayLike) -> np.ndarray:
    """Scores [N, C] less their clip's mean, over their clip's standard deviation, float64 [N, C].

    A clip whose scores are all equal gets zeros. Raises `ZsarError` for scores that aren't finite.

    Examples:
        >>> standard_scores([[1.0, 3.0], [5.0, 5.0]])
        array([[-1.,  1.],
               [ 0.,  0.]])
    """
    scores = np.asarray(scores)
    if scores.ndim != 2 or not scores.size:
        raise ZsarError(f"scores should be [samples, classes], not {list(scores.shape)}")
    centred = checks.finite(scores, "scores").astype(np.float64)
    centred = centred - centred.mean(axis=1, keepdims=True)
    # A clip of equal scores may keep a rounding error, which must not be blown up to one unit.
    level = scores.shape[1] * np.finfo(np.float64).eps * np.abs(scores).max(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > level)


def gzsl_metrics(
    scores: ArrayLike, labels: ArrayLike, classes: Sequence[Hashable], seen_mask: ArrayLike
) -> dict[str, Any]:
    """Judge scores over all classes: S, U, H and the area that needs no calibration.

    ``scores`` [N, C] (larger is more similar), ``labels`` integers [N] in 0..C-1, ``classes`` the C
    ids in the order of the columns, ``seen_mask`` [C]. The first of equal largest scores is the
    prediction, as `numpy.argmax` has it.

    Returns what `accuracies` does, ``per_class`` {id: fraction, or None for a class without a
    sample}, ``ausuc`` over samples and ``ausuc_mean_per_class`` (None when a side has no clip), the area of
    the `seen_unseen_curve` of `standard_scores`, the units that constants are in.
    Raises `ZsarError` for scores that are NaN or infinite, labels out of range, shapes that don't
    match, and a mask without a seen or without an unseen class.

    Examples:
        >>> scores = [[0.9, 0.1, 0.5], [0.2, 0.8, 0.1], [0.6, 0.1, 0.5], [0.1, 0.2, 0.7]]
        >>> numbers = gzsl_metrics(scores, [0, 1, 2, 2], ["walk", "run", "sit"], [True, True, False])
        >>> numbers["seen"], numbers["unseen"], numbers["harmonic"], numbers["ausuc"]
        (1.0, 0.5, 0.667, 1.0)
    """
    scores, labels, seen_mask = checks.judged_scores(scores, labels, seen_mask)
    classes = list(classes)
    if len(classes) != scores.shape[1]:
        raise ZsarError(f"{len(classes)} class ids for scores with {scores.shape[1]} columns")
    predictions = scores.argmax(axis=1)
    result = accuracies(predictions, labels, seen_mask)
    result["per_class"] = per_class_accuracy(predictions, labels, classes)
    both = result["seen"] is not None and result["unseen"] is not None
    standard = standard_scores(scores) if both else scores
    for name, per_class in (("ausuc", False), ("ausuc_mean_per_class", True)):
        result[name] = seen_unseen_curve(standard, labels, seen_mask, per_class).area if both else None
    return result


def seen_unseen_curve(
    scores: ArrayLike, labels: ArrayLike, seen_mask: ArrayLike, per_class: bool = False
) -> SeenUnseenCurve:
    """The exact curve over all calibration constants, in O(N log N + N C).

    ``scores`` [N, C], ``labels`` integers [N], ``seen_mask`` [C]. A clip is given a seen class as
    long as its best seen score exceeds its best unseen score by more than the constant, so that
    only those N gaps matter. ``per_class`` weighs every class that has a sample the same.
    Raises `ZsarError` as `gzsl_metrics` does, and when seen or unseen test clips are missing.
    Source: Chao et al., An Empirical Study and Analysis of Generalized Zero-Shot Learning, 2016.

    Examples:
        >>> scores = [[3.0, 1.0], [1.0, 0.0], [2.0, 1.5], [0.0, 2.0]]
        >>> curve = seen_unseen_curve(scores, [0, 0, 1, 1], [True, False])
        >>> curve.constants.tolist(), curve.seen.tolist(), curve.unseen.tolist()
        ([-inf, -2.0, 0.5, 1.0, 2.0], [1.0, 1.0, 1.0, 0.5, 0.0], [0.0, 0.5, 1.0, 1.0, 1.0])
        >>> curve.area
        1.0
    """
    scores, labels, seen_mask = checks.judged_scores(scores, labels, seen_mask)
    is_seen = seen_mask[labels]
    for side, rows in (("seen", is_seen), ("unseen", ~is_seen)):
        if not rows.any():
            raise ZsarError(f"a seen-unseen curve needs test clips of {side} classes; there is none")
    gaps, right_seen, right_unseen = _duel(scores, labels, seen_mask)
    order = np.argsort(gaps, kind="stable")
    gaps = gaps[order]
    last = np.flatnonzero(np.append(gaps[1:] != gaps[:-1], True))  # of the clips of an equal gap
    weights = _weights(labels, is_seen, per_class)[order]
    lost = np.cumsum(weights * (right_seen & is_seen)[order])
    won = np.cumsum(weights * (right_unseen & ~is_seen)[order])
    totals = (1.0, 1.0) if per_class else (is_seen.sum(), (~is_seen).sum())
    return SeenUnseenCurve(
        np.append(-np.inf, gaps[last]),
        (lost[-1] - np.append(0.0, lost[last])) / totals[0],
        np.append(0.0, won[last]) / totals[1],
    )


def _duel(scores: np.ndarray, labels: np.ndarray, seen_mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per clip: best seen minus best unseen score, and whether the best of either side is right."""
    rows = np.arange(len(scores))
    sides = []
    for columns in (np.flatnonzero(seen_mask), np.flatnonzero(~seen_mask)):
        part = scores[:, columns]
        best = part.argmax(axis=1)
        sides.append((part[rows, best].astype(np.float64), columns[best] == labels))
    (seen, right_seen), (unseen, right_unseen) = sides
    return seen - unseen, right_seen, right_unseen


def _weights(labels: np.ndarray, is_seen: np.ndarray, per_class: bool) -> np.ndarray:
    if not per_class:
        return np.ones(len(labels))
    samples = np.bincount(labels)
    classes = {side: len(np.unique(labels[is_seen == side])) for side in (True, False)}
    return 1 / (samples[labels] * np.where(is_seen, classes[True], classes[False]))
