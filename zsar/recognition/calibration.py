"""From scores to probabilities: a temperature fitted on clips and classes that companion runs never trained on.

Several companion runs, each without other classes: which classes are held back decides how sure a method may be.

Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017 (temperature scaling).
"""

from dataclasses import dataclass

import numpy as np

from zsar.errors import ZsarError
from zsar.evaluation.stacking import apply_constant

LEAST_CLIPS = 10
"""Fewer say too little about how sure to be."""
_RANGE = (-12.0, 12.0)
"""Natural logarithms of the temperatures tried, in units of the scores' average deviation within a clip."""


@dataclass(frozen=True)
class Temperature:
    """What makes probabilities of scores: the softmax of score / ``temperature``.

    It was fitted on ``clips`` of so many ``folds`` (companion runs), where its mean negative log-likelihood is ``nll``
    nats and its expected calibration error ``error``, a fraction. ``constant`` is what the scores of trained classes
    are lowered by (calibrated stacking, in standard units; None: scores as they are).
    """

    temperature: float
    folds: int
    clips: int
    nll: float
    error: float
    constant: float | None = None

    def lower(self, scores: np.ndarray, trained: np.ndarray) -> np.ndarray:
        """The scores [N, C] that are compared: lowered by the constant for the ``trained`` [C], where there is one."""
        return scores if self.constant is None else apply_constant(scores, trained, self.constant)


def fit_temperature(folds: list[tuple[np.ndarray, np.ndarray]], constant: float | None = None) -> Temperature:
    """The temperature with the highest likelihood of labels [N] under scores [N, C], over all folds' clips.

    Raises `ZsarError` for too few clips or classes, and scores that tell nothing apart.
    """
    from scipy.optimize import minimize_scalar

    folds = [(np.asarray(scores, np.float64), labels) for scores, labels in folds]
    clips = sum(len(labels) for _, labels in folds)
    if clips < LEAST_CLIPS or min(scores.shape[1] for scores, _ in folds) < 2:
        raise ZsarError(f"{clips} clips held back, or a single class, are too few to calibrate on (from {LEAST_CLIPS})")
    unit = float(np.mean([scores.std(axis=1).mean() for scores, _ in folds]))
    if not np.isfinite(unit) or unit <= 0:
        raise ZsarError("all scores are alike or not finite: there is nothing to calibrate")

    def loss(log: float) -> float:
        return sum(len(y) * likelihood(probabilities(s, unit * np.exp(log)), y) for s, y in folds) / clips

    temperature = unit * float(np.exp(minimize_scalar(loss, bounds=_RANGE, method="bounded").x))
    pairs = [(probabilities(scores, temperature), labels) for scores, labels in folds]
    confidence = np.concatenate([p.max(axis=1) for p, _ in pairs])
    right = np.concatenate([p.argmax(axis=1) == y for p, y in pairs])
    nll = sum(len(y) * likelihood(p, y) for p, y in pairs) / clips
    return Temperature(temperature, len(folds), clips, nll, _error(confidence, right), constant)


def probabilities(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of scores [N, C] over the temperature, float64; rows add up to 1."""
    z = np.asarray(scores, np.float64) / temperature
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def likelihood(p: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log-likelihood in nats of labels [N] under probabilities [N, C]."""
    return float(-np.log(np.maximum(p[np.arange(len(p)), labels], 1e-300)).mean())


def calibration_error(p: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: |accuracy - confidence| of the predictions, by confidence in ``bins`` equal bins."""
    return _error(p.max(axis=1), p.argmax(axis=1) == labels, bins)


def _error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    groups = [bin_of == group for group in np.unique(bin_of)]
    return float(sum(abs(right[rows].mean() - confidence[rows].mean()) * rows.mean() for rows in groups))
