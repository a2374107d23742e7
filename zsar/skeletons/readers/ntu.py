"""NTU RGB+D 60 and 120: text files of what a Kinect v2 saw, named ``SxxxCxxxPxxxRxxxAxxx.skeleton``.

S is the setup, C the camera, P the performer, R the replication, A the action. A file's numbers: how many frames; for
each frame how many bodies; for each body its id and nine numbers on its tracking, how many joints (25), and for each
joint x, y, z in metres (y up) and nine more numbers. Joints are in Kinect v2 order, as in ``configs/layouts``.
Which samples the makers list as lacking skeletons, and how many clips that leaves, is in ``configs/recordings``.
"""

import itertools
import re
from pathlib import Path

import numpy as np

from zsar import configuration
from zsar.errors import DataError
from zsar.skeletons.readers.ntu_bodies import two_bodies
from zsar.skeletons.readers.reading import FileReading
from zsar.skeletons.readers.source import Source

TITLE = "NTU RGB+D"
NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})\.skeleton")
JOINTS = 25
MOST_BODIES = 6
"""A Kinect v2 tracks up to six bodies at a time."""
_BODY, _JOINT, _COUNTED = 10, 12, str(JOINTS).encode()
_STRIDE = _BODY + 1 + JOINTS * _JOINT
"""Numbers that a body takes in a frame: those on its tracking, the number of joints, and the joints."""


def open_reading(source: Path, card) -> FileReading:
    """The makers' archives, the folder that they lie in, or the folder that they were unpacked to.

    Class ``ntu/Axxx``, subject and view (the camera) as natural numbers. Files of setups that the dataset doesn't have
    (those of NTU RGB+D 120 beside NTU RGB+D 60's) and samples on the makers' list are not read; the report says so.
    Raises `DataError` when there is no file of the dataset.
    """
    facts = configuration.read("recordings", card.id)
    what = f"skeleton file of {card.title} (named like S001C001P001R001A001.skeleton)"
    reading = FileReading(Source(source, archives=True), NAME, what, _parse, _describe, JOINTS)
    reading.parallel = True
    foreign = reading.drop(lambda m: int(m[1]) > facts["setups"])
    if foreign:
        reading.notices.append(
            f"{len(foreign)} files of setups beyond S{facts['setups']:03d} are not part of {card.title} "
            f"(the first: {foreign[0]})"
        )
    missing = set(facts["missing"].split())
    reason = "on the makers' list of samples with missing skeletons"
    reading.left_out = [{"file": part, "reason": reason} for part in reading.drop(lambda m: m[0][:20] in missing)]
    if not reading.parts:
        raise DataError(
            f"{source} holds no usable {what}",
            "; ".join([*reading.notices, f"{len(reading.left_out)} are on the makers' list of damaged samples"]) + ".",
        )
    return reading


def _describe(match: re.Match) -> tuple[str, str, str]:
    return f"ntu/A{match[5]}", str(int(match[3])), str(int(match[2]))


def _parse(content: bytes) -> tuple[np.ndarray, str]:
    return two_bodies(*parse(content))


def parse(content: bytes) -> tuple[int, np.ndarray, list[int], np.ndarray]:
    """The number of frames in a file, and of each of the N bodies in them the frame, the id and the joints.

    Frames [N] int64 ascend; ids [N] are Python integers, since a float doesn't hold them exactly; joints are
    [N, 25, 3] float32 metres. Raises `DataError` where the file's counts contradict what it holds.
    """
    tokens = content.split()
    if not tokens:
        raise DataError("is empty")
    frames = _count(tokens[0], len(tokens) - 1, "of frames, in a file of too few numbers for it")
    if not frames:
        raise DataError("has no frames")
    starts, times, at = [], [], 1
    for frame in range(frames):
        if at >= len(tokens):
            raise DataError(f"ends after {frame} of the {frames} frames that it announces")
        bodies = _count(tokens[at], MOST_BODIES, f"of bodies, at frame {frame}")
        begin, at = at + 1, at + 1 + bodies * _STRIDE
        if at > len(tokens):
            raise DataError(f"ends within frame {frame} of {frames}, or has fewer bodies there than it says")
        for start in range(begin, at, _STRIDE):
            if tokens[start + _BODY] != _COUNTED:
                count = tokens[start + _BODY][:20].decode("ascii", "replace")
                raise DataError(
                    f"has {count!r} joints at frame {frame}, or another number of bodies there than it says"
                )
            starts.append(start)
            times.append(frame)
    if at != len(tokens):
        raise DataError(f"holds {len(tokens) - at} numbers more than its counts of frames and bodies say")
    ids = [tokens[start] for start in starts]
    if not all(_natural(body) for body in ids):
        raise DataError("has something else where a body's id should be")
    return frames, np.array(times, dtype=np.int64), [int(body) for body in ids], _joints(tokens, starts, times)


def _joints(tokens: list[bytes], starts: list[int], times: list[int]) -> np.ndarray:
    """Joints [N, 25, 3] float32 of the bodies that start there: slices pick three of twelve numbers, one axis each."""
    coordinates = itertools.chain.from_iterable(
        tokens[start + _BODY + 1 + axis : start + _STRIDE : _JOINT] for axis in range(3) for start in starts
    )
    try:
        numbers = np.fromiter(map(float, coordinates), np.float64, 3 * len(starts) * JOINTS)
    except ValueError as e:
        raise DataError(f"holds something else where a number should be: {e}") from e
    numbers = numbers.reshape(3, len(starts), JOINTS)
    finite = np.isfinite(numbers).all(axis=(0, 2))
    if not finite.all():
        raise DataError(f"holds NaN or infinite coordinates (first at frame {times[int(finite.argmin())]})")
    with np.errstate(over="ignore"):  # infinite then, and refused like NaN when the clip is checked
        return numbers.astype(np.float32).transpose(1, 2, 0)


def _count(token: bytes, most: int, what: str) -> int:
    if not _natural(token) or int(token) > most:
        raise DataError(f"has {token[:20].decode('ascii', 'replace')!r} for the number {what}")
    return int(token)


def _natural(token: bytes) -> bool:
    return token.isdigit() and len(token) <= 20
