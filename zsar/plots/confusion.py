"""Which unseen classes a method takes for which."""

import numpy as np

from zsar.errors import RecordError
from zsar.plots import phrases, style
from zsar.plots.choosing import Selection
from zsar.plots.picture import Picture
from zsar.results import Record

WRITTEN = 10.5
"""Points that a cell needs for a number of two digits."""


def draw(selection: Selection, width: float) -> Picture:
    """A matrix whose rows are true classes and add up to 100 %, over the clips of all seeds.

    Raises `ZsarError` when runs of several methods, splits, configurations or modes fit.
    """
    selection.one_split()
    selection.one_configuration()
    mode, records, first = selection.one_mode(), selection.records, selection.first
    counts = sum(_counts(r, mode, selection.rule) for r in records)
    names = [phrases.class_names(first)[c] for c in first.split.unseen]
    about = f"{phrases.method(first, mode)}, {phrases.split(first)}"
    how = f"{phrases.RULES[selection.rule]}, {phrases.seeds(r.seed for r in records)}"
    share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = 100 * np.trace(counts) / max(counts.sum(), 1)
    caption = (
        f"Confusion between unseen classes of {about}: {phrases.dataset(first)}; {how}; {phrases.runs(records)}, "
        f"{int(counts.sum())} clips, {right:.1f} % right. Rows add up to 100 %."
    )
    return Picture(_figure(share, names, (phrases.dataset(first), about, how), width), caption)


def _counts(record: Record, mode: str, rule: str) -> np.ndarray:
    counts, side = record.results[mode][rule].get("confusion"), len(record.split.unseen)
    if np.shape(counts) != (side, side):
        raise RecordError(
            f"run {record.run} has no confusion matrix of {side} classes in results.{mode}.{rule}",
            "Run it again, or leave it out.",
        )
    return np.asarray(counts)


def _figure(share: np.ndarray, names: list[str], lines: tuple[str, ...], width: float):
    count = len(names)
    with style.drawing():
        labels = [style.wrapped(name, width * 0.36, lines=2) for name in names]
        longest = max(len(line) for label in labels for line in label.split("\n"))
        side = max(width - longest * style.SMALL * 0.56 / 72 - 0.3, width * 0.4)
        # A column narrower than a line of text would let the names of rows run into one another.
        deepest = max(label.count("\n") for label in labels) + 1
        least = count * deepest * style.SMALL * 1.3 / 72
        fig = style.figure(width)
        axes = fig.add_subplot()
        image = axes.imshow(share, cmap="Blues", vmin=0, vmax=100, aspect="auto")
        cell = 72 * side / count
        every = int(np.ceil(1.4 * style.SMALL / cell))  # so that numbers of two digits don't touch
        axes.set_xticks(range(0, count, every), [str(i) for i in range(1, count + 1, every)])
        axes.set_yticks(range(count), [str(i) for i in range(1, count + 1)])
        beside = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": "right"}
        for i, label in enumerate(labels):
            axes.annotate(label, (0, i), xytext=(-16, 0), va="center_baseline", fontsize=style.SMALL, **beside)
        axes.annotate("true class", (0, -0.5), xytext=(-4, 3), va="bottom", **beside)
        axes.tick_params(length=0)
        axes.set_xlabel("predicted class")
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=0.8)
        axes.tick_params(which="minor", length=0)
        for i, j in np.ndindex(share.shape):
            if cell >= WRITTEN and round(share[i, j]):
                text, colour = f"{share[i, j]:.0f}", "white" if share[i, j] > 55 else "black"
                size = style.SMALL if len(text) < 3 else min(style.SMALL, cell / 2)  # "100" is the widest
                axes.text(j, i, text, ha="center", va="center", color=colour, fontsize=size)
        bar = fig.colorbar(image, ax=axes, orientation="horizontal", fraction=0.05, aspect=40, pad=0.02)
        bar.set_label("% of a true class's clips")
        bar.outline.set_visible(False)
        style.finish(fig, *lines, tall=lambda across: max(across, least))
    return fig
