"""What a format makes of a source before it is read: clips to import, or features; and what several formats share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zsar.data.cards import DatasetCard
from zsar.data.splits import splits_of
from zsar.errors import DataError, listing
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.reading import Reading, check_frames
from zsar.skeletons.readers.source import Source
from zsar.storage import require_plain

if TYPE_CHECKING:
    from zsar.data.arrays import Rows
    from zsar.data.bundles import Phase
    from zsar.data.splits import Split

KINECT_V2 = 25
"""Joints of a clip in the formats that NTU RGB+D and PKU-MMD are released in."""


@dataclass(frozen=True)
class ClipSource:
    """Clips in somebody's format, looked at and sound as far as that shows.

    ``opener`` opens the `Reading` and can be pickled; ``lines`` describe the source. ``of`` is the id of the dataset
    that the clips belong to, "" for one of the user's own; only that has a ``card`` (the content of its card.yaml) and
    ``prompts`` (class id -> {label, description}).
    """

    opener: Callable[[], Reading]
    lines: list[str]
    of: str = ""
    card: dict = field(default_factory=dict)
    prompts: dict = field(default_factory=dict)


@dataclass(frozen=True)
class FeatureSource:
    """What a bundle holds: the ``card`` of the dataset that it becomes, its ``splits`` ("family.name" to split,
    encoder and phases), class vectors ``text`` by model and kind, and ``lines`` that describe it."""

    card: dict
    splits: dict[str, tuple[Split, str, dict[str, Phase]]]
    text: dict[str, dict[str, np.ndarray]]
    lines: list[str]


class RowReading(Reading):
    """Clips that are rows of arrays; a part is a row, named like ``train_000012``.

    ``labels`` maps the arrays' names to class numbers [N] from 0, ``data`` to the `Rows` that hold the clips, ``sides``
    to the subject and view of their clips; a clip's name begins with ``prefix``.
    """

    parallel = True

    def __init__(
        self,
        source: Source,
        origin: Path,
        prefix: str,
        *,
        of: DatasetCard,
        data: Mapping[str, Rows],
        labels: Mapping[str, np.ndarray],
        sides: Mapping[str, tuple[str, str]],
    ):
        self.source, self.origin, self._prefix = source, str(origin), prefix
        self._classes, self._data, self._labels, self._sides = list(of.classes), data, labels, sides
        self.parts = [f"{name}_{i:06d}" for name in labels for i in range(len(labels[name]))]

    def frames(self, row: np.ndarray) -> np.ndarray:
        """Frames [T, M, V, 3] float32 metres of a row."""
        raise NotImplementedError

    def where(self, name: str) -> str:
        """What the import's report calls an array."""
        return name

    def clips(self, part: str) -> list[Clip]:
        """The one clip of a row. Raises `DataError` for zeros only and for NaN."""
        name, _, number = part.rpartition("_")
        i = int(number)
        with np.errstate(over="ignore"):
            row = self._data[name].read(i, i + 1)[0].astype(np.float32)
        label, (subject, view) = self._classes[self._labels[name][i]], self._sides[name]
        frames = check_frames(self.frames(row), KINECT_V2)
        return [Clip(frames, label, f"{self._prefix}_{part}", subject, view, f"{self.where(name)}[{i}]")]


def only_file(path: Path, pattern: re.Pattern, example: str) -> Path:
    """The file itself, or the one in a folder whose name matches.

    Raises `DataError` for none and for several, and for what is not a plain file.
    """
    if path.is_dir():
        names = [name for name, _ in Source(path).find(pattern)]
        if len(names) != 1:
            raise DataError(f"{path} holds {listing(names) or f'no file like {example}'}", "Give one with --source.")
        path = path / names[0]
    require_plain(path)
    return path


def require_kinect_v2(path: Path, of: DatasetCard) -> None:
    """Raises `DataError` when the dataset's skeletons don't have Kinect v2's joints."""
    if of.layout != "kinect_v2":
        raise DataError(f"{path} holds skeletons of {KINECT_V2} joints, {of.id} has those of {of.layout}")


def unnamed_dataset(path: Path) -> DataError:
    """The error for a source that doesn't say what it is of."""
    return DataError(f"{path} doesn't say of which dataset it is", "Name that: --of ntu60 (see: zsar data list)")


def class_names(ids: set[str], of: DatasetCard) -> str:
    """Class ids with their names, for messages."""
    return listing([f"{c} ({of.classes[c]})" for c in sorted(ids)], 10)


def same_splits(split: Split, of: DatasetCard) -> str:
    """The names of a split in all families that have it, "smie.split-7 = star.46-5"; "" for one of no family."""
    return " = ".join(s.key for s in splits_of(of) if s.hash == split.hash)


def derived_card(name: str, base: DatasetCard, title: str, **changes) -> dict:
    """The content of the card of a dataset with a known one's classes, splits and protocols."""
    return {
        "id": name,
        "title": f"{base.title}, {title}",
        "base": base.id,
        "classes": dict(base.classes),
        "prompts": base.prompts,
        "layout": base.layout,
        "bodies": base.bodies,
        "reader": "",
        "protocols": {p.name: {"by": p.by, "train": sorted(p.train)} for p in base.protocols.values()},
        "splits": base.family,
        "licence": base.licence,
        "citation": base.citation,
        "get": f"zsar data import {name} --of {base.id} --source FOLDER_OR_ARCHIVE",
    } | changes
