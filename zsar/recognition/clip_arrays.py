"""Clips from ``.npy`` and ``.npz`` files: an array of joints, or the generic form that ``zsar data import`` reads.

``.npy``: [T, V, 3] or [T, M, V, 3], y up. ``.npz``: one such array of any name; or ``frames`` of clips end to end,
with ``offsets`` [N + 1] where there are several, ``joints`` [V] (names, in any order), ``unit`` (m or mm) and
``samples`` [N] (names of the clips), all optional. Labels are not needed and not looked at.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zsar.data.arrays import NUMBERS, load
from zsar.errors import DataError
from zsar.recognition.clips import InputClip, layout_of
from zsar.skeletons.joint_names import match
from zsar.skeletons.movement import most_moving
from zsar.skeletons.readers.source import Source

UNITS = {"m": 1.0, "mm": 0.001}
BODIES = 2
"""Kept of an array with more: those with most motion."""
LARGEST_BODY = 20.0
"""Metres; a body that extends further is in millimetres."""


def read_arrays(path: Path, joints: str | None, unit: str | None) -> list[InputClip]:
    """The clips of a file, in metres. Raises `DataError`."""
    if path.suffix.lower() == ".npy":
        return [_clip(path.name, load(path, kinds=NUMBERS), None, joints, unit or "")]
    source = Source(path)
    arrays = {match[1]: file for file, match in source.find(re.compile(r"(.+)\.npy"))}
    if "frames" not in arrays:
        others = [name for name in arrays if name not in ("joints", "unit", "offsets", "labels", "samples")]
        if len(others) != 1:
            raise DataError("has no array `frames`", f"It holds: {', '.join(sorted(arrays)) or 'nothing'}.")
        arrays["frames"] = arrays[others[0]]

    def strings(name: str) -> list[str] | None:
        if name not in arrays:
            return None
        return [str(s).strip() for s in np.atleast_1d(load(source, arrays[name], kinds="iuUS")).tolist()]

    frames, names = load(source, arrays["frames"], kinds=NUMBERS), strings("joints")
    unit = unit or " and ".join(sorted(set(strings("unit") or [])))
    if "offsets" not in arrays:
        return [_clip(path.name, frames, names, joints, unit)]
    offsets = load(source, arrays["offsets"], 1, "iu").astype(np.int64)
    if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(frames) or (np.diff(offsets) < 1).any():
        raise DataError(f"has offsets that don't divide its {len(frames)} frames into clips")
    samples = strings("samples") or [str(i) for i in range(len(offsets) - 1)]
    if len(samples) != len(offsets) - 1:
        raise DataError(f"has {len(samples)} samples' names for {len(offsets) - 1} clips")
    spans = zip(samples, offsets[:-1], offsets[1:], strict=True)
    return [_clip(f"{path.name}#{sample}", frames[a:b], names, joints, unit) for sample, a, b in spans]


def in_metres(frames: np.ndarray, unit: str) -> np.ndarray:
    """Frames [T, M, V, 3] as float64 metres. Raises `DataError` for an unknown unit, and for a missing one."""
    if unit and unit not in UNITS:
        raise DataError(f"is in {unit[:20]!r}, expected m or mm")
    if not unit and frames.dtype.kind != "f":
        raise DataError("holds whole numbers, and nothing says in which unit", "Say so: --unit mm")
    frames = frames.astype(np.float64)
    bodies = frames[np.isfinite(frames).all(axis=(2, 3)) & frames.any(axis=(2, 3))]
    if not unit and len(bodies) and (size := np.median(np.ptp(bodies, axis=1).max(axis=1))) > LARGEST_BODY:
        raise DataError(f"holds bodies of {size:.0f} m", "If these are mm: --unit mm")
    return frames * UNITS[unit or "m"]


def two_most_moving(name: str, frames: np.ndarray, layout_id: str, unit: str, left_out: Sequence[str]) -> InputClip:
    """A clip of frames [T, M, V, 3] in ``unit``, with a note on what was left out of the file and of many bodies."""
    frames, dropped = most_moving(in_metres(frames, unit), min(BODIES, frames.shape[1]))
    note = f"left out: {', '.join(left_out[:10])}{', ...' * (len(left_out) > 10)}" if left_out else ""
    return InputClip(name, frames, layout_id, "; ".join(part for part in (note, dropped) if part))


def _clip(name: str, array: np.ndarray, names: list[str] | None, joints: str | None, unit: str) -> InputClip:
    """The clip of an array whose joints have ``names``, or are those of the layout ``joints``."""
    if array.ndim not in (3, 4) or array.shape[-1] != 3 or 0 in array.shape:
        raise DataError(
            f"holds an array of shape {list(array.shape)}, expected [frames, joints, 3] or [frames, bodies, joints, 3]"
        )
    array = array[:, None] if array.ndim == 3 else array
    if names is None:
        return two_most_moving(name, array, layout_of(array.shape[2], joints), unit, ())
    if len(names) != array.shape[2]:
        raise DataError(f"has {array.shape[2]} joints, but {len(names)} joints' names")
    matched = match(names, "its joints")
    if joints is not None and matched.layout != joints:
        raise DataError(f"has the joints of {matched.layout}, not of {joints}")
    return two_most_moving(name, array[:, :, list(matched.order)], matched.layout, unit, matched.cut)
