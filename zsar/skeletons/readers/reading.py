"""What all readers do with a file: turn it into a checked clip, or say which file is broken and why."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.source import Source


def clips_of(path: Path, pattern, parse: Callable[[bytes], np.ndarray], describe: Callable, joints: int,
             skip_broken: bool, left_out: list) -> Iterator[Clip]:
    """Yield a clip for every file whose name matches ``pattern``.

    ``parse`` makes frames [T, M, V, 3] of a file's bytes, ``describe`` the clip's label, subject and view of the
    name's match. A broken file raises `DataError`; with ``skip_broken`` it goes to ``left_out`` with its reason.
    """
    source = Source(path)
    for name, match in source.matching(pattern):
        try:
            try:
                frames = np.asarray(parse(source.read(name)), dtype=np.float32)
            except DataError as e:
                raise DataError(e.message) from e
            except Exception as e:  # whatever a parser meets in a damaged file
                raise DataError(f"{source.path}: {name} can't be parsed: {type(e).__name__}: {e}") from e
            complaint = wrong_with(frames, joints)
            if complaint:
                raise DataError(f"{source.path}: {name} {complaint}")
        except DataError as e:
            if not skip_broken:
                raise DataError(e.message, "Get the file again, or leave such files out with --skip-broken.") from e
            left_out.append({"file": name, "reason": e.message})
            continue
        label, subject, view = describe(match)
        yield Clip(frames, label, name.rsplit("/", 1)[-1].rsplit(".", 1)[0], subject, view, name)


def wrong_with(frames: np.ndarray, joints: int) -> str:
    """What disqualifies frames [T, M, V, 3], or nothing."""
    if frames.ndim != 4 or frames.shape[2:] != (joints, 3):
        return f"has joints of shape {frames.shape}, expected [frames, bodies, {joints}, 3]"
    if not len(frames):
        return "has no frames"
    if not np.isfinite(frames).all():
        return f"holds NaN or infinite coordinates (first at frame {int((~np.isfinite(frames)).any((1, 2, 3)).argmax())})"
    if not frames.any():
        return "holds nothing but zeros"
    return ""
