"""Calibrated stacking: a constant off the seen scores (Chao et al., ECCV 2016).

Scales differ between methods and between two runs of one method, so a constant in raw units, chosen
on one run, means little in another. Every function here therefore first brings each clip's scores
to standard units (`standard_scores`), which needs no other clip and changes no order within a clip;
a constant counts standard deviations of one clip's scores over its candidates. ``raw=True`` leaves
the scores alone, for one run whose scale is fixed.
"""

import numpy as np
from numpy.typing import ArrayLike

from zsar.errors import ZsarError
from zsar.evaluation import checks
from zsar.evaluation.gzsl import seen_unseen_curve, standard_scores

ROUNDING = 1e-9


def choose_constant(
    scores: ArrayLike, labels: ArrayLike, seen_mask: ArrayLike, *, per_class: bool = False, raw: bool = False
) -> float:
    """The constant with the highest harmonic mean on validation clips: one float.

    ``scores`` [N, C], ``labels`` integers [N], ``seen_mask`` [C]; here "unseen" are classes held
    back from a companion run, never the test classes. ``per_class`` averages over classes, not
    samples. Of a stretch of equally good constants the middle is taken, of several stretches the
    one nearest to zero; a stretch without an end is met one unit beyond its only end.
    Raises `ZsarError` as `seen_unseen_curve` does: without clips of both kinds nothing can be
    chosen.

    Examples:
        >>> scores = [[3.0, 1.0], [2.0, 0.0], [2.0, 1.0], [1.0, 0.5]]  # both unseen clips look seen
        >>> choose_constant(scores, [0, 0, 1, 1], [True, False], raw=True)
        1.5
    """
    scores, labels, seen_mask = checks.judged_scores(scores, labels, seen_mask)
    curve = seen_unseen_curve(_scaled(scores, raw), labels, seen_mask, per_class)
    ends = np.append(curve.constants[1:], np.inf)
    # Gaps that differ by rounding alone leave no room for a constant between them.
    size = np.where(np.isfinite(curve.constants), np.abs(curve.constants), 0)
    roomy = ends - curve.constants > ROUNDING * np.maximum(1, size)
    harmonic = np.where(roomy, curve.harmonic, -1.0)
    best = harmonic >= harmonic.max() - 1e-12  # equal but for rounding
    starts = np.flatnonzero(best & ~np.append(False, best[:-1]))
    stops = np.flatnonzero(best & ~np.append(best[1:], False))
    middles = [_middle(curve.constants[a], ends[b]) for a, b in zip(starts, stops, strict=True)]
    return float(min(middles, key=abs))


def apply_constant(scores: ArrayLike, seen_mask: ArrayLike, constant: float, *, raw: bool = False) -> np.ndarray:
    """The scores [N, C] with ``constant`` taken off the seen columns, float64.

    ``constant`` is in the units that it was chosen in: give the same ``raw``. The result goes to
    `gzsl_metrics`, or its argmax is the prediction. Raises `ZsarError` for scores or a constant
    that aren't finite and a mask that doesn't fit.

    Examples:
        >>> apply_constant([[2.0, 1.0]], [True, False], 1.5, raw=True)
        array([[0.5, 1. ]])
    """
    scores, seen_mask = checks.masked_scores(scores, seen_mask)
    if not np.isfinite(constant):
        raise ZsarError(f"a calibration constant should be finite, not {constant}")
    return _scaled(scores, raw) - constant * seen_mask


def oracle_constant(
    scores: ArrayLike, labels: ArrayLike, seen_mask: ArrayLike, *, per_class: bool = False, raw: bool = False
) -> float:
    """The best constant on the test clips themselves: for reproducing papers, never for ranking.

    Arguments and errors are those of `choose_constant`; the labels are the test labels.
    """
    return choose_constant(scores, labels, seen_mask, per_class=per_class, raw=raw)


def _scaled(scores: np.ndarray, raw: bool) -> np.ndarray:
    return scores.astype(np.float64) if raw else standard_scores(scores)


def _middle(start: float, end: float) -> float:
    if np.isinf(start) and np.isinf(end):
        return 0.0
    if np.isinf(start):
        return end - 1.0
    return start + 1.0 if np.isinf(end) else (start + end) / 2
