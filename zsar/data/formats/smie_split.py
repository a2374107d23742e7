"""One split's folder as SMIE and PGFA hand it out: its labels, and which split of which family they make."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from zsar.data import unpickling
from zsar.data.arrays import load
from zsar.data.cards import TRAINING, DatasetCard
from zsar.data.formats.found import listed
from zsar.data.pickled import PickledArray
from zsar.data.splits import Split, splits_of
from zsar.errors import DataError
from zsar.skeletons.readers.source import Source

SUBSETS = {"seen_train": TRAINING, "seen_test": "validation", "unseen": "validation"}
"""What a split's folder may hold, as ``<subset>_data.npy`` and ``<subset>_label.npy``; seen_test may be missing."""


@dataclass(frozen=True)
class SplitFolder:
    """``labels`` maps the subsets that are there to class numbers from 0 [N]; ``split`` is what they make."""

    folder: str
    labels: dict[str, np.ndarray]
    split: Split
    lines: list[str]


def read_split(source: Source, folder: str, of: DatasetCard) -> SplitFolder:
    """Read a folder's labels and tell its split by them.

    Raises `DataError` for labels that the dataset doesn't have, for seen classes among the unseen, and for classes
    that make no split known here or another one than the folder is named after.
    """
    found = {subset: _labels(source, folder, subset) for subset in SUBSETS}
    labels = {subset: numbers for subset, numbers in found.items() if numbers is not None}
    where = f"{source.path}: {folder or '.'}"
    for needed in ("seen_train", "unseen"):
        if needed not in labels:
            raise DataError(f"{where} lacks {needed}_data.npy", "A split's folder holds seen_train and unseen clips.")
    first, lines = _first(labels, len(of.classes), where)
    labels = {subset: numbers - first for subset, numbers in labels.items()}
    ids = list(of.classes)
    seen, unseen = (
        {ids[i] for subset, numbers in labels.items() if subset.startswith(side) for i in np.unique(numbers)}
        for side in ("seen", "unseen")
    )
    if seen & unseen:
        raise DataError(f"{where}: classes both seen and unseen: {_named(seen & unseen, of)}", "It is no split.")
    name = PurePosixPath(folder).name or source.path.name
    split = _matched(seen, unseen, name, of, where)
    same = [f"{s.family}.{s.name}" for s in splits_of(of) if s.hash == split.hash]
    lines.insert(0, f"{name}: split {' = '.join(same)} of {of.id} ({split.sizes} classes)")
    for subset, found in labels.items():
        lines.append(f"{subset}: {len(found)} clips of {len(np.unique(found))} classes")
    if "seen_test" not in labels:
        lines.append("no seen_test: generalized numbers can't be had from it")
    return SplitFolder(folder, labels, split, lines)


def _labels(source: Source, folder: str, subset: str) -> np.ndarray | None:
    """Class numbers [N] of a subset: an array, or in older releases a pickle of (names, numbers); None for no clips."""
    there = {name for name, _ in source.find(re.compile(rf"{subset}_(data|label)\.(npy|pkl)"))}
    data, array, pickled = (f"{folder}{subset}_{end}" for end in ("data.npy", "label.npy", "label.pkl"))
    if data not in there:
        return None
    if array in there:
        return load(source, array, 1, "iu").astype(np.int64)
    if pickled not in there:
        raise DataError(f"{source.path}: {data} has no labels: neither {subset}_label.npy nor .pkl lies beside it")
    where = f"{source.path}: {pickled}"
    try:
        content = unpickling.load(source.read(pickled), where)
    except DataError as e:
        raise e if where in e.message else DataError(f"{where} {e.message}") from e
    if isinstance(content, (tuple, list)) and len(content) == 2 and isinstance(content[0], (tuple, list)):
        content = content[1]
    if isinstance(content, PickledArray):
        content = content.array().tolist()
    if not isinstance(content, (tuple, list)) or not all(type(number) is int for number in content):
        raise DataError(f"{where} should hold class numbers, or names and class numbers")
    if not all(0 <= number < 2**31 for number in content):
        raise DataError(f"{where} holds class numbers that are none")
    return np.array(content, dtype=np.int64)


def _first(labels: dict[str, np.ndarray], classes: int, where: str) -> tuple[int, list[str]]:
    """The number that the first class has. All classes have clips, so that 1 to C can only be counted from 1."""
    found = np.unique(np.concatenate(list(labels.values())))
    if not len(found):
        raise DataError(f"{where} holds no labels")
    if len(found) == classes and found[0] == 1 and found[-1] == classes:
        return 1, ["class numbers count from 1 (the released ones count from 0)"]
    if found[0] < 0 or found[-1] >= classes:
        raise DataError(
            f"{where} holds class numbers from {found[0]} to {found[-1]}, expected 0 to {classes - 1}",
            "Is it another dataset's? Name its own with --of.",
        )
    return 0, []


def _named_after(name: str, known: list[Split]) -> Split | None:
    """The split that a folder's name tells: ``split_1`` is SMIE's first, ``unseen_label_5`` SynSE's with 5 unseen."""
    match = re.fullmatch(r"(split|unseen_label)_(\d+)", name)
    for split in known if match else ():
        if split.family == "smie" and name == split.name.replace("-", "_"):
            return split
        if split.family == "synse" and match[1] == "unseen_label" and split.name.endswith(f"-{match[2]}"):
            return split
    return None


def _matched(seen: set[str], unseen: set[str], name: str, of: DatasetCard, where: str) -> Split:
    """The split with these unseen classes; the one that the folder is named after, if it is named after one."""
    known = splits_of(of)
    said = _named_after(name, known)
    found = [s for s in known if set(s.unseen) == unseen]
    if said and set(said.unseen) != unseen:
        also = f"; it is that of {found[0].family}.{found[0].name}" if found else ""
        raise DataError(
            f"{where} is named after {said.family}.{said.name}, but its unseen classes are others{also}. "
            + _difference(unseen, set(said.unseen), of),
            "Is it another dataset's (name it with --of), or a split of somebody's own?",
        )
    if not found:
        nearest = max(known, key=lambda s: len(unseen & set(s.unseen)) - len(unseen ^ set(s.unseen)), default=None)
        hint = f"The nearest is {nearest.family}.{nearest.name}. {_difference(unseen, set(nearest.unseen), of)}"
        raise DataError(
            f"{where}: its {len(unseen)} unseen classes make no split of {of.id}", hint if nearest else None
        )
    if seen != set(found[0].seen):
        absent = set(found[0].seen) - seen
        raise DataError(
            f"{where} holds no clip of {len(absent)} seen classes of {found[0].family}.{found[0].name}: "
            + _named(absent, of),
            "The folder isn't complete.",
        )
    return said or found[0]


def _difference(found: set[str], defined: set[str], of: DatasetCard) -> str:
    parts = []
    if found - defined:
        parts.append(f"Unseen here only: {_named(found - defined, of)}.")
    if defined - found:
        parts.append(f"Unseen by its definition only: {_named(defined - found, of)}.")
    return " ".join(parts)


def _named(ids: set[str], of: DatasetCard) -> str:
    return listed([f"{c} ({of.classes[c]})" for c in sorted(ids)], 10)
