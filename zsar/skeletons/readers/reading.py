"""What all readers do with a file: make a checked clip of it, or say what is wrong with it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.source import Source

Made = TypeVar("Made")


def clips_of(
    path: Path,
    pattern: re.Pattern,
    what: str,
    parse: Callable[[bytes], np.ndarray],
    describe: Callable[[re.Match], tuple[str, str, str]],
    joints: int,
    skip_broken: bool,
    left_out: list,
) -> Iterator[Clip]:
    """Yield a clip for every file whose name matches ``pattern``.

    ``what`` says in errors what such a file is. ``parse`` makes frames [T, M, V, 3] of a file's
    bytes, ``describe`` the clip's label, subject and view of the name's match. Broken files are
    handled as `attempt` says.
    """
    source = Source(path)
    for name, match in source.matching(pattern, what):
        frames = attempt(
            lambda n: checked(parse(source.read(n)), joints),
            source.path,
            name,
            skip_broken,
            left_out,
        )
        if frames is not None:
            label, subject, view = describe(match)
            yield Clip(frames, label, name.rsplit("/", 1)[-1].rsplit(".", 1)[0], subject, view, name)


def attempt(make: Callable[[str], Made], path: Path, name: str, skip_broken: bool, left_out: list) -> Made | None:
    """``make(name)``, or nothing when that file is broken and broken files are skipped.

    Otherwise a broken file raises `DataError` that names path and file and tells of
    ``--skip-broken``; a skipped one is appended to ``left_out`` as {file, reason}. ``make`` says
    what is wrong by a `DataError` without the name.
    """
    try:
        return make(name)
    except DataError as e:
        reason, cause = e.message, e
    except Exception as e:  # whatever a parser meets in a damaged file
        reason, cause = f"can't be parsed: {type(e).__name__}: {e}", e
    if not skip_broken:
        hint = "Get the file again, or leave such files out with --skip-broken."
        raise DataError(f"{path}: {name} {reason}", hint) from cause
    left_out.append({"file": name, "reason": reason})
    return None


def checked(frames: np.ndarray, joints: int) -> np.ndarray:
    """Frames [T, M, V, 3] as float32. Raises `DataError` that says why they are no clip."""
    frames = np.asarray(frames, dtype=np.float32)
    if not len(frames):
        raise DataError("has no frames")
    if frames.ndim != 4 or frames.shape[2:] != (joints, 3):
        raise DataError(f"has frames of shape {frames.shape}, expected [frames, bodies, {joints}, 3]")
    broken = ~np.isfinite(frames).all(axis=(1, 2, 3))
    if broken.any():
        raise DataError(f"holds NaN or infinite coordinates (first at frame {int(broken.argmax())})")
    if not frames.any():
        raise DataError("holds nothing but zeros")
    return frames
