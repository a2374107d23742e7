"""What all readers do: open a source, and make clips of its parts, or say what is wrong with them."""

import abc
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.source import Source

FARTHEST = 100
"""Metres; nothing that is recorded stands as far away, and a unit other than the one stated often does."""


@dataclass(frozen=True)
class Broken:
    """A file, or something in it, that no clip could be made of."""

    file: str
    reason: str

    def entry(self) -> dict:
        """As reports and manifests list it."""
        return {"file": self.file, "reason": self.reason}


class Reading(abc.ABC):
    """An opened source of clips: parts that are read one by one, in any order and by any number of processes."""

    parts: Sequence[str]
    """Names of the parts (files, videos, members of an array), in the order in which their clips are kept."""
    parallel: bool = False
    """Whether there are so many parts that all cores should read them unless a number of processes is named."""
    left_out: Sequence[dict] = ()
    """Parts that are not to be used, as {file, reason}: those on the makers' list of damaged samples, say."""
    broken: Sequence[Broken] = ()
    """What is seen to be wrong before anything is read: the same sample twice, a video without labels."""
    notices: Sequence[str] = ()
    """What else the import's report should say: files of another dataset that lie here too, say."""
    origin: str = ""
    """What errors call the source: its path."""
    block: int = 16
    """How many parts to read at a time; some megabytes of clips."""

    @abc.abstractmethod
    def clips(self, part: str) -> "list[Clip | Broken]":
        """The clips of one part, and what in it is broken.

        Raises `DataError` that says what is wrong with the whole part, without its name.
        """

    @abc.abstractmethod
    def identity(self) -> str:
        """Changes when the source does (names, sizes, times of its files): an import is resumed only on the same."""


class FileReading(Reading):
    """Files that hold a clip each, recognised by their names.

    ``pattern`` matches such a file's name and ``what`` says in errors what it is; ``parse`` makes frames [T, M, V, 3]
    and a note for the report of its bytes, ``describe`` the clip's label, subject and view of the name's match. A name
    that occurs twice counts once.
    """

    def __init__(
        self,
        source: Source,
        pattern: re.Pattern,
        what: str,
        parse: Callable[[bytes], tuple[np.ndarray, str]],
        describe: Callable[[re.Match], tuple[str, str, str]],
        joints: int,
    ):
        self.source, self.origin = source, str(source.path)
        self._parse, self._describe, self._joints = parse, describe, joints
        self.left_out, self.notices = [], []
        self._matches: dict[str, re.Match] = {}
        first: dict[str, str] = {}
        self.broken = [Broken(name, "is in the archive twice") for name in source.twice if pattern.search(name)]
        for name, match in source.matching(pattern, what):
            earlier = first.setdefault(match[0], name)
            if earlier == name:
                self._matches[name] = match
            else:
                self.broken.append(Broken(name, f"is the same sample as {earlier}"))
        self.parts = list(self._matches)

    def drop(self, unwanted: Callable[[re.Match], bool]) -> list[str]:
        """Take the parts away whose name's match is ``unwanted``, and return them."""
        gone = [part for part in self.parts if unwanted(self._matches[part])]
        for part in gone:
            del self._matches[part]
        self.parts = list(self._matches)
        return gone

    def clips(self, part: str) -> list[Clip]:
        """The one clip of a file."""
        frames, note = self._parse(self.source.read(part))
        label, subject, view = self._describe(self._matches[part])
        sample = part.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        return [Clip(check_frames(frames, self._joints), label, sample, subject, view, part, note)]

    def identity(self) -> str:
        """Of the files that are parts."""
        return self.source.identity(list(self.parts))


def read_part(reading: Reading, part: str) -> tuple[list[Clip], list[Broken]]:
    """The clips of one part and what is broken in it; what a parser meets in a damaged file is returned, not raised."""
    try:
        pieces = reading.clips(part)
    except Exception as e:  # whatever a parser meets in a damaged file
        return [], [Broken(part, reason_of(e))]
    return [c for c in pieces if isinstance(c, Clip)], [b for b in pieces if isinstance(b, Broken)]


def reason_of(error: Exception) -> str:
    """The reason to give for an error that a parser raised. Raises it again where the file isn't to blame."""
    if isinstance(error, MemoryError):
        raise error
    return error.message if isinstance(error, DataError) else f"can't be parsed: {type(error).__name__}: {error}"


def refusal(origin: str | Path, broken: Broken) -> DataError:
    """The error for a broken file where such files aren't skipped."""
    return DataError(
        f"{origin}: {broken.file} {broken.reason}", "Get the file again, or leave such files out with --skip-broken."
    )


def check_frames(frames: np.ndarray, joints: int) -> np.ndarray:
    """Frames [T, M, V, 3] as float32 metres. Raises `DataError` that says why they are not a clip."""
    with np.errstate(over="ignore"):  # what float32 can't hold becomes infinite, and is refused below
        frames = np.asarray(frames).astype(np.float32, copy=False)
    if not len(frames):
        raise DataError("has no frames")
    if frames.ndim != 4 or frames.shape[2:] != (joints, 3):
        raise DataError(f"has frames of shape {frames.shape}, expected [frames, bodies, {joints}, 3]")
    check_metres(frames)
    if not frames.any():
        raise DataError("holds nothing but zeros")
    return frames


def check_metres(frames: np.ndarray) -> None:
    """Raise `DataError` where frames [T, M, V, 3] hold NaN, infinity or what is beyond `FARTHEST`."""
    farthest = max(float(frames.max()), -float(frames.min()))  # NaN where there is one
    if farthest <= FARTHEST:
        return
    broken = ~np.isfinite(frames).all(axis=(1, 2, 3))
    if broken.any():
        raise DataError(f"holds NaN or infinite coordinates (first at frame {int(broken.argmax())})")
    raise DataError(
        f"holds a coordinate of {farthest:.4g} m; beyond {FARTHEST} m the unit is likely another: millimetres or "
        "pixels",
        "Give metres, or say the unit: --unit mm for a clip, unit: mm in the card.yaml of a dataset of your own.",
    )
