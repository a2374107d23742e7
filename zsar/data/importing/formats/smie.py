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

from zsar.data import pickles
from zsar.data.arrays import header, load, rows, verify
from zsar.data.cards import TRAINING, DatasetCard, card
from zsar.data.importing.sources import (
    KINECT_V2,
    ClipSource,
    RowReading,
    class_names,
    require_kinect_v2,
    same_splits,
    unnamed_dataset,
)
from zsar.data.splits import Split, splits_of
from zsar.errors import DataError, listing
from zsar.skeletons.readers.source import Source

TITLE = "clips in the layout of SMIE and PGFA (seen_train_data, unseen_data)"
DATASETS = {"ntu60": "ntu60", "ntu120": "ntu120", "pku": "pku", "pku51": "pku"}
"""What the released folders call the datasets."""
SUBSETS = {"seen_train": TRAINING, "seen_test": "validation", "unseen": "validation"}
"""What a split's folder may hold, as ``<subset>_data.npy`` and ``<subset>_label.npy``; seen_test may be missing."""
FILE = re.compile(rf"({'|'.join(SUBSETS)})_(data|label)\.(npy|pkl)")


def recognises(source: Source) -> bool:
    """Whether a seen_train_data.npy and an unseen_data.npy lie in one folder."""
    return len(_folders(source)) > 0


def examine(path: Path, name: str, of: DatasetCard | None) -> ClipSource:
    """Read one split's labels and find dataset and split by them.

    Raises `DataError` when there are several splits (naming them), and for what contradicts the split's definition.
    """
    path = Path(path).expanduser()
    source = Source(path)
    folder, of = _one_folder(source, of)
    labels, lines = read_labels(source, folder, of)
    reading = SplitReading(path, folder, of.id, labels)
    for subset in labels:
        verify(source, f"{folder}{subset}_data.npy")
    lines.append("training clips of unseen classes aren't in it: it serves this split only")
    lines += _language(source, folder, of)
    lines.append(f"clips of {' and '.join(map(str, reading.lengths))} frames")
    return ClipSource(functools.partial(SplitReading, path, folder, of.id), lines, of.id)


def _folders(source: Source) -> list[str]:
    """Folders of splits as prefixes of names, "" or "zeroshot/ntu60/split_1/"."""
    train, unseen = (
        {name.removesuffix(m[0]) for name, m in source.find(re.compile(rf"{subset}_data\.npy"))}
        for subset in ("seen_train", "unseen")
    )
    return sorted(train & unseen)


def _one_folder(source: Source, of: DatasetCard | None) -> tuple[str, DatasetCard]:
    """The one folder of a split in a source, and its dataset."""
    datasets = {folder: _dataset(source, folder) for folder in _folders(source)}
    folders = [f for f, name in datasets.items() if of is None or name in ("", of.id)]
    list_of = lambda names: listing([name.rstrip("/") or "." for name in names], 20)
    if not datasets:
        raise DataError(f"{source.path} holds no split: no seen_train_data.npy beside an unseen_data.npy")
    if not folders:
        raise DataError(f"{source.path} holds no split of {of.id}", f"It holds {list_of(datasets)}.")
    if len(folders) > 1:
        raise DataError(
            f"{source.path} holds {len(folders)} splits", f"Give the folder of one of them: {list_of(folders)}."
        )
    if of is None and not datasets[folders[0]]:
        raise unnamed_dataset(source.path)
    of = of or card(datasets[folders[0]])
    require_kinect_v2(source.path, of)
    return folders[0], of


def _dataset(source: Source, folder: str) -> str:
    """The dataset whose name is a folder's above the split's, the nearest one; "" when none is."""
    above = [*source.path.absolute().with_suffix("").parts, *PurePosixPath(folder).parts]
    return next((DATASETS[part.lower()] for part in reversed(above) if part.lower() in DATASETS), "")


def _language(source: Source, folder: str, of: DatasetCard) -> list[str]:
    """What class vectors lie in the folder ``language`` of the release."""
    places = [
        (source, n) for n, _ in source.find(re.compile(r".+\.npy")) if "language" in PurePosixPath(n).parent.parts
    ]
    for above in source.path.absolute().parents[:3] if not places and source.path.is_dir() else ():
        places = [(above / "language", file.name) for file in sorted((above / "language").glob("*.npy"))]
        if places:
            break
    lines = []
    for place, name in places:
        if DATASETS.get(PurePosixPath(name).stem.split("_")[0].lower()) != of.id:
            continue
        shape = header(place, name).shape
        fits = len(shape) == 2 and shape[0] == len(of.classes)
        content = f"{shape[0]} classes, {shape[1]} wide" if fits else f"shape {list(shape)}, not a row for each class"
        lines.append(f"text vectors {name}: {content}")
    return lines


class SplitReading(RowReading):
    """Clips of one split's folder."""

    def __init__(self, path: Path, folder: str, of: str, labels: dict[str, np.ndarray] | None = None):
        source, description = Source(path), card(of)
        labels = labels or read_labels(source, folder, description)[0]
        data = {}
        for subset in labels:
            shape = (None, 3, None, KINECT_V2, 2)
            data[subset] = rows(source, f"{folder}{subset}_data.npy", 5, "f", shape)
            if len(data[subset]) != len(labels[subset]):
                raise DataError(
                    f"{data[subset].where} has {len(data[subset])} clips, {subset}_label has {len(labels[subset])} "
                    "labels"
                )
        self._folder = folder
        self.lengths = sorted({clips.shape[2] for clips in data.values()})
        name, sides = PurePosixPath(folder).name or source.path.name, {s: (side, "") for s, side in SUBSETS.items()}
        super().__init__(source, path, name, of=description, data=data, labels=labels, sides=sides)

    def frames(self, row: np.ndarray) -> np.ndarray:
        """Frames [T, 2, 25, 3] of a row [3, T, 25, 2]."""
        return np.ascontiguousarray(row.transpose(1, 3, 2, 0))

    def where(self, name: str) -> str:
        """The file of a subset's clips."""
        return f"{self._folder}{name}_data.npy"

    def identity(self) -> str:
        """Of the folder's arrays and labels."""
        return self.source.identity([n for n, m in self.source.find(FILE) if n == self._folder + m[0]])


def read_labels(source: Source, folder: str, of: DatasetCard) -> tuple[dict[str, np.ndarray], list[str]]:
    """A folder's class numbers from 0 [N] by subset, and lines that say which split they make.

    Raises `DataError` for labels that the dataset doesn't have, for seen classes among the unseen, and for classes
    that make no split known here or another one than the folder is named after.
    """
    labels = {subset: _numbers(source, folder, subset) for subset in SUBSETS}
    labels = {subset: numbers for subset, numbers in labels.items() if numbers is not None}
    where = f"{source.path}: {folder or '.'}"
    for needed in ("seen_train", "unseen"):
        if needed not in labels:
            raise DataError(f"{where} lacks {needed}_data.npy", "A split's folder holds seen_train and unseen clips.")
    first = _first(labels, len(of.classes), where)
    labels = {subset: numbers - first for subset, numbers in labels.items()}
    ids = list(of.classes)
    seen, unseen = (
        {ids[i] for subset, numbers in labels.items() if subset.startswith(side) for i in np.unique(numbers)}
        for side in ("seen", "unseen")
    )
    if seen & unseen:
        raise DataError(
            f"{where}: classes both seen and unseen: {class_names(seen & unseen, of)}", "It is not a split."
        )
    name = PurePosixPath(folder).name or source.path.name
    split = _match(seen, unseen, name, of, where)
    lines = [f"{name}: split {same_splits(split, of)} of {of.id} ({split.sizes} classes)"]
    if first:
        lines.append("class numbers count from 1 (the released ones count from 0)")
    lines += [f"{subset}: {len(n)} clips of {len(np.unique(n))} classes" for subset, n in labels.items()]
    if "seen_test" not in labels:
        lines.append("no seen_test: generalized numbers can't be had from it")
    return labels, lines


def _numbers(source: Source, folder: str, subset: str) -> np.ndarray | None:
    """Class numbers [N] of a subset: an array, or in older releases a pickle of (names, numbers); None for no clips."""
    names = {name for name, _ in source.find(FILE)}
    data, array, pickled = (f"{folder}{subset}_{end}" for end in ("data.npy", "label.npy", "label.pkl"))
    if data not in names:
        return None
    if array in names:
        return load(source, array, 1, "iu").astype(np.int64)
    if pickled not in names:
        raise DataError(f"{source.path}: {data} has no labels: neither {subset}_label.npy nor .pkl lies beside it")
    where = f"{source.path}: {pickled}"
    try:
        content = pickles.load(source.read(pickled), where)
    except DataError as e:
        raise e if where in e.message else DataError(f"{where} {e.message}") from e
    if isinstance(content, (tuple, list)) and len(content) == 2 and isinstance(content[0], (tuple, list)):
        content = content[1]
    if isinstance(content, pickles.PickledArray):
        content = content.array().tolist()
    if not isinstance(content, (tuple, list)) or not all(type(number) is int for number in content):
        raise DataError(f"{where} should hold class numbers, or names and class numbers")
    if not all(0 <= number < 2**31 for number in content):
        raise DataError(f"{where} holds class numbers that are none")
    return np.array(content, dtype=np.int64)


def _first(labels: dict[str, np.ndarray], classes: int, where: str) -> int:
    """The number that the first class has. All classes have clips, so that 1 to C can only be counted from 1."""
    numbers = np.unique(np.concatenate(list(labels.values())))
    if not len(numbers):
        raise DataError(f"{where} holds no labels")
    if len(numbers) == classes and numbers[0] == 1 and numbers[-1] == classes:
        return 1
    if numbers[0] < 0 or numbers[-1] >= classes:
        raise DataError(
            f"{where} holds class numbers from {numbers[0]} to {numbers[-1]}, expected 0 to {classes - 1}",
            "Is it another dataset's? Name its own with --of.",
        )
    return 0


def _named_after(name: str, splits: list[Split]) -> Split | None:
    """The split that a folder's name tells: ``split_1`` is SMIE's first, ``unseen_label_5`` SynSE's with 5 unseen."""
    match = re.fullmatch(r"(split|unseen_label)_(\d+)", name)
    for split in splits if match else ():
        if split.family == "smie" and name == split.name.replace("-", "_"):
            return split
        if split.family == "synse" and match[1] == "unseen_label" and split.name.endswith(f"-{match[2]}"):
            return split
    return None


def _match(seen: set[str], unseen: set[str], name: str, of: DatasetCard, where: str) -> Split:
    """The split with these unseen classes; the one that the folder is named after, if it is named after one."""
    splits = splits_of(of)
    named = _named_after(name, splits)
    split = next((s for s in splits if set(s.unseen) == unseen), None)
    if named and set(named.unseen) != unseen:
        also = f"; it is that of {split.key}" if split else ""
        raise DataError(
            f"{where} is named after {named.key}, but its unseen classes are others{also}. "
            + _difference(unseen, set(named.unseen), of),
            "Is it another dataset's (name it with --of), or a split of somebody's own?",
        )
    if split is None:
        nearest = max(splits, key=lambda s: len(unseen & set(s.unseen)) - len(unseen ^ set(s.unseen)), default=None)
        hint = f"The nearest is {nearest.key}. {_difference(unseen, set(nearest.unseen), of)}" if nearest else None
        raise DataError(f"{where}: its {len(unseen)} unseen classes make no split of {of.id}", hint)
    if seen != set(split.seen):
        absent = set(split.seen) - seen
        raise DataError(
            f"{where} holds no clip of {len(absent)} seen classes of {split.key}: {class_names(absent, of)}",
            "The folder isn't complete.",
        )
    return named or split


def _difference(unseen: set[str], defined: set[str], of: DatasetCard) -> str:
    parts = []
    if unseen - defined:
        parts.append(f"Unseen here only: {class_names(unseen - defined, of)}.")
    if defined - unseen:
        parts.append(f"Unseen by its definition only: {class_names(defined - unseen, of)}.")
    return " ".join(parts)
