"""What arrays must be before they are judged: each check gives them as numpy arrays, or raises `ZsarError`."""

import numpy as np
from numpy.typing import ArrayLike

from zsar.errors import ZsarError

DIVERGED = "The method diverged or was fed NaN; a lower learning rate is the usual cure."


def integers(values: ArrayLike, name: str, below: int | None = None) -> np.ndarray:
    """Integers [N] as int64, N > 0; with ``below`` all of them positions among so many classes."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ZsarError(f"{name} should be [N], not of shape {list(array.shape)}")
    if not array.size:
        raise ZsarError(f"no samples to judge: the {name} are empty")
    if array.dtype.kind not in "iu":
        raise ZsarError(f"{name} should be integers, not {array.dtype}")
    array = array.astype(np.int64)
    outside = array[(array < 0) | (array >= below)] if below is not None else array[:0]
    if outside.size:
        raise ZsarError(
            f"{outside.size} of {array.size} {name} out of range: {outside[0]} is not a position among {below} classes"
        )
    return array


def pair(predictions: ArrayLike, labels: ArrayLike, classes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and labels [N] of the same samples, as `integers` gives them."""
    predictions, labels = integers(predictions, "predictions", classes), integers(labels, "labels", classes)
    if len(predictions) != len(labels):
        raise ZsarError(f"{len(predictions)} predictions, but {len(labels)} labels")
    return predictions, labels


def finite(values: np.ndarray, name: str) -> np.ndarray:
    """The values as a floating array without NaN and infinity; a floating type is kept."""
    if values.dtype.kind not in "fiub":
        raise ZsarError(f"{name} should be numbers, not {values.dtype}")
    values = values if values.dtype.kind == "f" else values.astype(np.float64)
    broken = ~np.isfinite(values)
    if broken.any():
        where = int(broken.reshape(len(values), -1).any(axis=1).sum())
        raise ZsarError(
            f"{int(broken.sum())} of {values.size} {name} are NaN or infinite, in {where} of {len(values)} samples",
            DIVERGED,
        )
    return values


def fractions(values: ArrayLike, name: str) -> np.ndarray:
    """Numbers [N] between 0 and 1 as float64, N > 0."""
    array = np.asarray(values)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "biuf":
        raise ZsarError(f"{name} should be numbers [N] with N > 0, not {array.dtype} {list(array.shape)}")
    array = array.astype(np.float64)
    if not ((array >= 0) & (array <= 1)).all():
        raise ZsarError(f"{name} should lie between 0 and 1")
    return array


def mask(seen_mask: ArrayLike) -> np.ndarray:
    """A bool mask [C] with at least one seen and one unseen class."""
    array = np.asarray(seen_mask)
    if array.ndim != 1 or array.dtype != bool:
        raise ZsarError(
            f"the mask of seen classes should be bool [C], not {array.dtype} of shape {list(array.shape)}",
            "From ids: numpy.isin(classes, seen_classes)",
        )
    if array.all() or not array.any():
        kind = "unseen" if len(array) and array.all() else "seen"
        raise ZsarError(f"none of the {len(array)} classes is {kind}: there is nothing to weigh")
    return array


def masked_scores(scores: ArrayLike, seen_mask: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Finite scores [N, C] and the mask [C] of their columns."""
    array, seen = np.asarray(scores), mask(seen_mask)
    if array.ndim != 2 or array.shape[1] != len(seen):
        raise ZsarError(
            f"scores of shape {list(array.shape)} don't match a mask of {len(seen)} classes: "
            "expected [samples, classes]"
        )
    return finite(array, "scores"), seen


def judged_scores(
    scores: ArrayLike, labels: ArrayLike, seen_mask: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Finite scores [N, C], labels [N] and mask [C] that fit together."""
    array, seen = masked_scores(scores, seen_mask)
    positions = integers(labels, "labels", len(seen))
    if len(array) != len(positions):
        raise ZsarError(f"scores for {len(array)} samples, but labels for {len(positions)}")
    return array, positions, seen
