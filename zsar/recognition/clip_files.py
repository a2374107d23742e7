"""One file of a clip, in any of the formats that people have them in, told by its ending."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar import configuration
from zsar.errors import DataError
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.reading import check_frames, reason_of

LARGEST = 64 * 2**20
"""Bytes of a file; a larger one is no clip."""


@dataclass(frozen=True)
class FoundClip:
    """A clip ``frames`` [T, M, V, 3] float32 metres of a joint ``layout``; ``note``: what was mended or left out."""

    name: str
    frames: np.ndarray
    layout: str
    note: str = ""


def read_clips(path: Path, joints: str | None = None, unit: str | None = None) -> list[FoundClip]:
    """The clips of a file: one, or several of an ``.npz`` with ``offsets``.

    ``joints`` names the layout of arrays that don't say it (default: told by the number of joints), ``unit`` is
    ``m`` or ``mm`` (default: what the file says, else metres). Raises `DataError` that names the file and what is
    wrong with it, `UnknownName` for a layout.
    """
    path = Path(path)
    reader = _reader(path)
    if joints is not None:
        layout(joints)
    try:
        size = path.stat().st_size
        if path.is_dir() or size > LARGEST:
            what = "is a folder" if path.is_dir() else f"has {size >> 20} MiB, too many for a clip"
            raise DataError(what, f"Give files of up to {LARGEST >> 20} MiB each.")
        if not size:
            raise DataError("is empty")
        found = reader(path, joints, unit)
        clips = []
        for name, frames, its_layout, note in found:
            if unit == "mm" and reader in (_skeleton, _mat, _json):
                frames = np.asarray(frames) * 0.001
            frames = check_frames(frames, len(layout(its_layout).joints))
            clips.append(FoundClip(name, frames, its_layout, note))
        return clips
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except DataError as e:
        message = e.message if e.message.startswith(str(path)) else f"{path} {e.message}"
        raise DataError(message, e.hint) from e
    except OSError as e:
        raise DataError(f"{path} can't be read: {e.strerror or e}") from e
    except Exception as e:  # whatever a parser meets in a damaged file
        raise DataError(f"{path} {reason_of(e)}") from e


def layout_of(count: int, joints: str | None) -> str:
    """The layout of so many joints: the one named, else the only one that has as many. Raises `DataError`."""
    known = {name: len(layout(name).joints) for name in configuration.names("layouts")}
    if joints is not None:
        if len(layout(joints).joints) != count:
            raise DataError(f"has {count} joints, the layout {joints} has {len(layout(joints).joints)}")
        return joints
    fitting = [name for name, size in known.items() if size == count]
    if len(fitting) != 1:
        told = ", ".join(f"{name} ({size} joints)" for name, size in sorted(known.items()))
        raise DataError(
            f"has {count} joints, and nothing says which",
            f"Name the layout (--layout) where it is one of {told}, or give the joints' names: a CSV file, or an "
            "array `joints` in an .npz.",
        )
    return fitting[0]


def _skeleton(path: Path, joints, unit) -> list:
    from zsar.skeletons.readers import ntu
    from zsar.skeletons.readers.ntu_bodies import two_bodies

    frames, note = two_bodies(*ntu.parse(path.read_bytes()))
    return [(path.name, frames, "kinect_v2", note)]


def _mat(path: Path, joints, unit) -> list:
    from zsar.skeletons.readers import utd_mhad

    frames, note = utd_mhad.parse(path.read_bytes())
    return [(path.name, frames, "kinect_v1", note)]


def _json(path: Path, joints, unit) -> list:
    from zsar.skeletons.readers import nw_ucla

    frames, note = nw_ucla.parse(path.read_bytes())
    return [(path.name, frames, "kinect_v1", note)]


def _arrays(path: Path, joints, unit) -> list:
    from zsar.recognition.clip_arrays import read_arrays

    return read_arrays(path, joints, unit)


def _table(path: Path, joints, unit) -> list:
    from zsar.recognition.clip_tables import read_table

    return [(path.name, *read_table(path, unit))]


READERS: dict[str, Callable] = {
    ".skeleton": _skeleton,
    ".mat": _mat,
    ".json": _json,
    ".npz": _arrays,
    ".npy": _arrays,
    ".csv": _table,
}
FORMATS = (
    ".skeleton (NTU RGB+D), .mat (UTD-MHAD), .json (NW-UCLA), .npz and .npy (arrays), .csv (a column per coordinate)"
)


def _reader(path: Path) -> Callable:
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path} is of no format known here", f"Formats: {FORMATS}.")
    return reader
