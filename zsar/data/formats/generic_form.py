"""The generic form's arrays, read and held against each other."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar import configuration
from zsar.data.arrays import NUMBERS, Rows, header, load, rows
from zsar.data.formats.found import listed
from zsar.data.formats.generic_card import drawn_views, protocols, read_card
from zsar.data.names import folded
from zsar.errors import DataError
from zsar.skeletons.joint_names import match
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.source import Source

NEEDED = ("frames", "offsets", "labels")
UNITS = {"m": 1.0, "mm": 0.001}
LARGEST = 20.0
"""Metres that a body in floating-point numbers without a unit may extend; more are millimetres."""


@dataclass(frozen=True)
class Form:
    """Arrays in the generic form: per clip [N] its class id, subject, view and sample; ``scale`` makes metres."""

    frames: Rows
    offsets: np.ndarray
    labels: np.ndarray
    subjects: np.ndarray
    views: np.ndarray
    samples: np.ndarray
    classes: dict[str, str]
    layout: str
    order: tuple[int, ...]
    cut: tuple[str, ...]
    scale: float
    card: dict
    protocols: dict
    files: tuple[str, ...]
    """Full names of the arrays in the source; ``frames`` is the first."""

    @property
    def bodies(self) -> int:
        return min(2, self.frames.shape[1]) if len(self.frames.shape) == 4 else 1


def folders(source: Source) -> list[str]:
    """Where in a source arrays in the generic form lie, as prefixes of names: "" or "folder/"."""
    found: dict[str, set[str]] = {}
    for name, stem in source.find(re.compile(r"(frames|offsets|labels)\.npy")):
        found.setdefault(name.removesuffix(stem[0]), set()).add(stem[1])
    return [folder for folder, there in found.items() if there == set(NEEDED)]


def read_form(path: Path, name: str) -> Form:
    """Read everything but the frames. Raises `DataError` naming the array that is wrong and what it should be."""
    source = Source(path)
    places = folders(source)
    if len(places) != 1:
        raise DataError(
            f"{path} holds arrays in the generic form in {listed(places)}" if places else f"{path} lacks arrays",
            "Give one of these folders." if places else f"The generic form has {', '.join(NEEDED)}, and others.",
        )
    return _Reader(source, places[0]).form(name)


class _Reader:
    def __init__(self, source: Source, folder: str):
        self.source, self.folder = source, folder
        self.there = {n for n, _ in source.find(re.compile(r".+\.npy")) if n.rpartition("/")[0] == folder.rstrip("/")}
        self.card = read_card(source, folder)
        self.used: list[str] = []

    def where(self, name: str) -> str:
        return f"{self.source.path}: {self.folder}{name}.npy"

    def has(self, name: str) -> bool:
        return f"{self.folder}{name}.npy" in self.there

    def array(self, name: str, kinds: str, ndim: int | None = 1) -> np.ndarray:
        self.used.append(f"{self.folder}{name}.npy")
        return load(self.source, self.used[-1], ndim, kinds)

    def strings(self, name: str, count: int | None = None, ndim: int | None = 1) -> np.ndarray | None:
        """An array of strings or whole numbers, as strings [count]; None where it isn't there."""
        if not self.has(name):
            return None
        array = np.atleast_1d(self.array(name, "iuUS", ndim))
        if array.dtype.kind == "S":
            try:
                array = np.char.decode(array, "utf-8")
            except UnicodeDecodeError as e:
                raise DataError(f"{self.where(name)} holds strings that are no UTF-8: {e}") from e
        if count is not None and len(array) != count:
            raise DataError(f"{self.where(name)} has {len(array)} entries for {count} clips")
        return np.char.strip(array.astype(np.str_))

    def form(self, name: str) -> Form:
        frames = self._frames()
        offsets = self._offsets(len(frames))
        count = len(offsets) - 1
        labels, classes = self._labels(name, count)
        subjects, views = self.strings("subjects", count), self.strings("views", count)
        rules = protocols(self.card.get("protocols"), subjects, views)
        if "drawn-clips" in rules and not self.card.get("protocols"):
            views = drawn_views(labels)
        layout_id, order, cut = self._joints(frames.shape[-2])
        empty = np.full(count, "")
        return Form(
            frames,
            offsets,
            labels,
            empty if subjects is None else subjects,
            empty if views is None else views,
            self._samples(count),
            classes,
            layout_id,
            order,
            cut,
            self._scale(frames, offsets),
            self.card,
            rules,
            (f"{self.folder}frames.npy", *self.used),
        )

    def _frames(self) -> Rows:
        shape = header(self.source, f"{self.folder}frames.npy").shape
        frames = rows(self.source, f"{self.folder}frames.npy", kinds=NUMBERS)
        if len(shape) not in (3, 4) or shape[-1] != 3 or 0 in shape[1:]:
            raise DataError(
                f"{self.where('frames')} has the shape {list(shape)}, expected [frames of all clips, joints, 3] "
                "or [frames of all clips, bodies, joints, 3]"
            )
        return frames

    def _offsets(self, length: int) -> np.ndarray:
        offsets = self.array("offsets", "iu")
        if len(offsets) < 2:
            raise DataError(
                f"{self.where('offsets')} should hold one number more than there are clips, has {len(offsets)}"
            )
        if offsets[0] != 0 or offsets[-1] != length:
            raise DataError(
                f"{self.where('offsets')} goes from {offsets[0]} to {offsets[-1]}, "
                f"expected from 0 to {length}, the length of frames"
            )
        down = np.flatnonzero(offsets[1:] < offsets[:-1])
        if len(down):
            i = int(down[0])
            raise DataError(f"{self.where('offsets')} descends at clip {i}: {offsets[i]}, then {offsets[i + 1]}")
        return offsets.astype(np.int64)

    def _labels(self, name: str, count: int) -> tuple[np.ndarray, dict[str, str]]:
        """Class ids [N], and the classes' names."""
        found = self.strings("labels", count)
        numbers = header(self.source, f"{self.folder}labels.npy").dtype.kind in "iu"
        names, told = self._class_names()
        if names is None and numbers:
            raise DataError(
                f"{self.where('labels')} holds numbers, and nothing says what the classes are called",
                "Add an array `classes` with their names in order (or `classes` in the YAML card): "
                "zero-shot recognition works from names.",
            )
        if names is None:
            names, told = sorted(set(found.tolist())), self.where("labels")
        twice = [n for n, c in Counter(map(folded, names)).items() if c > 1]
        if len(names) < 2 or twice or not all(names):
            what = f"names {twice[0]!r} twice" if twice else f"should name at least two classes, names {len(names)}"
            raise DataError(f"{told} {what if all(names) else 'holds an empty class name'}")
        if numbers:
            place = self.array("labels", "iu")
            if place.min() < 0 or place.max() >= len(names):
                wrong = place[(place < 0) | (place >= len(names))][0]
                base = place.min() == 1 and place.max() == len(names)
                raise DataError(
                    f"{self.where('labels')} holds {wrong}, expected 0 to {len(names) - 1} ({len(names)} classes)",
                    "They count from 1: subtract 1." if base else "Is an array of another dataset among them?",
                )
        else:
            numbered = {n: i for i, n in enumerate(names)}
            for label in set(found.tolist()) - set(names):
                raise DataError(f"{self.where('labels')} holds {label!r}, which {told} doesn't name")
            place = np.array([numbered[label] for label in found.tolist()])
        absent = [n for i, n in enumerate(names) if i not in set(place.tolist())]
        if absent:
            raise DataError(
                f"{told} names {len(absent)} classes that no clip is of: {listed(absent)}",
                "Leave them out, or check that labels count from 0.",
            )
        width = max(3, len(str(len(names) - 1)))
        ids = [f"{name}/{i:0{width}d}" for i in range(len(names))]
        return np.array(ids)[place.astype(np.int64)], dict(zip(ids, names, strict=True))

    def _class_names(self) -> tuple[list[str] | None, str]:
        if "classes" in self.card:
            return [str(n).strip() for n in self.card["classes"]], f"{self.source.path}: the card's classes"
        names = self.strings("classes")
        return (None if names is None else names.tolist()), self.where("classes")

    def _samples(self, count: int) -> np.ndarray:
        found = self.strings("samples", count)
        if found is None:
            return np.array([f"clip-{i:06d}" for i in range(count)])
        twice = [n for n, c in Counter(found.tolist()).items() if c > 1]
        if twice or not all(found.tolist()):
            what = f"names {listed(twice)} twice" if twice else "holds an empty name"
            raise DataError(f"{self.where('samples')} {what}", "Every clip needs a name of its own.")
        return found

    def _joints(self, count: int) -> tuple[str, tuple[int, ...], tuple[str, ...]]:
        names = self.card.get("joints") or (self.strings("joints").tolist() if self.has("joints") else None)
        wanted = self.card.get("layout")
        if names is None:
            known = {name: len(layout(name).joints) for name in configuration.names("layouts")}
            if wanted is None:
                raise DataError(
                    f"{self.where('frames')} has {count} joints, and nothing says which",
                    "Add an array `joints` with their names in order, or `layout: "
                    f"{' or '.join(n for n, c in known.items() if c == count) or 'NAME'}` to the YAML card.",
                )
            if len(layout(wanted).joints) != count:
                raise DataError(
                    f"{self.where('frames')} has {count} joints, the layout {wanted} {len(layout(wanted).joints)}",
                    f"Its joints are: {', '.join(layout(wanted).joints)}.",
                )
            return wanted, tuple(range(count)), ()
        if len(names) != count:
            raise DataError(f"{self.where('frames')} has {count} joints, but {len(names)} joints are named")
        matched = match(names, self.where("joints"))
        if wanted is not None and matched.layout != wanted:
            raise DataError(f"{self.where('joints')} are of the layout {matched.layout}, the card says {wanted}")
        return matched.layout, matched.order, matched.cut

    def _scale(self, frames: Rows, offsets: np.ndarray) -> float:
        told = self.card.get("unit") or ("".join(self.strings("unit", 1, None).tolist()) if self.has("unit") else "")
        if told:
            if told not in UNITS:
                raise DataError(f"{self.where('unit')} is {told[:20]!r}, expected m or mm")
            return UNITS[told]
        if frames.dtype.kind != "f":
            raise DataError(
                f"{self.where('frames')} holds whole numbers, and nothing says in which unit",
                "Add an array `unit` that holds m or mm, or `unit: mm` to the YAML card.",
            )
        some = frames.read(0, min(len(frames), 256)).astype(np.float64).reshape(-1, frames.shape[-2], 3)
        some = some[np.isfinite(some).all(axis=(1, 2)) & some.any(axis=(1, 2))]
        if len(some) and np.median(np.ptp(some, axis=1).max(axis=1)) > LARGEST:
            raise DataError(
                f"{self.where('frames')} holds bodies of {np.median(np.ptp(some, axis=1).max(axis=1)):.0f} m",
                "If these are millimetres, say so: an array `unit` that holds mm, or `unit: mm` in the YAML card.",
            )
        return UNITS["m"]
