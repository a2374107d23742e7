"""How often clips of each unseen class are recognised."""

from dataclasses import dataclass

import numpy as np

from zsar.errors import RecordError, ZsarError
from zsar.evaluation.intervals import mean_interval
from zsar.plots import choosing, style, words
from zsar.plots.choosing import Choice
from zsar.plots.picture import Picture
from zsar.results.naming import tell_apart

MOST = len(style.HATCHES)
"""Methods beside one another; more can't be told apart in one column."""


@dataclass(frozen=True)
class Series:
    """One method's accuracies by class in percent, with half an interval or None; None for a class without clips."""

    name: str
    values: dict[str, tuple[float, float | None] | None]


def draw(records: list[dict], choice: Choice, scores, width: float) -> Picture:
    """Horizontal bars per class and method, the best recognised class on top, with 95% intervals over seeds.

    Raises `ZsarError` when runs of several splits fit, or of more than `MOST` methods.
    """
    choosing.one_split(records)
    some = records[0]
    made = series(records, choice)
    if len(made) > MOST:
        raise ZsarError(
            f"one picture shows at most {MOST} methods per class, and {len(made)} fit: "
            f"{', '.join(s.name for s in made)}",
            f"Choose with --method, for example: --method {some['method']['name']}"
            + (" (and --mode)" if any("(T)" in s.name for s in made) else ""),
        )
    lines = (
        words.dataset(some),
        f"{words.split(some)}, {words.RULES[choice.rule]}, {words.seeds(r['seed'] for r in records)}",
    )
    names = words.class_names(some)
    several = len({r["seed"] for r in records}) > 1
    intervals = " Whiskers: 95% intervals over seeds." if several else ""
    caption = (
        f"Accuracy on each unseen class: {', '.join(lines)}; {', '.join(s.name for s in made)}; "
        f"{words.runs(records)}.{intervals} {words.transductive(s.name for s in made)}"
    ).strip()
    chance = 100 / len(some["split"]["unseen"])
    return Picture(_figure(made, names, chance, lines, width), caption)


def series(records: list[dict], choice: Choice) -> list[Series]:
    """The accuracies to draw, methods in the order of their mean over classes, best first."""
    told = tell_apart(records)
    titles = [r["method"]["title"] for r in {r.configuration: r for r in records}.values()]
    made = []
    for identity in told:
        runs = [r for r in records if r.configuration == identity]
        apart = (
            ", ".join(v for v in told[identity].values() if v) if titles.count(runs[0]["method"]["title"]) > 1 else ""
        )
        for mode in choosing.MODES:
            of_mode = [r for r in runs if choice.rule in r["results"].get(mode, {})]
            if of_mode and choice.mode in (None, mode):
                name = words.method(runs[0], mode) + (f" [{apart}]" if apart else "")
                made.append(Series(name, _values(of_mode, mode, choice.rule)))
    if not made:
        raise ZsarError(f"no run that fits has {choice.mode} results", "Leave --mode away, or choose the other one.")
    return sorted(made, key=lambda s: (-_mean(v[0] for v in s.values.values() if v), s.name))


def _values(runs: list[dict], mode: str, rule: str) -> dict:
    values = {}
    for c in runs[0]["split"]["unseen"]:
        try:
            found = [r["results"][mode][rule]["per_class"][c] for r in runs]
        except KeyError as e:
            raise RecordError(f"no accuracy of class {c} in runs {', '.join(r['run'] for r in runs)}: {e}") from e
        known = [100 * v for v in found if v is not None]
        values[c] = mean_interval(known) if known else None
    return values


def _mean(values) -> float:
    values = list(values)
    return sum(values) / len(values) if values else 0.0


def _figure(made: list[Series], names: dict, chance: float, lines: tuple[str, ...], width: float):
    classes = sorted(made[0].values, key=lambda c: (-_mean(s.values[c][0] for s in made if s.values[c]), names[c]))
    wrapped = [style.wrapped(names[c], width * 0.36, lines=2) for c in classes]
    thick = 0.11 if len(made) > 1 else 0.15
    rows = [max(thick * len(made) + 0.1, style.height_of(text)) for text in wrapped]
    places = np.cumsum([0, *rows[:-1]]) + np.array(rows) / 2
    with style.drawing():
        fig = style.figure(width)
        axes = fig.add_subplot()
        for k, one in enumerate(made):
            shift = (k - (len(made) - 1) / 2) * thick
            there = [(p + shift, one.values[c]) for p, c in zip(places, classes, strict=True) if one.values[c]]
            axes.barh(
                [p for p, _ in there],
                [v[0] for _, v in there],
                height=thick * 0.9,
                color=style.COLOURS[k] if k == 0 else "white",
                edgecolor=style.COLOURS[k],
                hatch=style.HATCHES[k],
                linewidth=0.6,
                label=one.name,
            )
            sure = [(p, v) for p, v in there if v[1] is not None]
            if sure:
                axes.errorbar(
                    [v[0] for _, v in sure],
                    [p for p, _ in sure],
                    xerr=[v[1] for _, v in sure],
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
        axes.axvline(chance, color=style.GREY, linewidth=0.8, linestyle=(0, (3, 2)), zorder=3, label="chance")
        for edge in np.cumsum(rows)[:-1]:
            axes.axhline(edge, color=style.LIGHT, linewidth=0.4)
        for p, c in zip(places, classes, strict=True):
            if not any(s.values[c] for s in made):
                axes.text(1, p, "no test clip", va="center", fontsize=style.SMALL, color=style.GREY)
        axes.set_yticks(places, wrapped)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(sum(rows) + 0.03, -0.03)
        style.percent_axis(axes.xaxis)
        axes.set_xlabel("accuracy on the class (%)")
        style.legend_below(fig, axes)
        style.finish(fig, *lines, tall=lambda _: sum(rows) + 0.06)
    return fig
