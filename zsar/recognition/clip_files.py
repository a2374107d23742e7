"""One file of a clip, in any of the formats that people have them in; its ending says which."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.recognition.clips import InputClip
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.reading import check_frames, reason_of
from zsar.storage import require_plain

LARGEST = 64 * 2**20
"""Bytes of a file; a larger one is not a clip."""
FORMATS = (
    ".skeleton (NTU RGB+D), .mat (UTD-MHAD), .json (NW-UCLA), .npz and .npy (arrays), .csv (a column per coordinate)"
)


def read_clips(path: Path, joints: str | None = None, unit: str | None = None) -> list[InputClip]:
    """The clips of a file: one, or several of an ``.npz`` with ``offsets``.

    ``joints`` names the layout of arrays that don't say it (default: the one with as many joints), ``unit`` is ``m``
    or ``mm`` (default: what the file says, else metres). Raises `DataError` that names the file and what is wrong
    with it, `UnknownName` for a layout.
    """
    path = Path(path)
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise DataError(f"{path} is not of a known format", f"Formats: {FORMATS}.")
    if joints is not None:
        layout(joints)
    try:
        size = require_plain(path).st_size
        if size > LARGEST:
            message = f"has {size >> 20} MiB, too many for a clip"
            raise DataError(message, f"Give files of up to {LARGEST >> 20} MiB each.")
        if not size:
            raise DataError("is empty")
        return [_check(clip, path) for clip in read(path, joints, unit)]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except DataError as e:
        message = e.message if e.message.startswith(str(path)) else f"{path} {e.message}"
        raise DataError(message, e.hint) from e
    except OSError as e:
        raise DataError(f"{path} can't be read: {e.strerror or e}") from e
    except Exception as e:  # whatever a parser meets in a damaged file
        raise DataError(f"{path} {reason_of(e)}") from e


def _check(clip: InputClip, path: Path) -> InputClip:
    """The clip as float32. Raises `DataError` that names it, where its file ``path`` holds several, in it."""
    try:
        frames = check_frames(clip.frames, len(layout(clip.layout).joints))
    except DataError as e:
        raise DataError(f"{path}{clip.name.removeprefix(path.name)} {e.message}", e.hint) from e
    return replace(clip, frames=frames)


def _recording(parse: Callable[[bytes], tuple[np.ndarray, str]], layout_id: str) -> Callable:
    """A reader of a maker's own files, in which joints stand in one order and metres."""

    def read(path: Path, joints: str | None, unit: str | None) -> list[InputClip]:
        frames, note = parse(path.read_bytes())
        return [InputClip(path.name, np.asarray(frames) * (0.001 if unit == "mm" else 1), layout_id, note)]

    return read


def _ntu(content: bytes) -> tuple[np.ndarray, str]:
    from zsar.skeletons.readers import ntu
    from zsar.skeletons.readers.ntu_bodies import two_bodies

    return two_bodies(*ntu.parse(content))


def _utd_mhad(content: bytes) -> tuple[np.ndarray, str]:
    from zsar.skeletons.readers import utd_mhad

    return utd_mhad.parse(content)


def _nw_ucla(content: bytes) -> tuple[np.ndarray, str]:
    from zsar.skeletons.readers import nw_ucla

    return nw_ucla.parse(content)


def _arrays(path: Path, joints: str | None, unit: str | None) -> list[InputClip]:
    from zsar.recognition.clip_arrays import read_arrays

    return read_arrays(path, joints, unit)


def _table(path: Path, joints: str | None, unit: str | None) -> list[InputClip]:
    from zsar.recognition.clip_tables import read_table

    return [read_table(path, unit)]


READERS: dict[str, Callable[[Path, str | None, str | None], list[InputClip]]] = {
    ".skeleton": _recording(_ntu, "kinect_v2"),
    ".mat": _recording(_utd_mhad, "kinect_v1"),
    ".json": _recording(_nw_ucla, "kinect_v1"),
    ".npz": _arrays,
    ".npy": _arrays,
    ".csv": _table,
}
