"""Clips as SMIE and PGFA hand them out: ``data/zeroshot/<dataset>/split_k/{seen_train,seen_test,unseen}_data.npy``.

Clips are [N, 3, T, 25, 2] in metres, resampled to 50 frames, with labels ``*_label.npy`` [N] that count from 0 (older
releases: pickles of (names, labels)). Training clips are those of the cross-subject training subjects, and training
clips of unseen classes are left out, so that a folder serves its own split only (split.py and config.py of the released
code; ``split_k`` are SMIE's splits, ``unseen_label_n`` SynSE's). ``data/language/<dataset>_*.npy`` are class vectors.
"""

import functools
import re
from pathlib import Path, PurePosixPath

import numpy as np

from zsar.data.arrays import header, rows, verify
from zsar.data.cards import DatasetCard, card
from zsar.data.formats.found import Found, listed
from zsar.data.formats.smie_split import SUBSETS, SplitFolder, read_split
from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.reading import Reading, checked
from zsar.skeletons.readers.source import Source

TITLE = "clips in the layout of SMIE and PGFA (seen_train_data, unseen_data)"
DATASETS = {"ntu60": "ntu60", "ntu120": "ntu120", "pku": "pku", "pku51": "pku"}
"""What the released folders call the datasets."""
JOINTS, BODIES = 25, 2


def recognises(source: Source) -> bool:
    """Whether a seen_train_data.npy and an unseen_data.npy lie in one folder."""
    return len(_folders(source)) > 0


def examine(path: Path, name: str, known: DatasetCard | None) -> Found:
    """Read one split's labels and tell dataset and split by them.

    Raises `DataError` when there are several splits (naming them), and for what contradicts the split's definition.
    """
    path = Path(path).expanduser()
    source = Source(path)
    folder, of = _meant(source, known)
    found = read_split(source, folder, of)
    reading = SplitReading(path, folder, of.id, found)
    for subset in found.labels:
        verify(source, f"{folder}{subset}_data.npy")
    lines = [*found.lines, "training clips of unseen classes aren't in it: it serves this split only"]
    lines += _language(source, folder, of)
    return Found(functools.partial(SplitReading, path, folder, of.id), [*lines, *reading.told()], of.id)


def _folders(source: Source) -> list[str]:
    """Folders of splits as prefixes of names, "" or "zeroshot/ntu60/split_1/"."""
    train, unseen = (
        {name.removesuffix(m[0]) for name, m in source.find(re.compile(rf"{subset}_data\.npy"))}
        for subset in ("seen_train", "unseen")
    )
    return sorted(train & unseen)


def _meant(source: Source, known: DatasetCard | None) -> tuple[str, DatasetCard]:
    """The one folder of a split in a source, and its dataset."""
    folders = _folders(source)
    told = {folder: _dataset(source, folder) for folder in folders}
    if known is not None:
        folders = [f for f in folders if told[f] in ("", known.id)]
    if not told:
        raise DataError(f"{source.path} holds no split: no seen_train_data.npy beside an unseen_data.npy")
    if not folders:
        raise DataError(f"{source.path} holds no split of {known.id}", f"It holds {_listed(told)}.")
    if len(folders) > 1:
        raise DataError(
            f"{source.path} holds {len(folders)} splits", f"Give the folder of one of them: {_listed(folders)}."
        )
    of = told[folders[0]]
    if known is None and not of:
        raise DataError(f"{source.path} doesn't say of which dataset its clips are", "Say which: --of ntu60")
    of = known or card(of)
    if of.layout != "kinect_v2":
        raise DataError(f"{source.path} holds skeletons of 25 joints, {of.id} has those of {of.layout}")
    return folders[0], of


def _listed(folders) -> str:
    return listed([folder.rstrip("/") or "." for folder in folders], 20)


def _dataset(source: Source, folder: str) -> str:
    """The dataset whose name is a folder's above the split's, the nearest one; "" when none is."""
    above = [*source.path.absolute().with_suffix("").parts, *PurePosixPath(folder).parts]
    return next((DATASETS[part.lower()] for part in reversed(above) if part.lower() in DATASETS), "")


def _language(source: Source, folder: str, of: DatasetCard) -> list[str]:
    """What class vectors lie in the folder ``language`` of the release."""
    where = [(source, n) for n, _ in source.find(re.compile(r".+\.npy")) if "language" in PurePosixPath(n).parent.parts]
    for above in source.path.absolute().parents[:3] if not where and source.path.is_dir() else ():
        there = sorted((above / "language").glob("*.npy"))
        where = [(above / "language", file.name) for file in there]
        if where:
            break
    lines = []
    for place, name in where:
        stem = PurePosixPath(name).stem
        if DATASETS.get(stem.split("_")[0].lower()) != of.id:
            continue
        shape = header(place, name).shape
        fits = len(shape) == 2 and shape[0] == len(of.classes)
        told = f"{shape[0]} classes, {shape[1]} wide" if fits else f"shape {list(shape)}, not a row for each class"
        lines.append(f"text vectors {name}: {told}")
    return lines


class SplitReading(Reading):
    """Clips of one split's folder; a part is a row, named like ``seen_train_000012``."""

    def __init__(self, path: Path, folder: str, of: str, found: SplitFolder | None = None):
        self._source, self._folder, self.origin = Source(path), folder, str(path)
        description = card(of)
        found = found or read_split(self._source, folder, description)
        self._labels, self._classes = found.labels, list(description.classes)
        self._name = PurePosixPath(folder).name or self._source.path.name
        self._data = {}
        for subset, labels in self._labels.items():
            data = rows(self._source, f"{folder}{subset}_data.npy", 5, "f", (None, 3, None, JOINTS, BODIES))
            if len(data) != len(labels):
                raise DataError(f"{data.where} has {len(data)} clips, {subset}_label has {len(labels)} labels")
            self._data[subset] = data
        self.parts = [f"{subset}_{i:06d}" for subset in self._labels for i in range(len(self._labels[subset]))]
        self.left_out = []

    def told(self) -> list[str]:
        """How long the clips are."""
        lengths = sorted({data.shape[2] for data in self._data.values()})
        return [f"clips of {' and '.join(map(str, lengths))} frames"]

    def clips(self, part: str) -> list[Clip]:
        """The one clip of a row. Raises `DataError` for zeros only and for NaN."""
        subset, _, number = part.rpartition("_")
        i = int(number)
        with np.errstate(over="ignore"):
            x = self._data[subset].read(i, i + 1)[0].astype(np.float32)
        frames = np.ascontiguousarray(x.transpose(1, 3, 2, 0))
        label = self._classes[self._labels[subset][i]]
        source = f"{self._folder}{subset}_data.npy[{i}]"
        return [Clip(checked(frames, JOINTS), label, f"{self._name}_{part}", SUBSETS[subset], "", source)]

    def identity(self) -> str:
        """Of the folder's arrays and labels."""
        subsets = "|".join(SUBSETS)
        pattern = re.compile(rf"({subsets})_(data|label)\.(npy|pkl)")
        return self._source.identity([n for n, m in self._source.find(pattern) if n == self._folder + m[0]])
