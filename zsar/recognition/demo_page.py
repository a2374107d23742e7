"""What the demo's page shows: its model, a clip to try, a file's clips and drawings of them, errors in its words."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zsar import configuration
from zsar.data.cards import card
from zsar.data.names import names
from zsar.errors import ZsarError
from zsar.recognition.clip_arrays import UNITS
from zsar.recognition.clip_files import FORMATS, LARGEST, READERS, read_clips
from zsar.recognition.clip_writing import clip_bytes
from zsar.recognition.clips import InputClip
from zsar.recognition.labels import NewWordsError
from zsar.recognition.model import Model
from zsar.simulation.generate import generate
from zsar.skeletons.sides import anatomy

MOST_CLIPS = 1000
"""Clips of a file that are listed; a file with more is a dataset."""
FRAMES_DRAWN = 200
"""Frames that are sent to be drawn; longer clips are thinned out to at most so many."""
LABELS_SHOWN = 8
"""Labels that the page begins with."""
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&#?\w+;")
_COMMANDS = re.compile(r"--[a-z]|\$[A-Z]|`|\b(zsar|pip|hf|python) ")
_ADVICE = {
    "--unit": "Choose the unit under “Joints and unit”.",
    "--layout": "Choose the joints under “Joints and unit”.",
}


@dataclass(frozen=True)
class Question:
    """What a visitor asks: the file's ``name``, ``labels``, which ``clip`` of the file, its ``layout`` and ``unit``.

    Raises `ZsarError` for paths, unknown endings, layouts and units, and markup, in words for the page.
    """

    name: str
    labels: list[str]
    clip: int = 0
    layout: str | None = None
    unit: str | None = None

    def __post_init__(self) -> None:
        texts = isinstance(self.labels, list) and all(isinstance(label, str) for label in self.labels)
        if not isinstance(self.name, str) or not texts:
            raise ZsarError("name should be a text and labels a list of texts")
        if re.search(r"[/\\\x00-\x1f]", self.name) or self.name.startswith(".") or len(self.name) > 255:
            raise ZsarError("the file's name should be a name, not a path")
        if Path(self.name).suffix.lower() not in READERS:
            raise ZsarError(f"{self.name} is not of a known format. Formats: {FORMATS}.")
        if any(_MARKUP.search(label) for label in self.labels):
            raise ZsarError("a label holds markup; labels are plain words")
        if type(self.clip) is not int or self.clip < 0:
            raise ZsarError("clips are numbered from 0")
        if self.layout not in (None, *configuration.names("layouts")) or self.unit not in (None, *UNITS):
            raise ZsarError("an unknown layout of joints, or unit")


def clips_of(question: Question, content: bytes) -> list[InputClip]:
    """The clips of a file's bytes, under the visitor's name of it or their own in it. Raises `ZsarError`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{Path(question.name).suffix.lower()}"
        path.write_bytes(content)
        try:
            clips = read_clips(path, question.layout, question.unit)
        except ZsarError as e:
            message, hint = (t and t.replace(str(path), question.name) for t in (e.message, e.hint))
            raise ZsarError(message, hint) from e
    if len(clips) > MOST_CLIPS:
        raise ZsarError(f"{question.name} has {len(clips)} clips; files of up to {MOST_CLIPS} are read here")
    if question.clip >= len(clips):
        raise ZsarError(f"{question.name} has no clip {question.clip + 1}: it holds {len(clips)}")
    return [InputClip(c.name.partition("#")[2] or question.name, c.frames, c.layout, c.note) for c in clips]


def in_page_words(error: ZsarError, model: Model) -> str:
    """What is wrong and what a visitor of the page can do; advice on commands is for those who have a terminal."""
    if isinstance(error, NewWordsError):
        offered = ", ".join(c.name for c in sorted(model.classes, key=lambda c: c.seen)[:LABELS_SHOWN])
        return (
            "Some of the labels are new words, and the machine that serves this page lacks the text model that reads "
            f"them. Names of the model's classes need none: {offered}."
        )
    hint = error.hint or ""
    if _COMMANDS.search(hint):
        hint = next((advice for option, advice in _ADVICE.items() if option in hint), "")
    return f"{error.message}\n{hint}".strip()


def description(model: Model) -> dict[str, Any]:
    """What the page says of its model, and the labels that it begins with."""
    return {
        "title": model.title,
        "dataset": model.content["dataset"]["title"],
        "split": model.content["split"]["id"],
        "trained": [c.name for c in model.classes if c.seen],
        "labels": [c.name for c in model.classes if not c.seen][:LABELS_SHOWN],
        "formats": sorted(READERS),
        "layouts": configuration.names("layouts"),
        "units": list(UNITS),
        "largest": LARGEST,
        "example": {"name": "simulated-clip.npz", "label": _example_class(model)[1]},
    }


def example(model: Model) -> bytes:
    """A simulated clip as an ``.npz``, of a class that the model knows by name, of unseen ones if there is one.

    It is of a person whom ``pku-sim`` tests with.
    """
    simulated = card("pku-sim")
    class_id, name = _example_class(model)
    _, clip = generate([class_id], clips_per_class=2)
    about = f"{simulated.title}, {clip.sample}\nnote: {simulated.note}"
    return clip_bytes(".npz", InputClip(clip.sample, clip.frames, simulated.layout), f"{name} (simulated)", about)


def _example_class(model: Model) -> tuple[str, str]:
    """Id and name of the simulated class to try; waving, where the model has no class of that kind."""
    simulated = card("pku-sim")
    matches = (names(simulated.vocabulary).find(c.name) for c in sorted(model.classes, key=lambda c: c.seen))
    class_id = next((match for match in matches if match), "pku/13")
    return class_id, simulated.classes[class_id]


def drawing(clip: InputClip) -> dict[str, Any]:
    """Frames [T, M, V, 3] in whole millimetres (null: nobody there), and `anatomy`, for a canvas."""
    frames = clip.frames[:: -(-len(clip.frames) // FRAMES_DRAWN)]
    millimetres = np.rint(frames * 1000).astype(int)
    return {
        "frames": [[body.tolist() if body.any() else None for body in frame] for frame in millimetres],
        "of": len(clip.frames),
        **anatomy(clip.layout),
    }
