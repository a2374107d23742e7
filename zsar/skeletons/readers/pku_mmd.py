"""PKU-MMD's skeletons (part I): a text file per video, and a text file of the actions in it.

A skeleton file has a line per frame: 150 numbers, two bodies x 25 joints x (x, y, z), metres, y up,
Kinect v2 order, zeros for an absent body. A label file has a line per action: class 1 to 51, first
frame, last frame, confidence. Both are named by video and view (``0002-L.txt``), so that the label
files are told by their folder, whose name holds "label". Frames: the makers don't state whether
they count from 0 or whether the last frame belongs to the action; here they count from 0 and the
last one doesn't, which keeps both readings within one frame of each other. An action that ends a
few frames after its video (`SLACK`) ends with it. Subjects: the makers publish no numbers, only
which videos train under cross-subject (``cross-subject.txt``).
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.reading import attempt, checked
from zsar.skeletons.readers.source import Source

TITLE = "PKU-MMD (part I)"
NAME = re.compile(r"(\d{4}-[LMR])\.txt")
SUBJECTS = re.compile(r"cross[-_]subject\.txt")
BODIES, JOINTS = 2, 25
SLACK = 5
"""Frames by which a label may outlast its video; by more, the two don't belong together."""


def read(source: Path, skip_broken: bool = False, left_out: list | None = None) -> Iterator[Clip]:
    """Clips of the unpacked archives (in one folder, or one zip): class ``pku/NN``, view "L", "M"
    or "R".

    Subject is "training" or "validation" as the makers' cross-subject list has the video, nothing
    when the list isn't there. Raises `DataError` naming archive, file and line; a label file's
    broken line or a video without labels counts as a broken file (see
    `zsar.skeletons.readers.reading.attempt`).
    """
    files, left_out = Source(source), [] if left_out is None else left_out
    found = files.matching(NAME, f"skeleton or label file of {TITLE} (named like 0002-L.txt)")
    labels = {match[1]: name for name, match in found if _is_label(name)}
    videos = {match[1]: name for name, match in found if not _is_label(name)}
    for kind, there in (
        ("skeleton files", videos),
        ("label files (in a folder named like Label)", labels),
    ):
        if not there:
            raise DataError(
                f"{files.path} holds no {kind} of {TITLE}",
                "Unpack the makers' Skeleton.7z and Label_PKUMMD.7z into one folder and give that.",
            )
    subjects = _subjects(files)

    def tried(make, name):
        return attempt(make, files.path, name, skip_broken, left_out)

    for video in sorted(videos.keys() ^ labels.keys()):
        tried(_unpaired, videos.get(video) or labels[video])
    for video in sorted(videos.keys() & labels.keys()):
        frames = tried(lambda name: _frames(files, name), videos[video])
        lines = tried(lambda name: _lines(files, name), labels[video])
        for number, line in enumerate(lines or (), 1) if frames is not None else ():
            cut = tried(
                lambda _, line=line, frames=frames: _cut(line, frames),
                f"{labels[video]}, line {number},",
            )
            if cut:
                yield Clip(
                    cut[1],
                    cut[0],
                    f"{video}-{number:03d}",
                    subjects.get(video, ""),
                    video[-1],
                    videos[video],
                )


def _is_label(name: str) -> bool:
    return "label" in name.rpartition("/")[0].lower()


def _lines(files: Source, name: str) -> list[str]:
    return [line for line in files.read(name).decode("ascii").splitlines() if line.strip()]


def _unpaired(name: str) -> None:
    raise DataError(f"has no {'skeleton' if _is_label(name) else 'label'} file beside it")


def _frames(files: Source, name: str) -> np.ndarray:
    """A whole video, [T, 2, 25, 3] float32."""
    lines = _lines(files, name)
    if not lines:
        raise DataError("has no frames")
    numbers = np.loadtxt(lines, dtype=np.float32, comments=None, ndmin=2)
    if numbers.shape[1] != BODIES * JOINTS * 3:
        raise DataError(f"has {numbers.shape[1]} numbers a line, expected {BODIES * JOINTS * 3}")
    return numbers.reshape(-1, BODIES, JOINTS, 3)


def _cut(line: str, frames: np.ndarray) -> tuple[str, np.ndarray]:
    """The class id and the frames of one line of a label file."""
    action, start, end = (int(number) for number in line.split(",")[:3])
    if not 0 <= start < min(end, len(frames)) or end > len(frames) + SLACK:
        raise DataError(f"asks for the frames {start} to {end} of {len(frames)}")
    return f"pku/{action:02d}", checked(frames[start:end], JOINTS)


def _subjects(files: Source) -> dict[str, str]:
    """Each video's side of the cross-subject protocol, if the makers' list is there.

    The list says "Training videos:" and, misspelt, "Validataion videos:", each before names like
    0002-L.
    """
    sides: dict[str, str] = {}
    for name, _ in files.find(SUBJECTS):
        text = "\n".join(_lines(files, name))
        parts = re.split(r"training videos:|valid\w* videos:", text, flags=re.IGNORECASE)
        if len(parts) != 3:
            raise DataError(
                f"{files.path}: {name} doesn't list training and validation videos",
                "Get the file again, or take it away to import without subjects.",
            )
        for side, part in zip(("training", "validation"), parts[1:], strict=True):
            sides |= dict.fromkeys(re.findall(r"\d{4}-[LMR]", part), side)
    return sides
