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
from zsar.data.formats.found import Found, listed
from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.reading import Reading, checked
from zsar.skeletons.readers.source import Source

TITLE = "CTR-GCN's arrays (x_train, y_train, x_test, y_test)"
VALIDATION = "validation"
PARTS = {"train": TRAINING, "test": VALIDATION}
FILE = re.compile(
    r"(?:(?P<of>[A-Za-z]+\d*)_)?.*?(?P<by>CSub|CSet|CS|CV|xsub|xview|xset)(?:_[^/]*)?\.npz", re.IGNORECASE
)
BY = {"cs": "subject", "csub": "subject", "xsub": "subject"} | dict.fromkeys(("cv", "cset", "xview", "xset"), "view")
MEMBERS = frozenset(f"{axis}_{part}.npy" for axis in "xy" for part in PARTS)
JOINTS = 25


def recognises(source: Source) -> bool:
    """Whether it is an archive of these four arrays, or a folder with files named like CTR-GCN's."""
    inside = {name for name, _ in source.find(re.compile(r"[xy]_(train|test)\.npy"))}
    return inside == MEMBERS or (source.path.is_dir() and len(_files(source)) > 0)


def examine(path: Path, name: str, known: DatasetCard | None) -> Found:
    """Check shapes and labels, and tell the dataset (``known``, or by the file's name and its number of classes).

    Raises `DataError` for rows that aren't one-hot, for counts that don't belong together, and when neither the file's
    name nor ``known`` says what it is.
    """
    path = _file(Path(path))
    arrays = _Arrays(path)
    of = _dataset(path, arrays.classes, known)
    match = FILE.fullmatch(path.name)
    if match is None:
        raise DataError(
            f"{path}: its name doesn't say whether its clips are divided by subject or by view",
            "Name it as the released code does: NTU60_CS.npz, NTU60_CV.npz, NTU120_CSub.npz, NTU120_CSet.npz.",
        )
    for part in PARTS:
        verify(path, f"x_{part}.npy")
    ids = list(of.classes)
    lines = [f"{of.title} ({of.id}), divided by {BY[match['by'].lower()]}; subjects, cameras and names are not known"]
    for part in PARTS:
        absent = [ids[i] for i in range(len(ids)) if i not in set(arrays.labels[part].tolist())]
        lines.append(
            f"{part}: {len(arrays.labels[part])} clips of {len(ids) - len(absent)} classes, up to "
            f"{arrays.x[part].shape[1]} frames" + (f"; no clip of {listed(absent)}" if absent else "")
        )
    return Found(functools.partial(ArraysReading, path, of.id, BY[match["by"].lower()]), lines, of.id)


def _files(source: Source) -> list[str]:
    return [name for name, m in source.find(FILE) if m["of"] and m["of"].lower().startswith("ntu")]


def _file(path: Path) -> Path:
    """The one .npz that is meant."""
    if not path.is_dir():
        return path
    found = _files(Source(path))
    if len(found) != 1:
        what = listed(found) or "no file like NTU60_CS.npz"
        raise DataError(f"{path} holds {what}", "Give one of them with --source.")
    return path / found[0]


def _dataset(path: Path, classes: int, known: DatasetCard | None) -> DatasetCard:
    match = FILE.fullmatch(path.name)
    said = (match and match["of"] or "").lower()
    said = said if said in ("ntu60", "ntu120") else {60: "ntu60", 120: "ntu120"}.get(classes) if said == "ntu" else None
    if known is None and said is None:
        raise DataError(f"{path} holds clips of {classes} classes: of which dataset?", "Say which: --of ntu60")
    of = known or card(said)
    if known is not None and said is not None and known.id != said:
        raise DataError(f"{path} is named as one of {said}, not of {known.id}", "Name its dataset: --of " + said)
    if len(of.classes) != classes:
        raise DataError(
            f"{path}: y_train has {classes} columns, {of.id} has {len(of.classes)} classes",
            "Is it another dataset's? Name it with --of.",
        )
    if of.layout != "kinect_v2":
        raise DataError(f"{path} holds skeletons of 25 joints, {of.id} has those of {of.layout}")
    return of


class _Arrays:
    """The four arrays, held against each other: frames stay in the file, labels are numbers [N]."""

    def __init__(self, path: Path):
        self.x: dict[str, Rows] = {}
        self.labels: dict[str, np.ndarray] = {}
        widths = set()
        for part in PARTS:
            self.x[part] = rows(path, f"x_{part}.npy", 3, "f", (None, None, JOINTS * 6))
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


class ArraysReading(Reading):
    """Clips of these arrays; a part is a row, named like ``train_000012``."""

    def __init__(self, path: Path, of: str, by: str):
        self._arrays, self._by, self.origin, self._source = _Arrays(path), by, str(path), Source(path)
        self._classes, self._stem = list(card(of).classes), path.stem
        self.parts = [f"{part}_{i:06d}" for part in PARTS for i in range(len(self._arrays.labels[part]))]
        self.left_out = []

    def clips(self, part: str) -> list[Clip]:
        """The one clip of a row, without the padding at its end. Raises `DataError` for zeros only and for NaN."""
        side, _, number = part.partition("_")
        i = int(number)
        with np.errstate(over="ignore"):
            x = self._arrays.x[side].read(i, i + 1)[0].astype(np.float32)
        filled = np.flatnonzero(x.any(axis=1))
        frames = x[: filled[-1] + 1 if len(filled) else 1].reshape(-1, 2, JOINTS, 3)
        if np.array_equal(frames[:, 0], frames[:, 1]):
            frames[:, 1] = 0
        divided = {"subject": "", "view": ""} | {self._by: PARTS[side]}
        label = self._classes[self._arrays.labels[side][i]]
        source = f"x_{side}[{i}]"
        return [Clip(checked(frames, JOINTS), label, f"{self._stem}_{part}", **divided, source=source)]

    def identity(self) -> str:
        """Of the file's four arrays."""
        return self._source.identity(sorted(MEMBERS))
