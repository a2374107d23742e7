"""Class vectors as authors release them: a row for each class, in class order, in files like ``lb_60.npy``."""

import re
from pathlib import Path

import numpy as np

from zsar.data.arrays import load
from zsar.errors import DataError
from zsar.skeletons.readers.source import Source

FILE = re.compile(r"(?P<kind>[^/]+?)_(?P<classes>\d+)\.npy")
LARGEST = 16 * 2**20
"""Bytes; 120 classes by 1024 numbers are half a MiB."""
_KINDS = {"lb": "label", "ad": "description", "md": "motion"}


def kind_of(stem: str) -> str:
    """The kind of prompt of a file's name: class names, descriptions of the action, those of the motion, or itself."""
    return _KINDS.get(stem, stem)


def read_class_vectors(source: Source | Path, name: str, classes: int) -> np.ndarray:
    """Vectors [C, D] float32 of so many classes, from a ``.npy`` in a folder or archive (``name`` "": itself one).

    Raises `DataError` naming the file unless it holds a finite vector of floating-point numbers for each class.
    """
    array = load(source, name, 2, "f", (classes, None), limit=LARGEST)
    where = f"{source.path if isinstance(source, Source) else source}{name and f': {name}'}"
    if not 0 < array.nbytes <= LARGEST:
        raise DataError(f"{where} has {array.nbytes} bytes: not a vector for each of {classes} classes")
    with np.errstate(over="ignore"):
        vectors = np.array(array, np.float32)
    empty = np.flatnonzero(~np.isfinite(vectors).all(axis=1) | ~vectors.any(axis=1))
    if len(empty):
        raise DataError(
            f"{where} should hold a vector for each of {classes} classes; row {empty[0] + 1} has "
            + ("only zeros" if np.isfinite(vectors[empty[0]]).all() else "NaN or infinite values"),
            "Get the file again.",
        )
    return vectors
