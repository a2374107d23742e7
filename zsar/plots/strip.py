"""A clip as a strip of frames for a paper."""

import numpy as np

from zsar.plots import style
from zsar.plots.picture import Picture
from zsar.skeletons.drawing import HEAD, Drawing
from zsar.skeletons.sides import SIDES

GAP = 0.08
"""Between two frames, as a share of a frame's width."""
SHORTEST = 0.75
"""Inches of a frame's height."""


def draw(drawing: Drawing, count: int, title: str, width: float) -> Picture:
    """``count`` frames, evenly spaced from the first to the last, in one scale, each with its number."""
    frames = np.unique(np.linspace(0, len(drawing) - 1, count).round().astype(int))
    size = drawing.high - drawing.low
    size = size + 0.06 * size.max()  # room for line ends
    columns = _columns(len(frames), size, width)
    with style.drawing():
        scale = (width - 0.1) / (columns * size[0] * (1 + GAP))
        label = 1.3 * style.SMALL / 72 / scale  # metres that a line of text takes
        rows = -(-len(frames) // columns)
        fig = style.figure(width)
        axes = fig.add_subplot()
        for k, frame in enumerate(frames):
            row, column = divmod(k, columns)
            corner = np.array([column * size[0] * (1 + GAP), -row * (size[1] + label)])
            _frame(axes, drawing, frame, corner + size / 2 - (drawing.high + drawing.low) / 2)
            axes.text(
                corner[0] + size[0] / 2, corner[1] - label * 0.1, str(frame + 1), ha="center", va="top",
                fontsize=style.SMALL, color=style.GREY,
            )  # fmt: skip
        axes.set_xlim(-size[0] * GAP / 2, columns * size[0] * (1 + GAP) - size[0] * GAP / 2)
        axes.set_ylim(-(rows - 1) * (size[1] + label) - label, size[1])
        axes.set_aspect("equal")
        axes.set_axis_off()
        style.legend_below(fig, axes)
        style.finish(fig, title, tall=lambda _: rows * (size[1] + label) * scale)
    numbers = ", ".join(str(frame + 1) for frame in frames)
    two = " Rings are the second person's joints." if drawing.present.any(axis=0).sum() > 1 else ""
    return Picture(fig, f"{title}: frames {numbers} of {len(drawing)}, in one scale.{two}")


def _columns(count: int, size: np.ndarray, width: float) -> int:
    """One row where people are tall enough in it, else as few rows as make them so."""
    for rows in range(1, count + 1):
        columns = -(-count // rows)
        if size[1] * width / (columns * size[0] * (1 + GAP)) >= SHORTEST:
            return columns
    return 1


def _frame(axes, drawing: Drawing, frame: int, shift: np.ndarray) -> None:
    from matplotlib.patches import Circle

    names = {"right": "right limbs", "left": "left limbs"}
    for _, side, start, end in drawing.bones(frame):
        axes.plot(
            *np.stack([start + shift, end + shift], axis=1),
            color=SIDES[side].light,
            linewidth=SIDES[side].width,
            solid_capstyle="round",
            label=names.get(side),
            zorder=2,
        )
    for body in np.flatnonzero(drawing.present[frame]):
        outline = {"facecolor": "white" if body else "black", "edgecolor": "black", "linewidth": 0.8}
        axes.add_patch(Circle(drawing.points[frame, body, drawing.head] + shift, HEAD, **outline, zorder=2.5))
        face = "black" if body == 0 else "white"
        axes.plot(
            *(np.delete(drawing.points[frame, body], drawing.head, axis=0) + shift).T,
            linestyle="none",
            marker="o",
            markersize=1.6,
            markerfacecolor=face,
            markeredgecolor="black",
            markeredgewidth=0.4,
            zorder=3,
        )
