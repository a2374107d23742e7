"""The generic form, for anybody's own skeletons: an ``.npz``, a folder of ``.npy`` of the same names, or a zip of it.

Arrays of N clips whose frames lie end to end:

- ``frames`` [sum of T, V, 3] or [sum of T, M, V, 3]: whole or floating-point numbers of any size and byte order, y up;
  an absent body is zeros; of more than two bodies the two with most motion are kept.
- ``offsets`` [N + 1]: where each clip's frames begin, and the end.
- ``labels`` [N]: whole numbers into ``classes``, from 0, or class names.
- ``classes`` (not needed where labels are names): the class names.
- ``joints`` [V]: joint names, in any order; names of Kinect's joints are known in many spellings, and joints that the
  layout has no place for are left away. Without them the card must name the ``layout``.
- ``unit``: ``m`` or ``mm``; needed for whole numbers, metres otherwise.
- ``subjects``, ``views``, ``samples`` [N]: who performs, from where it was recorded, a name for every clip; optional.

Beside them may lie a YAML card, ``my.yaml`` beside ``my.npz`` or ``card.yaml`` in the folder
(`zsar.data.importing.yaml_card`).
"""

import functools
import re
from collections import Counter
from pathlib import Path

import numpy as np

from zsar import configuration
from zsar.data.arrays import NUMBERS, Rows, header, load, rows, verify
from zsar.data.cards import DatasetCard, own_card
from zsar.data.importing.sources import ClipSource
from zsar.data.importing.yaml_card import card_content, card_prompts, draw_protocol, draw_views, read_card
from zsar.data.names import folded
from zsar.errors import DataError, listing
from zsar.skeletons.clip import Clip
from zsar.skeletons.joint_names import match
from zsar.skeletons.layouts import layout
from zsar.skeletons.movement import most_moving
from zsar.skeletons.readers.reading import Reading, check_frames
from zsar.skeletons.readers.source import Source
from zsar.storage import fingerprint

TITLE = "arrays in the generic form (frames, offsets, labels)"
NEEDED = ("frames", "offsets", "labels")
UNITS = {"m": 1.0, "mm": 0.001}
LARGEST = 20.0
"""Metres that a body in floating-point numbers without a unit may extend; more are millimetres."""


def recognises(source: Source) -> bool:
    """Whether frames.npy, offsets.npy and labels.npy lie together in one folder or archive."""
    return len(folders(source)) > 0


def examine(path: Path, name: str, of: DatasetCard | None) -> ClipSource:
    """Check the arrays against each other and make the dataset's card. Frames are read later.

    Raises `DataError` naming the array that is wrong, and `ZsarError` for a card that isn't understood.
    """
    if of is not None:
        raise DataError(
            f"{path} is in the generic form, which is for datasets of your own, not for {of.id}",
            f"Leave --of {of.id} out.",
        )
    form = Form(path, name)
    card = card_content(
        name, form.card, classes=form.classes, protocols=form.protocols, layout=form.layout, bodies=form.bodies
    )
    description = own_card(name, card, f"{path}: the card")
    protocol = description.default_protocol
    values = form.subjects if protocol.by == "subject" else form.views
    trains = np.isin(values, sorted(protocol.train))
    if trains.all() or not trains.any():
        raise DataError(
            f"{path}: the protocol {protocol.name} leaves {'no test' if trains.all() else 'no training'} clip",
            f"It trains on the {protocol.by}s {listing(sorted(protocol.train))}; there are "
            f"{listing(sorted(set(values.tolist())))}.",
        )
    verify(form.source, form.files[0])
    opener, prompts = functools.partial(GenericReading, path, name), card_prompts(form.card, form.classes)
    return ClipSource(opener, _lines(form, card, trains), card=card, prompts=prompts)


def folders(source: Source) -> list[str]:
    """Where in a source arrays in the generic form lie, as prefixes of names: "" or "folder/"."""
    stems: dict[str, set[str]] = {}
    for name, file in source.find(re.compile(r"(frames|offsets|labels)\.npy")):
        stems.setdefault(name.removesuffix(file[0]), set()).add(file[1])
    return [folder for folder, names in stems.items() if names == set(NEEDED)]


class Form:
    """Arrays in the generic form, held against each other; all but the frames are read.

    Per clip [N] ``labels`` (class ids), ``subjects``, ``views`` and ``samples``; its frames begin at its number in
    ``offsets`` [N + 1]. ``order`` says which joint of the arrays is each of the ``layout``'s, ``cut`` are those that it
    has no place for; ``scale`` makes metres. Raises `DataError` naming the array that is wrong and what it should be.
    """

    def __init__(self, path: Path, name: str):
        self.source = Source(path)
        places = folders(self.source)
        if len(places) != 1:
            raise DataError(
                f"{path} holds arrays in the generic form in {listing(places)}" if places else f"{path} lacks arrays",
                "Give one of these folders." if places else f"The generic form has {', '.join(NEEDED)}, and others.",
            )
        self.folder = places[0]
        names = (n for n, _ in self.source.find(re.compile(r".+\.npy")))
        self._present = {n for n in names if n.rpartition("/")[0] == self.folder.rstrip("/")}
        self.files = [f"{self.folder}frames.npy"]
        self.card = read_card(self.source, self.folder)
        self.frames = self._frames()
        self.offsets = self._offsets(len(self.frames))
        count = len(self.offsets) - 1
        self.labels, self.classes = self._labels(name, count)
        subjects, views = self.strings("subjects", count), self.strings("views", count)
        self.protocols = self.card.get("protocols") or draw_protocol(subjects, views)
        if "drawn-clips" in self.protocols and not self.card.get("protocols"):
            views = draw_views(self.labels)
        empty = np.full(count, "")
        self.subjects, self.views = (empty if values is None else values for values in (subjects, views))
        self.layout, self.order, self.cut = self._joints(self.frames.shape[-2])
        self.samples = self._samples(count)
        self.scale = self._scale()

    @property
    def bodies(self) -> int:
        """How many bodies of each clip are kept."""
        return min(2, self.frames.shape[1]) if len(self.frames.shape) == 4 else 1

    def where(self, name: str) -> str:
        return f"{self.source.path}: {self.folder}{name}.npy"

    def has(self, name: str) -> bool:
        return f"{self.folder}{name}.npy" in self._present

    def array(self, name: str, kinds: str, ndim: int | None = 1) -> np.ndarray:
        self.files.append(f"{self.folder}{name}.npy")
        return load(self.source, self.files[-1], ndim, kinds)

    def strings(self, name: str, count: int | None = None, ndim: int | None = 1) -> np.ndarray | None:
        """An array of strings or whole numbers, as strings [count]; None where it isn't there."""
        if not self.has(name):
            return None
        array = np.atleast_1d(self.array(name, "iuUS", ndim))
        if array.dtype.kind == "S":
            try:
                array = np.char.decode(array, "utf-8")
            except UnicodeDecodeError as e:
                raise DataError(f"{self.where(name)} holds strings that are not UTF-8: {e}") from e
        if count is not None and len(array) != count:
            raise DataError(f"{self.where(name)} has {len(array)} entries for {count} clips")
        return np.char.strip(array.astype(np.str_))

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
        labels = self.strings("labels", count)
        numbers = header(self.source, f"{self.folder}labels.npy").dtype.kind in "iu"
        names, where = self._class_names()
        if names is None and numbers:
            raise DataError(
                f"{self.where('labels')} holds numbers, and nothing says what the classes are called",
                "Add an array `classes` with their names in order (or `classes` in the YAML card): "
                "zero-shot recognition works from names.",
            )
        if names is None:
            names, where = sorted(set(labels.tolist())), self.where("labels")
        twice = [n for n, c in Counter(map(folded, names)).items() if c > 1]
        if len(names) < 2 or twice or not all(names):
            wrong = f"names {twice[0]!r} twice" if twice else f"should name at least two classes, names {len(names)}"
            raise DataError(f"{where} {wrong if all(names) else 'holds an empty class name'}")
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
            for label in set(labels.tolist()) - set(names):
                raise DataError(f"{self.where('labels')} holds {label!r}, which {where} doesn't name")
            place = np.array([numbered[label] for label in labels.tolist()])
        absent = [n for i, n in enumerate(names) if i not in set(place.tolist())]
        if absent:
            raise DataError(
                f"{where} names {len(absent)} classes that no clip is of: {listing(absent)}",
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
        samples = self.strings("samples", count)
        if samples is None:
            return np.array([f"clip-{i:06d}" for i in range(count)])
        twice = [n for n, c in Counter(samples.tolist()).items() if c > 1]
        if twice or not all(samples.tolist()):
            wrong = f"names {listing(twice)} twice" if twice else "holds an empty name"
            raise DataError(f"{self.where('samples')} {wrong}", "Every clip needs a name of its own.")
        return samples

    def _joints(self, count: int) -> tuple[str, tuple[int, ...], tuple[str, ...]]:
        names = self.card.get("joints") or (self.strings("joints").tolist() if self.has("joints") else None)
        named = self.card.get("layout")
        if names is None:
            counts = {name: len(layout(name).joints) for name in configuration.names("layouts")}
            if named is None:
                raise DataError(
                    f"{self.where('frames')} has {count} joints, and nothing says which",
                    "Add an array `joints` with their names in order, or `layout: "
                    f"{' or '.join(n for n, c in counts.items() if c == count) or 'NAME'}` to the YAML card.",
                )
            if len(layout(named).joints) != count:
                raise DataError(
                    f"{self.where('frames')} has {count} joints, the layout {named} {len(layout(named).joints)}",
                    f"Its joints are: {', '.join(layout(named).joints)}.",
                )
            return named, tuple(range(count)), ()
        if len(names) != count:
            raise DataError(f"{self.where('frames')} has {count} joints, but {len(names)} joints are named")
        matched = match(names, self.where("joints"))
        if named is not None and matched.layout != named:
            raise DataError(f"{self.where('joints')} are of the layout {matched.layout}, the card says {named}")
        return matched.layout, matched.order, matched.cut

    def _scale(self) -> float:
        units = None if "unit" in self.card else self.strings("unit", ndim=None)
        unit = self.card.get("unit", "") if units is None else " and ".join(np.unique(units).tolist())
        if unit:
            if unit not in UNITS:
                raise DataError(f"{self.where('unit')} is {unit[:20]!r}, expected m or mm")
            return UNITS[unit]
        frames = self.frames
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


def _lines(form: "Form", card: dict, trains: np.ndarray) -> list[str]:
    per_class = Counter(form.labels.tolist()).values()
    lines = [
        f"{len(form.labels)} clips of {len(form.classes)} classes ({min(per_class)} to {max(per_class)} clips each), "
        f"{len(form.frames)} frames, {form.frames.shape[-2]} joints, in {'m' if form.scale == 1 else 'mm'}",
        f"joints: those of {form.layout}" + (f"; left away: {listing(form.cut)}" if form.cut else ""),
    ]
    for by, values in (("subjects", form.subjects), ("views", form.views)):
        distinct = sorted(set(values.tolist()) - {""})
        if distinct:
            lines.append(f"{len(distinct)} {by}: {listing(distinct, 10)}")
    name = next(iter(card["protocols"]))
    drawn = "" if form.card.get("protocols") else " (drawn by seed)"
    lines.append(f"protocol {name}{drawn}: {int(trains.sum())} training and {int((~trains).sum())} test clips")
    splits = {split: len(unseen) for split, unseen in card.get("own_splits", {}).items()}
    names = ", ".join(f"{s} ({n} unseen)" for s, n in splits.items())
    return [*lines, f"splits: {names or 'none given; classes are divided at random'}"]


class GenericReading(Reading):
    """Clips of arrays in the generic form; a part is a clip, named by its sample."""

    parallel = True

    def __init__(self, path: Path, name: str):
        self.form, self.origin = Form(path, name), str(path)
        self.parts = self.form.samples.tolist()
        self._numbers = {sample: i for i, sample in enumerate(self.parts)}

    def clips(self, part: str) -> list[Clip]:
        """The one clip of a sample. Raises `DataError` for one without frames or with NaN."""
        i, form = self._numbers[part], self.form
        start, stop = form.offsets[i : i + 2].tolist()
        if start == stop:
            raise DataError(f"has 0 frames (offsets {i} and {i + 1} are both {start})")
        frames = form.frames.read(start, stop)
        if frames.ndim == 3:
            frames = frames[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            frames = (frames[:, :, list(form.order)].astype(np.float64) * form.scale).astype(np.float32)
            frames, note = most_moving(frames, form.bodies)
        frames = check_frames(frames, len(form.order))
        labels, subjects, views = (str(a[i]) for a in (form.labels, form.subjects, form.views))
        return [Clip(frames, labels, part, subjects, views, f"{form.files[0]}[{start}:{stop}]", note)]

    def identity(self) -> str:
        """Of the arrays and the card."""
        return fingerprint(self.form.source.identity(list(dict.fromkeys(self.form.files))), str(self.form.card))
