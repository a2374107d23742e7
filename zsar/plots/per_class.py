"""How often clips of each unseen class are recognised."""

from dataclasses import dataclass

import numpy as np

from zsar.errors import RecordError, ZsarError
from zsar.evaluation.intervals import mean_interval
from zsar.plots import phrases, style
from zsar.plots.choosing import Selection
from zsar.plots.picture import Picture
from zsar.protocol import MODES
from zsar.results import Record

MOST = len(style.HATCHES)
"""Methods beside one another; more can't be told apart in one column."""


@dataclass(frozen=True)
class Series:
    """One method's accuracies by class in percent, with half an interval or None; None for a class without clips."""

    name: str
    values: dict[str, tuple[float, float | None] | None]


def draw(selection: Selection, width: float) -> Picture:
    """Horizontal bars per class and method, the best recognised class on top, with 95% intervals over seeds.

    Raises `ZsarError` when runs of several splits fit, or of more than `MOST` methods.
    """
    selection.one_split()
    first, methods = selection.first, series(selection)
    names = [method.name for method in methods]
    if len(methods) > MOST:
        raise ZsarError(
            f"one picture shows at most {MOST} methods per class, and {len(methods)} fit: {', '.join(names)}",
            f"Choose with --method, for example: --method {first.method.name}"
            + (" (and --mode)" if phrases.transductive(names) else ""),
        )
    seeds = {r.seed for r in selection.records}
    lines = (
        phrases.dataset(first),
        f"{phrases.split(first)}, {phrases.RULES[selection.rule]}, {phrases.seeds(seeds)}",
    )
    intervals = " Whiskers: 95% intervals over seeds." if len(seeds) > 1 else ""
    caption = (
        f"Accuracy on each unseen class: {', '.join(lines)}; {', '.join(names)}; "
        f"{phrases.runs(selection.records)}.{intervals} {phrases.transductive(names)}"
    ).strip()
    chance = 100 / len(first.split.unseen)
    return Picture(_figure(methods, phrases.class_names(first), chance, lines, width), caption)


def series(selection: Selection) -> list[Series]:
    """The accuracies to draw, methods in the order of their mean over classes, best first."""
    names = selection.names
    titles = [r.method.title for r in {r.configuration: r for r in selection.records}.values()]
    drawn = []
    for configuration, apart in names.items():
        runs = [r for r in selection.records if r.configuration == configuration]
        apart = f" [{apart}]" if apart and titles.count(runs[0].method.title) > 1 else ""
        for mode in MODES:
            of_mode = [r for r in runs if selection.rule in r.results.get(mode, {})]
            if of_mode and selection.mode in (None, mode):
                drawn.append(Series(phrases.method(runs[0], mode) + apart, _values(of_mode, mode, selection.rule)))
    if not drawn:
        raise ZsarError(f"no run that fits has {selection.mode} results", "Leave --mode away, or choose the other one.")
    return sorted(drawn, key=lambda s: (-_mean(v[0] for v in s.values.values() if v), s.name))


def _values(runs: list[Record], mode: str, rule: str) -> dict:
    values = {}
    for c in runs[0].split.unseen:
        try:
            of_class = [r.results[mode][rule]["per_class"][c] for r in runs]
        except KeyError as e:
            raise RecordError(f"no accuracy of class {c} in runs {', '.join(r.run for r in runs)}: {e}") from e
        percent = [100 * v for v in of_class if v is not None]
        values[c] = mean_interval(percent) if percent else None
    return values


def _mean(values) -> float:
    values = list(values)
    return sum(values) / len(values) if values else 0.0


def _figure(methods: list[Series], names: dict, chance: float, lines: tuple[str, ...], width: float):
    classes = sorted(
        methods[0].values, key=lambda c: (-_mean(s.values[c][0] for s in methods if s.values[c]), names[c])
    )
    wrapped = [style.wrapped(names[c], width * 0.36, lines=2) for c in classes]
    thick = 0.11 if len(methods) > 1 else 0.15
    rows = [max(thick * len(methods) + 0.1, style.height_of(text)) for text in wrapped]
    places = np.cumsum([0, *rows[:-1]]) + np.array(rows) / 2
    with style.drawing():
        fig = style.figure(width)
        axes = fig.add_subplot()
        for k, method in enumerate(methods):
            shift = (k - (len(methods) - 1) / 2) * thick
            there = [(p + shift, method.values[c]) for p, c in zip(places, classes, strict=True) if method.values[c]]
            axes.barh(
                [p for p, _ in there],
                [v[0] for _, v in there],
                height=thick * 0.9,
                color=style.COLOURS[k] if k == 0 else "white",
                edgecolor=style.COLOURS[k],
                hatch=style.HATCHES[k],
                linewidth=0.6,
                label=method.name,
            )
            certain = [(p, v) for p, v in there if v[1] is not None]
            if certain:
                axes.errorbar(
                    [v[0] for _, v in certain],
                    [p for p, _ in certain],
                    xerr=[v[1] for _, v in certain],
                    fmt="none",
                    ecolor="black",
                    elinewidth=0.7,
                    zorder=4,
                )
            for p, v in there:
                if v[0] < 0.5:  # a bar of no length looks like a missing one
                    axes.text(
                        0.8, p, f"{v[0]:.0f}", va="center", fontsize=style.SMALL, color=style.COLOURS[k], zorder=5
                    )
        style.mark_chance(axes, chance, zorder=3)
        for edge in np.cumsum(rows)[:-1]:
            axes.axhline(edge, color=style.LIGHT, linewidth=0.4)
        for p, c in zip(places, classes, strict=True):
            if not any(s.values[c] for s in methods):
                axes.text(1, p, "no test clip", va="center", fontsize=style.SMALL, color=style.GREY)
        axes.set_yticks(places, wrapped)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(sum(rows) + 0.03, -0.03)
        style.percent_axis(axes.xaxis)
        axes.set_xlabel("accuracy on the class (%)")
        style.legend_below(fig, axes)
        style.finish(fig, *lines, tall=lambda _: sum(rows) + 0.06)
    return fig
