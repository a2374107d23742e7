"""Clips from CSV files: a row per frame (and body), a column per coordinate, named after the joint.

``frame,head_x,head_y,head_z,neck_x,...``: joints under any of the names that `zsar.skeletons.joint_names` knows, in
any order, with ``_x``, ``_y``, ``_z`` (or ``.x``, `` x``, ``X``) behind. Optional columns: ``frame``, and ``body`` (or
``person``) where several people are in it. Other columns are left out. Comma, semicolon or tab; decimal points.
"""

import csv
import io
import re
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.recognition.clip_arrays import BODIES, in_metres
from zsar.skeletons.bodies import most_moving
from zsar.skeletons.joint_names import match

_AXIS = re.compile(r"(?P<joint>.*?[^\W_])(?:[\s_.:\-]+(?P<axis>[xyzXYZ])|(?P<capital>[XYZ]))")
_FRAME, _BODY = ("frame", "frames", "t", "index"), ("body", "person", "skeleton", "bodyid", "id")
_ASIDE = ("time", "timestamp", "label", "class", "confidence")


def read_table(path: Path, unit: str | None) -> tuple[np.ndarray, str, str]:
    """Frames [T, M, V, 3] in metres, the layout, and a note on what was left out. Raises `DataError`."""
    header, rows = _rows(path.read_bytes())
    columns, names, aside = _columns(header)
    matched = match(names, "its joints")
    wanted = [columns[names[i]] for i in matched.order]
    plain = [re.sub(r"[\W_]+", "", h).lower() for h in header]
    frame_at, body_at = (next((i for i, h in enumerate(plain) if h in known), None) for known in (_FRAME, _BODY))
    times = _numbers([row[frame_at] for row in rows], header[frame_at]) if frame_at is not None else None
    bodies = [row[body_at].strip() for row in rows] if body_at is not None else [""] * len(rows)
    if times is None and len(set(bodies)) > 1:
        raise DataError("has several bodies, and no column `frame` that says which rows are of one moment")
    joints = np.stack(
        [_numbers([row[column] for row in rows], header[column]) for joint in wanted for column in joint], 1
    ).reshape(len(rows), len(wanted), 3)
    moments = np.arange(len(rows)) if times is None else np.unique(times, return_inverse=True)[1]
    people = {body: number for number, body in enumerate(dict.fromkeys(bodies))}
    frames = np.zeros((moments.max() + 1, len(people), len(wanted), 3))
    filled = np.zeros(frames.shape[:2], bool)
    for number, (moment, body, row) in enumerate(zip(moments, bodies, joints, strict=True)):
        if filled[moment, people[body]]:
            raise DataError(f"has a frame twice (row {number + 2})", "Several people need a column `body`.")
        frames[moment, people[body]], filled[moment, people[body]] = row, True
    frames, dropped = most_moving(in_metres(frames, unit or ""), min(BODIES, len(people)))
    left = [*matched.cut, *aside]
    note = f"left out: {', '.join(left[:10])}{', ...' * (len(left) > 10)}" if left else ""
    return frames, matched.layout, "; ".join(part for part in (note, dropped) if part)


def _rows(content: bytes) -> tuple[list[str], list[list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise DataError(f"is no text in UTF-8: {e.reason} at byte {e.start}") from e
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        table = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as e:
        raise DataError(f"is no CSV: {e}") from e
    if len(table) < 2:
        raise DataError("has no rows below its header" if table else "is empty")
    header = [name.strip() for name in table[0]]
    for number, row in enumerate(table[1:], 2):
        if len(row) != len(header):
            raise DataError(f"has {len(row)} values in row {number}, {len(header)} in its header")
    return header, table[1:]


def _columns(header: list[str]) -> tuple[dict[str, list[int]], list[str], list[str]]:
    """Joints and the columns of their x, y and z; the joints in order; other columns that are left out."""
    found: dict[str, dict[str, int]] = {}
    aside = []
    for i, name in enumerate(header):
        parsed = _AXIS.fullmatch(name)
        if not parsed:
            if re.sub(r"[\W_]+", "", name).lower() not in (*_FRAME, *_BODY, *_ASIDE):
                aside.append(name)
            continue
        axis = (parsed["axis"] or parsed["capital"]).lower()
        if axis in found.setdefault(parsed["joint"], {}):
            raise DataError(f"has two columns for {axis} of {parsed['joint']!r}")
        found[parsed["joint"]][axis] = i
    if not found:
        raise DataError(
            "has no columns of joints",
            "Name them after joint and axis: frame,head_x,head_y,head_z,... A file without a header needs one.",
        )
    for joint, axes in found.items():
        if len(axes) < 3:
            raise DataError(f"has only {', '.join(sorted(axes))} of the joint {joint!r}, not x, y and z")
    return {joint: [axes[a] for a in "xyz"] for joint, axes in found.items()}, list(found), aside


def _numbers(texts: list[str], column: str) -> np.ndarray:
    out = np.empty(len(texts))
    for row, text in enumerate(texts):
        try:
            out[row] = float(text)
        except ValueError:
            shown = text.strip()[:20]
            raise DataError(f"has {shown!r} for {column} in row {row + 2}, expected a number") from None
    return out
