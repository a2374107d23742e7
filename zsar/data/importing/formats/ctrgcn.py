"""The arrays that CTR-GCN and many after it train on: ``NTU60_CS.npz``, ``NTU60_CV.npz``, ``NTU120_CSub.npz``,
``NTU120_CSet.npz``.

``x_train`` and ``x_test`` [N, T, 150] hold two bodies of 25 joints in metres, centred on the first frame's spine and
padded with zeros at the end; ``y_train`` and ``y_test`` [N, C] are one-hot. Subjects, cameras and names are lost: all
that is known of a clip is whether it trains. In the NTU 120 files the second body of a one-person clip repeats the
first (seq_transformation.py of the released code); such a body is taken as absent here.
"""

import functools
import re
from pathlib import Path

import numpy as np

from zsar.data.arrays import Rows, load, rows, verify
from zsar.data.cards import TRAINING, DatasetCard, card
from zsar.data.importing.sources import (
    KINECT_V2,
    ClipSource,
    RowReading,
    only_file,
    require_kinect_v2,
    unnamed_dataset,
)
from zsar.errors import DataError, listing
from zsar.skeletons.readers.source import Source

TITLE = "CTR-GCN's arrays (x_train, y_train, x_test, y_test)"
PARTS = {"train": TRAINING, "test": "validation"}
FILE = re.compile(
    r"(?:(?P<of>[A-Za-z]+\d*)_)?.*?(?P<by>CSub|CSet|CS|CV|xsub|xview|xset)(?:_[^/]*)?\.npz", re.IGNORECASE
)
NAMED = re.compile(r"ntu[a-z]*\d*_.*?(CSub|CSet|CS|CV|xsub|xview|xset)(?:_[^/]*)?\.npz", re.IGNORECASE)
"""Those of the files that are told by their name alone."""
BY = {"cs": "subject", "csub": "subject", "xsub": "subject"} | dict.fromkeys(("cv", "cset", "xview", "xset"), "view")
MEMBERS = frozenset(f"{axis}_{part}.npy" for axis in "xy" for part in PARTS)


def recognises(source: Source) -> bool:
    """Whether it is an archive of these four arrays, or a folder with files named like CTR-GCN's."""
    names = {name for name, _ in source.find(re.compile(r"[xy]_(train|test)\.npy"))}
    return names == MEMBERS or (source.path.is_dir() and len(source.find(NAMED)) > 0)


def examine(path: Path, name: str, of: DatasetCard | None) -> ClipSource:
    """Check shapes and labels, and find the dataset (``of``, or by the file's name and its number of classes).

    Raises `DataError` for rows that aren't one-hot, for counts that don't belong together, and when neither the file's
    name nor ``of`` says what it is.
    """
    path = only_file(Path(path), NAMED, "NTU60_CS.npz")
    arrays = _Arrays(path)
    of = _dataset(path, arrays.classes, of)
    match = FILE.fullmatch(path.name)
    if match is None:
        raise DataError(
            f"{path}: its name doesn't say whether its clips are divided by subject or by view",
            "Name it as the released code does: NTU60_CS.npz, NTU60_CV.npz, NTU120_CSub.npz, NTU120_CSet.npz.",
        )
    for part in PARTS:
        verify(path, f"x_{part}.npy")
    ids, by = list(of.classes), BY[match["by"].lower()]
    lines = [f"{of.title} ({of.id}), divided by {by}; subjects, cameras and names are not known"]
    for part in PARTS:
        absent = [ids[i] for i in range(len(ids)) if i not in set(arrays.labels[part].tolist())]
        lines.append(
            f"{part}: {len(arrays.labels[part])} clips of {len(ids) - len(absent)} classes, up to "
            f"{arrays.x[part].shape[1]} frames" + (f"; no clip of {listing(absent)}" if absent else "")
        )
    return ClipSource(functools.partial(ArraysReading, path, of.id, by), lines, of.id)


def _dataset(path: Path, classes: int, of: DatasetCard | None) -> DatasetCard:
    match = FILE.fullmatch(path.name)
    name = (match and match["of"] or "").lower()
    if name == "ntu":
        name = {60: "ntu60", 120: "ntu120"}.get(classes)
    if name not in ("ntu60", "ntu120"):
        name = None
    if of is None and name is None:
        raise unnamed_dataset(path)
    if of is not None and name is not None and of.id != name:
        raise DataError(f"{path} is named as one of {name}, not of {of.id}", f"Name its dataset: --of {name}")
    of = of or card(name)
    if len(of.classes) != classes:
        raise DataError(
            f"{path}: y_train has {classes} columns, {of.id} has {len(of.classes)} classes",
            "Is it another dataset's? Name it with --of.",
        )
    require_kinect_v2(path, of)
    return of


class _Arrays:
    """The four arrays, held against each other: frames stay in the file, labels are numbers [N]."""

    def __init__(self, path: Path):
        self.x: dict[str, Rows] = {}
        self.labels: dict[str, np.ndarray] = {}
        widths = set()
        for part in PARTS:
            self.x[part] = rows(path, f"x_{part}.npy", 3, "f", (None, None, KINECT_V2 * 6))
            y = load(path, f"y_{part}.npy", 2, "iuf")
            if len(y) != len(self.x[part]):
                raise DataError(f"{path}: x_{part} has {len(self.x[part])} clips, y_{part} {len(y)} rows")
            wrong = ((y != 0) & (y != 1)).any(axis=1) | ((y == 1).sum(axis=1) != 1)
            if wrong.any():
                raise DataError(f"{path}: row {int(wrong.argmax())} of y_{part} isn't one-hot")
            self.labels[part] = y.argmax(axis=1) if y.shape[1] else np.zeros(0, np.int64)
            widths.add(y.shape[1])
        if len(widths) > 1:
            raise DataError(f"{path}: y_train and y_test have different numbers of classes: {sorted(widths)}")
        self.classes = widths.pop()


class ArraysReading(RowReading):
    """Clips of these arrays; ``by`` is the side, subject or view, that training and test clips are told apart by."""

    def __init__(self, path: Path, of: str, by: str):
        arrays = _Arrays(path)
        sides = {part: (side, "") if by == "subject" else ("", side) for part, side in PARTS.items()}
        super().__init__(Source(path), path, path.stem, of=card(of), data=arrays.x, labels=arrays.labels, sides=sides)

    def frames(self, row: np.ndarray) -> np.ndarray:
        """Frames [T, 2, 25, 3] of a row, without the padding at its end."""
        filled = np.flatnonzero(row.any(axis=1))
        frames = row[: filled[-1] + 1 if len(filled) else 1].reshape(-1, 2, KINECT_V2, 3)
        if np.array_equal(frames[:, 0], frames[:, 1]):
            frames[:, 1] = 0
        return frames

    def where(self, name: str) -> str:
        """The array of a part."""
        return f"x_{name}"

    def identity(self) -> str:
        """Of the file's four arrays."""
        return self.source.identity(sorted(MEMBERS))
