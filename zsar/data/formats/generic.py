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

Beside them may lie a YAML card, ``my.yaml`` beside ``my.npz`` or ``card.yaml`` in the folder. All of its keys are
optional: ``title``, ``classes``, ``joints``, ``layout``, ``unit``, ``descriptions`` (class name: sentence),
``protocols`` (name: {by: subject or view, train: [...]}), ``splits`` (name: [unseen class names]), ``licence``,
``citation``, ``homepage``, ``note``.

Without ``protocols``, a seeded half of the subjects trains; without subjects, of the views; without both, a seeded
draw of 70 % of each class's clips. Without ``splits``, classes are divided at random, by seed.
"""

import functools
from collections import Counter
from pathlib import Path

import numpy as np

from zsar.data.arrays import verify
from zsar.data.cards import DatasetCard, own_card
from zsar.data.formats.found import Found, listed, most_moving
from zsar.data.formats.generic_card import make_card, make_prompts
from zsar.data.formats.generic_form import Form, folders, read_form
from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.reading import Reading, checked
from zsar.skeletons.readers.source import Source
from zsar.storage import fingerprint

TITLE = "arrays in the generic form (frames, offsets, labels)"


def recognises(source: Source) -> bool:
    """Whether frames.npy, offsets.npy and labels.npy lie together in one folder or archive."""
    return len(folders(source)) > 0


def examine(path: Path, name: str, known: DatasetCard | None) -> Found:
    """Check the arrays against each other and make the dataset's card. Frames are read later.

    Raises `DataError` naming the array that is wrong, and `ZsarError` for a card that isn't understood.
    """
    if known is not None:
        raise DataError(
            f"{path} is in the generic form, which is for datasets of your own, not for {known.id}",
            f"Leave --of {known.id} out.",
        )
    form = read_form(path, name)
    card = make_card(name, form.card, form.classes, form.layout, form.bodies, form.protocols)
    description = own_card(name, card, f"{path}: the card")
    protocol = description.default_protocol
    values = form.subjects if protocol.by == "subject" else form.views
    trains = np.isin(values, sorted(protocol.train))
    if trains.all() or not trains.any():
        raise DataError(
            f"{path}: the protocol {protocol.name} leaves {'no test' if trains.all() else 'no training'} clip",
            f"It trains on the {protocol.by}s {listed(sorted(protocol.train))}; there are "
            f"{listed(sorted(set(values.tolist())))}.",
        )
    verify(Source(path), form.files[0])
    opener, prompts = functools.partial(GenericReading, path, name), make_prompts(form.card, form.classes)
    return Found(opener, _lines(form, card, trains), card=card, prompts=prompts)


def _lines(form: Form, card: dict, trains: np.ndarray) -> list[str]:
    per_class = Counter(form.labels.tolist()).values()
    lines = [
        f"{len(form.labels)} clips of {len(form.classes)} classes ({min(per_class)} to {max(per_class)} clips each), "
        f"{len(form.frames)} frames, {form.frames.shape[-2]} joints, in {'m' if form.scale == 1 else 'mm'}",
        f"joints: those of {form.layout}" + (f"; left away: {listed(form.cut)}" if form.cut else ""),
    ]
    for by, values in (("subjects", form.subjects), ("views", form.views)):
        distinct = sorted(set(values.tolist()) - {""})
        if distinct:
            lines.append(f"{len(distinct)} {by}: {listed(distinct, 10)}")
    name = next(iter(card["protocols"]))
    drawn = "" if form.card.get("protocols") else " (drawn by seed)"
    lines.append(f"protocol {name}{drawn}: {int(trains.sum())} training and {int((~trains).sum())} test clips")
    splits = {split: len(unseen) for split, unseen in card.get("own_splits", {}).items()}
    told = ", ".join(f"{s} ({n} unseen)" for s, n in splits.items()) or "none given; classes are divided at random"
    return [*lines, f"splits: {told}"]


class GenericReading(Reading):
    """Clips of arrays in the generic form; a part is a clip, named by its sample."""

    def __init__(self, path: Path, name: str):
        self.form, self.source, self.origin = read_form(path, name), Source(path), str(path)
        self.parts = self.form.samples.tolist()
        self.left_out = []
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
        frames = checked(frames, len(form.order))
        labels, subjects, views = (str(a[i]) for a in (form.labels, form.subjects, form.views))
        return [Clip(frames, labels, part, subjects, views, f"{form.files[0]}[{start}:{stop}]", note)]

    def identity(self) -> str:
        """Of the arrays and the card."""
        return fingerprint(self.source.identity(list(dict.fromkeys(self.form.files))), str(self.form.card))
