"""Zero-shot accuracies: arrays in, numbers out; every sample is counted exactly once."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from zsar.errors import ZsarError
from zsar.evaluation import checks


def top1(predictions: ArrayLike, labels: ArrayLike) -> float:
    """The fraction of samples predicted right, over samples.

    ``predictions`` and ``labels`` are integers [N]. Raises `ZsarError` when they are empty or
    don't match. Not the mean of per-batch accuracies, which weighs a short last batch too much.

    Examples:
        >>> top1([0, 1, 1, 2], [0, 1, 2, 2])
        0.75
    """
    predictions, labels = checks.pair(predictions, labels)
    return float(np.mean(predictions == labels))


def per_class_accuracy(
    predictions: ArrayLike, labels: ArrayLike, classes: Sequence[Hashable]
) -> dict[Any, float | None]:
    """The fraction predicted right within each class: {class id: accuracy}, as ``classes`` go.

    ``predictions`` and ``labels`` are integers [N], positions in ``classes`` (distinct ids). A
    class without a sample has no accuracy and gets ``None``, neither NaN nor zero. Raises
    `ZsarError`.

    Examples:
        >>> per_class_accuracy([0, 1, 1], [0, 0, 1], ["walk", "run", "sit"])
        {'walk': 0.5, 'run': 1.0, 'sit': None}
    """
    classes = list(classes)
    if len(set(classes)) < len(classes):
        twice = sorted({str(c) for c in classes if classes.count(c) > 1})
        raise ZsarError(f"class given twice among the candidates: {', '.join(twice)}")
    table = np.array(confusion(predictions, labels, len(classes)))
    samples, right = table.sum(axis=1), np.diagonal(table)
    return {c: float(r / n) if n else None for c, r, n in zip(classes, right, samples, strict=True)}


def mean_per_class(predictions: ArrayLike, labels: ArrayLike) -> float:
    """The mean of the per-class accuracies over the classes that have a sample.

    ``predictions`` and ``labels`` are integers [N]. Raises `ZsarError` when they are empty or
    don't match. Known elsewhere as balanced accuracy.

    Examples:
        >>> mean_per_class([0, 0, 0, 0], [0, 0, 0, 1])
        0.5
    """
    predictions, labels = checks.pair(predictions, labels)
    _, which, samples = np.unique(labels, return_inverse=True, return_counts=True)
    right = np.bincount(which.reshape(-1), weights=predictions == labels)
    return float(np.mean(right / samples))


def confusion(predictions: ArrayLike, labels: ArrayLike, n_classes: int) -> list[list[int]]:
    """How often class i (row) was predicted as class j (column): [n_classes][n_classes] integers.

    Raises `ZsarError` when the arrays are empty, don't match, or hold a class out of range.

    Examples:
        >>> confusion([0, 1, 1], [0, 0, 1], 2)
        [[1, 1], [0, 1]]
    """
    predictions, labels = checks.pair(predictions, labels, n_classes)
    pairs = np.bincount(labels * n_classes + predictions, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes).tolist()


def zsl_metrics(scores: ArrayLike, labels: ArrayLike, classes: Sequence[Hashable]) -> dict[str, Any]:
    """Judge the scores of one subset against all its candidate classes.

    ``scores`` [N, C] (larger is more similar), ``labels`` integers [N] in 0..C-1, ``classes`` the C
    candidate ids in the order of the columns. The first of equal largest scores is the prediction,
    as `numpy.argmax` has it, so constant scores predict the first class throughout.

    Returns ``top1`` and ``mean_per_class`` (fractions in [0, 1]), ``per_class`` {id: fraction, or
    None for a class without a sample}, ``confusion`` [C][C], ``samples`` and ``chance`` (1/C).
    Raises `ZsarError` for scores with NaN, labels out of range and shapes that don't match.

    Examples:
        >>> numbers = zsl_metrics([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0, 1, 1], ["walk", "sit"])
        >>> numbers["top1"], numbers["mean_per_class"], numbers["chance"]
        (0.667, 0.75, 0.5)
        >>> numbers["per_class"]
        {'walk': 1.0, 'sit': 0.5}
    """
    scores, classes = np.asarray(scores), list(classes)
    if scores.ndim != 2 or scores.shape[1] != len(classes) or not classes:
        raise ZsarError(
            f"scores of shape {list(scores.shape)} don't match {len(classes)} classes: expected [samples, classes]"
        )
    if len(scores) != np.size(labels):
        raise ZsarError(f"scores for {len(scores)} samples, but labels for {np.size(labels)}")
    broken = np.isnan(scores)
    if broken.any():
        raise ZsarError(
            f"{int(broken.sum())} of {scores.size} scores are NaN, "
            f"in {int(broken.any(axis=1).sum())} of {len(scores)} samples",
            checks.DIVERGED,
        )
    labels = checks.integers(labels, "labels")  # an empty subset is refused before argmax meets it
    predictions = scores.argmax(axis=1)
    return {
        "top1": top1(predictions, labels),
        "mean_per_class": mean_per_class(predictions, labels),
        "per_class": per_class_accuracy(predictions, labels, classes),
        "confusion": confusion(predictions, labels, len(classes)),
        "samples": len(scores),
        "chance": 1 / len(classes),
    }
