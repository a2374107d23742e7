"""Clips from ``.npy`` and ``.npz`` files: an array of joints, or the generic form that ``zsar data import`` reads.

``.npy``: [T, V, 3] or [T, M, V, 3], y up. ``.npz``: one such array of any name; or ``frames`` of clips end to end,
with ``offsets`` [N + 1] where there are several, ``joints`` [V] (names, in any order), ``unit`` (m or mm) and
``samples`` [N] (names of the clips), all optional. Labels are not needed and not looked at.
"""

import re
from pathlib import Path

import numpy as np

from zsar.data.arrays import NUMBERS, load
from zsar.errors import DataError
from zsar.recognition.clip_files import layout_of
from zsar.skeletons.bodies import most_moving
from zsar.skeletons.joint_names import match
from zsar.skeletons.readers.source import Source

UNITS = {"m": 1.0, "mm": 0.001}
BODIES = 2
"""Kept of an array with more: those with most motion."""
LARGEST_BODY = 20.0
"""Metres; a body that extends further is in millimetres."""


def read_arrays(path: Path, joints: str | None, unit: str | None) -> list[tuple[str, np.ndarray, str, str]]:
    """Per clip its name, frames [T, M, V, 3] in metres, layout and a note. Raises `DataError`."""
    if path.suffix.lower() == ".npy":
        return [_clip(path.name, load(path, kinds=NUMBERS), layout_named(None, joints), unit or "")]
    source = Source(path)
    there = {name[1][1]: name[0] for name in source.find(re.compile(r"(.+)\.npy"))}
    if "frames" not in there:
        others = [name for name in there if name not in ("joints", "unit", "offsets", "labels", "samples")]
        if len(others) != 1:
            raise DataError("has no array `frames`", f"It holds: {', '.join(sorted(there)) or 'nothing'}.")
        there["frames"] = there[others[0]]
    frames = load(source, there["frames"], kinds=NUMBERS)
    names = _strings(source, there, "joints")
    told = unit or "".join(_strings(source, there, "unit") or [])
    how = layout_named(names, joints)
    if "offsets" not in there:
        return [_clip(path.name, frames, how, told)]
    offsets = load(source, there["offsets"], 1, "iu").astype(np.int64)
    if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(frames) or (np.diff(offsets) < 1).any():
        raise DataError(f"has offsets that don't divide its {len(frames)} frames into clips")
    samples = _strings(source, there, "samples") or [str(i) for i in range(len(offsets) - 1)]
    if len(samples) != len(offsets) - 1:
        raise DataError(f"has {len(samples)} samples' names for {len(offsets) - 1} clips")
    spans = zip(samples, offsets[:-1], offsets[1:], strict=True)
    return [_clip(f"{path.name}#{sample}", frames[a:b], how, told) for sample, a, b in spans]


def layout_named(names: list[str] | None, joints: str | None):
    """A function from the number of joints to the layout and the order of the joints given."""

    def of(count: int) -> tuple[str, list[int], str]:
        if names is None:
            return layout_of(count, joints), list(range(count)), ""
        if len(names) != count:
            raise DataError(f"has {count} joints, but {len(names)} joints' names")
        matched = match(names, "its joints")
        if joints is not None and matched.layout != joints:
            raise DataError(f"has the joints of {matched.layout}, not of {joints}")
        return matched.layout, list(matched.order), f"left out: {', '.join(matched.cut)}" if matched.cut else ""

    return of


def in_metres(frames: np.ndarray, unit: str) -> np.ndarray:
    """Frames [T, M, V, 3] as float64 metres. Raises `DataError` for a unit that isn't known or is missing."""
    if unit and unit not in UNITS:
        raise DataError(f"is in {unit[:20]!r}, expected m or mm")
    if not unit and frames.dtype.kind != "f":
        raise DataError("holds whole numbers, and nothing says in which unit", "Say so: --unit mm")
    frames = frames.astype(np.float64)
    there = frames[np.isfinite(frames).all(axis=(2, 3)) & frames.any(axis=(2, 3))]
    if not unit and len(there) and np.median(np.ptp(there, axis=1).max(axis=1)) > LARGEST_BODY:
        raise DataError(
            f"holds bodies of {np.median(np.ptp(there, axis=1).max(axis=1)):.0f} m", "If these are mm: --unit mm"
        )
    return frames * UNITS[unit or "m"]


def _clip(name: str, array: np.ndarray, how, unit: str) -> tuple[str, np.ndarray, str, str]:
    if array.ndim not in (3, 4) or array.shape[-1] != 3 or 0 in array.shape:
        raise DataError(
            f"holds an array of shape {list(array.shape)}, expected [frames, joints, 3] or [frames, bodies, joints, 3]"
        )
    array = array[:, None] if array.ndim == 3 else array
    layout, order, note = how(array.shape[2])
    frames, dropped = most_moving(in_metres(array, unit)[:, :, order], min(BODIES, array.shape[1]))
    return name, frames, layout, "; ".join(part for part in (note, dropped) if part)


def _strings(source: Source, there: dict, name: str) -> list[str] | None:
    if name not in there:
        return None
    return [str(s).strip() for s in np.atleast_1d(load(source, there[name], kinds="iuUS")).tolist()]
