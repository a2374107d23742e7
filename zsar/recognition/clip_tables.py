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
from zsar.recognition.clip_arrays import two_most_moving
from zsar.recognition.clips import InputClip
from zsar.skeletons.joint_names import match

_AXIS = re.compile(r"(?P<joint>.*?[^\W_])(?:[\s_.:\-]+(?P<axis>[xyzXYZ])|(?P<capital>[XYZ]))")
_FRAME, _BODY = ("frame", "frames", "t", "index"), ("body", "person", "skeleton", "bodyid", "id")
_ASIDE = ("time", "timestamp", "label", "class", "confidence")


def read_table(path: Path, unit: str | None) -> InputClip:
    """The clip of a table, in metres. Raises `DataError`."""
    header, rows = _rows(path.read_bytes())
    columns, others = _columns(header)
    names = list(columns)
    matched = match(names, "its joints")
    axes = [columns[names[i]] for i in matched.order]
    plain = [_plain(name) for name in header]
    frame_at, body_at = (
        next((i for i, name in enumerate(plain) if name in spellings), None) for spellings in (_FRAME, _BODY)
    )
    times = _numbers([row[frame_at] for row in rows], header[frame_at]) if frame_at is not None else None
    bodies = [row[body_at].strip() for row in rows] if body_at is not None else [""] * len(rows)
    if times is None and len(set(bodies)) > 1:
        raise DataError("has several bodies, and no column `frame` that says which rows are of one moment")
    joints = np.stack(
        [_numbers([row[column] for row in rows], header[column]) for joint in axes for column in joint], 1
    ).reshape(len(rows), len(axes), 3)
    moments = np.arange(len(rows)) if times is None else np.unique(times, return_inverse=True)[1]
    people = {body: number for number, body in enumerate(dict.fromkeys(bodies))}
    frames = np.zeros((moments.max() + 1, len(people), len(axes), 3))
    filled = np.zeros(frames.shape[:2], bool)
    for number, (moment, body, row) in enumerate(zip(moments, bodies, joints, strict=True)):
        if filled[moment, people[body]]:
            raise DataError(f"has a frame twice (row {number + 2})", "Several people need a column `body`.")
        frames[moment, people[body]], filled[moment, people[body]] = row, True
    return two_most_moving(path.name, frames, matched.layout, unit or "", [*matched.cut, *others])


def _rows(content: bytes) -> tuple[list[str], list[list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise DataError(f"is not text in UTF-8: {e.reason} at byte {e.start}") from e
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        table = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as e:
        raise DataError(f"is not CSV: {e}") from e
    if len(table) < 2:
        raise DataError("has no rows below its header" if table else "is empty")
    header = [name.strip() for name in table[0]]
    for number, row in enumerate(table[1:], 2):
        if len(row) != len(header):
            raise DataError(f"has {len(row)} values in row {number}, {len(header)} in its header")
    return header, table[1:]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _columns(header: list[str]) -> tuple[dict[str, list[int]], list[str]]:
    """Joints, in order, with the columns of their x, y and z; other columns that are left out."""
    joints: dict[str, dict[str, int]] = {}
    others = []
    for i, name in enumerate(header):
        parsed = _AXIS.fullmatch(name)
        if not parsed:
            if _plain(name) not in (*_FRAME, *_BODY, *_ASIDE):
                others.append(name)
            continue
        axis = (parsed["axis"] or parsed["capital"]).lower()
        if axis in joints.setdefault(parsed["joint"], {}):
            raise DataError(f"has two columns for {axis} of {parsed['joint']!r}")
        joints[parsed["joint"]][axis] = i
    if not joints:
        raise DataError(
            "has no columns of joints",
            "Name them after joint and axis: frame,head_x,head_y,head_z,... A file without a header needs one.",
        )
    for joint, axes in joints.items():
        if len(axes) < 3:
            raise DataError(f"has only {', '.join(sorted(axes))} of the joint {joint!r}, not x, y and z")
    return {joint: [axes[a] for a in "xyz"] for joint, axes in joints.items()}, others


def _numbers(texts: list[str], column: str) -> np.ndarray:
    out = np.empty(len(texts))
    for row, text in enumerate(texts):
        try:
            out[row] = float(text)
        except ValueError:
            shown = text.strip()[:20]
            raise DataError(f"has {shown!r} for {column} in row {row + 2}, expected a number") from None
    return out
