"""PKU-MMD's skeletons (parts I and II): a text file per video, and a text file of the actions in it.

A skeleton file has a line per frame: 150 numbers, two bodies x 25 joints x (x, y, z), metres, y up, Kinect v2 order,
zeros for an absent body. A label file has a line per action: class 1 to 51, first frame, last frame, confidence. Both
are named by video and view (part I ``0002-L.txt``, part II ``A01N01-L.txt``), so that label files are known by their
folder, whose name holds "label".

Frames count from 0, and the last one doesn't belong to the action: frames[start:end]. The makers don't say; their
evaluation (github.com/ECHO960/PKU-MMD) takes end - start for an action's length, and the code that is passed on reads
[start:end], [start - 1:end] or [start:end + 1], each of which is within one frame of this. An action that ends a few
frames after its video (`SLACK`) ends with it.

Subjects: the makers publish which videos train under cross-subject (``cross-subject.txt``), and no numbers.
"""

import re
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.reading import Broken, Reading, check_frames, reason_of
from zsar.skeletons.readers.source import Source

TITLE = "PKU-MMD"
VIDEOS = {"pku": r"\d{4}-[LMR]", "pku2": r"A\d{2}N\d{2}-[LMR]"}
"""What each part's videos are called; the name ends with the view."""
BODIES, JOINTS = 2, 25
SLACK = 5
"""Frames by which a label may outlast its video; by more, the two don't belong together."""


def open_reading(source: Path, card) -> "VideoReading":
    """The unpacked archives, in one folder or one zip: class ``pku/NN``, view "L", "M" or "R".

    Subject is "training" or "validation" as the makers' cross-subject list has the video, nothing when the list isn't
    there or doesn't have it. Raises `DataError` when skeletons or labels are absent, or the list can't be read.
    """
    return VideoReading(Source(source), VIDEOS[card.id], card.title)


class VideoReading(Reading):
    """Videos that are read once each and cut by their labels; a video's broken label leaves its other actions."""

    parallel = True
    block = 2  # a video is some megabytes of clips

    def __init__(self, source: Source, video: str, title: str):
        self._source, self.origin, self.broken = source, str(source.path), []
        pattern = re.compile(rf"({video})\.txt")
        files = source.matching(pattern, f"skeleton or label file of {title} (named like {_example(video)})")
        self._videos, self._labels = {}, {}
        for name, match in files:
            kind = self._labels if _is_label(name) else self._videos
            if kind.setdefault(match[1], name) != name:
                self.broken.append(Broken(name, f"is the same file as {kind[match[1]]}"))
        for kind, names in (
            ("skeleton files", self._videos),
            ("label files (in a folder named like Label)", self._labels),
        ):
            if not names:
                raise DataError(
                    f"{source.path} holds no {kind} of {title}",
                    "Unpack the makers' archives of skeletons and of labels into one folder and give that.",
                )
        for name in sorted(self._videos.keys() ^ self._labels.keys()):
            file = self._videos.get(name) or self._labels[name]
            absent = "skeleton" if _is_label(file) else "label"
            self.broken.append(Broken(file, f"has no {absent} file beside it"))
        self.parts = sorted(self._videos.keys() & self._labels.keys())
        self._sides = _training_and_other(source, re.compile(r"cross[-_]subject(_v2)?\.txt"), video)
        views = _training_and_other(source, re.compile(r"cross[-_]view(_v2)?\.txt"), video)
        self.notices = _notices(self.parts, self._sides, views)

    def clips(self, part: str) -> list[Clip | Broken]:
        """The actions of one video, in the order of its labels."""
        video, labels = self._videos[part], self._labels[part]
        actions: list[Clip | Broken] = []
        try:
            frames = parse(self._source.read(video))
        except Exception as e:  # whatever a parser meets in a damaged file
            return [Broken(video, reason_of(e))]
        try:
            lines = _lines(self._source.read(labels))
        except Exception as e:
            return [Broken(labels, reason_of(e))]
        if not lines:
            return [Broken(labels, "names no action")]
        for number, line in enumerate(lines, 1):
            try:
                label, action = cut(line, frames)
            except Exception as e:
                actions.append(Broken(f"{labels}, line {number}", reason_of(e)))
            else:
                actions.append(Clip(action, label, f"{part}-{number:03d}", self._sides.get(part, ""), part[-1], video))
        return actions

    def identity(self) -> str:
        """Of all videos and labels, and of which video is on which side."""
        files = sorted([*self._videos.values(), *self._labels.values()])
        return f"{self._source.identity(files)} {sorted(self._sides.items())}"


def parse(content: bytes) -> np.ndarray:
    """A whole video, [T, 2, 25, 3] float32 metres. Raises `DataError`, and `ValueError` for lines of unequal length."""
    lines = _lines(content)
    if not lines:
        raise DataError("has no frames")
    numbers = np.loadtxt(lines, dtype=np.float64, comments=None, ndmin=2)
    if numbers.shape[1] != BODIES * JOINTS * 3:
        raise DataError(f"has {numbers.shape[1]} numbers a line, expected {BODIES * JOINTS * 3}")
    with np.errstate(over="ignore"):  # infinite then, and refused where an action has it
        return numbers.astype(np.float32).reshape(-1, BODIES, JOINTS, 3)


def cut(line: str, frames: np.ndarray) -> tuple[str, np.ndarray]:
    """The class id and the frames of one line of a label file. Raises `DataError` where it doesn't fit the video."""
    action, start, end = (int(number) for number in line.split(",")[:3])
    if not 0 <= start < min(end, len(frames)) or end > len(frames) + SLACK:
        raise DataError(f"asks for the frames {start} to {end} of {len(frames)}")
    return f"pku/{action:02d}", check_frames(frames[start:end], JOINTS)


def _example(video: str) -> str:
    return "A01N01-L.txt" if video.startswith("A") else "0002-L.txt"


def _is_label(name: str) -> bool:
    return "label" in name.rpartition("/")[0].lower()


def _lines(content: bytes) -> list[str]:
    return [line for line in content.decode("ascii").splitlines() if line.strip()]


def _training_and_other(source: Source, pattern: re.Pattern, video: str) -> dict[str, str]:
    """Each video's side under one of the makers' lists, if it is there: "training" or "validation".

    A list says "Training videos:" and then, misspelt, "Validataion videos:", each before names like 0002-L.
    """
    sides: dict[str, str] = {}
    for name, _ in source.find(pattern):
        text = "\n".join(_lines(source.read(name)))
        parts = re.split(r"train\w* videos?:|(?:valid|test)\w* videos?:", text, flags=re.IGNORECASE)
        if len(parts) != 3:
            raise DataError(
                f"{source.path}: {name} doesn't list training and validation videos",
                "Get the file again, or take it away to import without it.",
            )
        for side, part in zip(("training", "validation"), parts[1:], strict=True):
            sides |= dict.fromkeys(re.findall(video, part), side)
    return sides


def _notices(videos: list[str], sides: dict[str, str], views: dict[str, str]) -> list[str]:
    """What the report should say on the makers' lists."""
    notices = []
    if not sides:
        notices.append("the makers' cross-subject list isn't there: no clip has a subject")
    elif set(videos) - sides.keys():
        notices.append(f"{len(set(videos) - sides.keys())} videos are not on the makers' cross-subject list")
    other = [v for v in videos if v in views and (views[v] == "training") != (v[-1] in "MR")]
    if other:
        notices.append(
            f"the makers' cross-view list has {len(other)} videos on another side than the card, for which views "
            f"M and R train (the first: {other[0]})"
        )
    return notices
