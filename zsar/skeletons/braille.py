"""Drawings in a terminal: two by four dots in every character."""

import numpy as np

from zsar.skeletons.drawing import HEAD, Drawing
from zsar.skeletons.sides import SIDES

_NAMES = tuple(SIDES)

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""What each dot of a braille character adds to U+2800, rows from the top."""


def size(drawing: Drawing, columns: int, rows: int) -> tuple[int, int]:
    """The columns and rows that a drawing fills of those there are, its axes equal; dots are square."""
    width, height = drawing.high - drawing.low
    scale = min((2 * columns - 1) / width, (4 * rows - 1) / height)
    return min(columns, int(np.ceil((scale * width + 1) / 2))), min(rows, int(np.ceil((scale * height + 1) / 4)))


def lines(drawing: Drawing, frame: int, columns: int, rows: int, braille: bool = True) -> list[list[tuple[str, str]]]:
    """One frame as ``rows`` lines of (text, side) pieces, each of one of `zsar.skeletons.sides.SIDES` or "".

    A second body is dotted. Without ``braille`` a character with any dot is an "o", for terminals that know ASCII only.
    """
    dots = np.zeros((4 * rows, 2 * columns), bool)
    side_of = np.zeros((rows, columns), np.int64)  # 0: nothing there
    extent = drawing.high - drawing.low
    scale = min((2 * columns - 1) / extent[0], (4 * rows - 1) / extent[1])
    margin = (np.array([2 * columns - 1, 4 * rows - 1]) - scale * extent) / 2
    for body, side, start, end in [*drawing.bones(frame), *_heads(drawing, frame)]:
        a, b = (margin + scale * (point - drawing.low) for point in (start, end))
        steps = int(np.abs(b - a).max()) + 1
        along = np.linspace(0, 1, steps + 1)[:, None]
        places = np.round(a + along * (b - a)).astype(int)
        if body:
            places = places[places.sum(axis=1) % 2 == 0]
        x, y = places[:, 0], 4 * rows - 1 - places[:, 1]
        dots[y, x] = True
        # Where limbs and trunk share a character, the limb's side shows.
        side_of[y // 4, x // 2] = np.maximum(side_of[y // 4, x // 2], 1 + _NAMES.index(side))
    codes = (dots.reshape(rows, 4, columns, 2) * _DOTS[None, :, None, :]).sum(axis=(1, 3))
    drawn_lines = []
    for code, sides in zip(codes, side_of, strict=True):
        signs = ["".join(" " if not c else chr(0x2800 + c) if braille else "o") for c in code]
        pieces: list[tuple[str, str]] = []
        for sign, side in zip(signs, sides, strict=True):
            name = _NAMES[side - 1] if side else ""
            if pieces and pieces[-1][1] == name:
                pieces[-1] = pieces[-1][0] + sign, name
            else:
                pieces.append((sign, name))
        drawn_lines.append(pieces)
    return drawn_lines


def _heads(drawing: Drawing, frame: int):
    """Outlines of heads, as bones."""
    angles = np.linspace(0, 2 * np.pi, 9)
    outline = HEAD * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for body in np.flatnonzero(drawing.present[frame]):
        middle = drawing.points[frame, body, drawing.head]
        for start, end in zip(outline[:-1], outline[1:], strict=True):
            yield int(body), "middle", middle + start, middle + end
