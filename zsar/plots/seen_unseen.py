"""Seen against unseen accuracy in the generalized setting: every calibration a point, every constant a curve."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from zsar.errors import ZsarError
from zsar.evaluation.gzsl import seen_unseen_curve, standard_scores
from zsar.plots import phrases, style
from zsar.plots.choosing import LABELS, Selection, key_of
from zsar.plots.picture import Picture
from zsar.protocol import STRATEGIES
from zsar.results import Record
from zsar.results.table import Estimate

MOST = 6
"""Methods in one picture; the points of more can't be told apart."""
FILLS = {"none": "none", "stacking": "full", "gate": "left", "oracle": "none"}
"""How a method's marker is filled under each strategy; the oracle's is crossed out besides."""
LINES = ("-", "--", ":", "-.", (0, (6, 1)), (0, (1, 3)))
"""Of the curves, so that colour isn't needed."""
HARMONICS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class Method:
    """One method's ``points`` {strategy: (seen, unseen)} and ``curves``, (seen, unseen) of a seed, as fractions."""

    name: str
    points: dict[str, tuple[Estimate, Estimate]]
    curves: list[tuple[np.ndarray, np.ndarray]]


def draw(selection: Selection, width: float) -> Picture:
    """Points are means over seeds; curves are drawn for the runs whose scores over all classes lie beside them.

    Raises `ZsarError` when runs of several splits or of more than `MOST` methods fit, or none was judged under GZSL.
    """
    selection.one_split()
    selection = selection.judged("gzsl")
    records, first, shown = selection.records, selection.first, methods(selection)
    if len(shown) > MOST:
        raise ZsarError(
            f"one picture shows at most {MOST} methods with their calibrations, and {len(shown)} fit: "
            f"{', '.join(m.name for m in shown)}",
            f"Choose with --method, for example: --method {first.method.name}",
        )
    without = [m.name for m in shown if not m.curves]
    seeds = {r.seed for r in records}
    lines = (
        phrases.dataset(first),
        f"{phrases.split(first)}, {phrases.RULES[selection.rule]}, {phrases.seeds(seeds)}",
        f"no scores for a curve: {', '.join(without)}" if 0 < len(without) < len(shown) else "",
    )
    sentences = [
        f"Seen against unseen accuracy among all classes: {', '.join(lines[:2])}; {phrases.runs(records)}.",
        "Points: means over seeds." if len(seeds) > 1 else "",
        "Thin grey lines: equal harmonic mean H.",
        "Oracle: the constant is chosen on the test labels, which no honest evaluation can do.",
        "Curves: every constant taken off the seen scores, each clip's scores in standard units; one line per seed."
        if len(without) < len(shown)
        else "",
        f"No curve for {', '.join(without)}: no scores over all classes lie beside the records." if without else "",
        phrases.transductive(m.name for m in shown),
    ]
    return Picture(_figure(shown, lines, width), " ".join(filter(None, sentences)))


def methods(selection: Selection) -> list[Method]:
    """The methods to draw, in the order of the leaderboard."""
    table = selection.table("gzsl")
    by_key = defaultdict(dict)
    for row, cell in selection.rows(table):
        by_key[key_of(row)][row.strategy] = row, cell
    if not by_key:
        raise ZsarError(
            "no method that fits has generalized numbers for every seed", "Name other runs with --run or --seed."
        )
    runs = {key: set(of["run"]) for key, of in selection.frame("gzsl", "harmonic").groupby(LABELS)}
    return [
        Method(
            phrases.row(table, next(iter(cells.values()))[0]),
            {strategy: (cell.seen, cell.unseen) for strategy, (_, cell) in cells.items()},
            [c for r in selection.records if r.run in runs[key] and (c := _curve(r, key[1], selection))],
        )
        for key, cells in by_key.items()
    ]


def _curve(record: Record, mode: str, selection: Selection):
    """Seen and unseen accuracy for every constant; None for a run without scores over all classes."""
    names = f"gzsl/{mode}/{selection.rule}", "gzsl/labels"
    arrays = selection.results.scores.find(record.run, names) if selection.results.scores else {}
    if len(arrays) < 2:
        return None
    seen = len(record.split.seen)
    mask = np.arange(seen + len(record.split.unseen)) < seen
    # In the units of stacking, so that its points and the oracle's lie on the curve.
    curve = seen_unseen_curve(standard_scores(arrays[names[0]]), arrays[names[1]], mask)
    return curve.seen, curve.unseen


def _figure(methods: list[Method], lines: tuple[str, ...], width: float):
    from matplotlib.lines import Line2D

    with style.drawing():
        fig = style.figure(width)
        axes = fig.add_subplot()
        ends = [a[i].mean for m in methods for a in m.points.values() for i in (0, 1)]
        ends += [float(x.max()) for m in methods for c in m.curves for x in c]
        top = min(104.0, 100 * max([*ends, 0.1]) * 1.08)
        _harmonics(axes, top)
        drawn_methods = []
        for k, method in enumerate(methods):
            colour, marker = style.COLOURS[k], style.MARKERS[k]
            for seen, unseen in method.curves:
                axes.plot(100 * unseen, 100 * seen, color=colour, linestyle=LINES[k], linewidth=0.8, zorder=2)
            for strategy, (seen, unseen) in method.points.items():
                at = [100 * unseen.mean], [100 * seen.mean]
                drawn = {"linestyle": "none", "color": colour, "clip_on": False, "zorder": 4}
                axes.plot(
                    *at, marker=marker, markersize=6, fillstyle=FILLS[strategy], markerfacecoloralt="white", **drawn
                )
                if strategy == "oracle":
                    axes.plot(*at, linestyle="none", marker="x", markersize=3.5, color="black", clip_on=False, zorder=5)
            line = LINES[k] if method.curves else "none"
            mark = Line2D([], [], linestyle=line, linewidth=0.8, marker=marker, markersize=5, color=colour)
            drawn_methods.append((mark, method.name))
        strategies = [(_mark(s), phrases.STRATEGIES[s]) for s in STRATEGIES if any(s in m.points for m in methods)]
        style.percent_axis(axes.xaxis, 0, top)
        style.percent_axis(axes.yaxis, 0, top)
        axes.grid(False)
        axes.set_aspect("equal")
        axes.set_xlabel("accuracy on unseen classes U (%)")
        axes.set_ylabel("accuracy on seen classes S (%)")
        style.legend_of_two(fig, drawn_methods, strategies)
        style.finish(fig, *lines, tall=lambda across: across)
    return fig


def _mark(strategy: str):
    """What a strategy does to a marker, for the legend."""
    from matplotlib.lines import Line2D

    plain = {"linestyle": "none", "markersize": 5}
    mark = Line2D([], [], marker="o", color=style.GREY, fillstyle=FILLS[strategy], markerfacecoloralt="white", **plain)
    if strategy != "oracle":
        return mark
    return mark, Line2D([], [], marker="x", color="black", linestyle="none", markersize=3)


def _harmonics(axes, top: float) -> None:
    """Lines of equal harmonic mean, which is what rankings go by: S = H U / (2 U - H)."""
    for h in HARMONICS:
        h = 100 * h
        if h >= top:
            break
        unseen = np.linspace(h * top / (2 * top - h), top, 200)
        seen = h * unseen / (2 * unseen - h)
        axes.plot(unseen, seen, color=style.LIGHT, linewidth=0.6, zorder=0)
        axes.annotate(
            f"H {h:.0f}",
            (unseen[-1], seen[-1]),
            xytext=(2, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=style.GREY,
            annotation_clip=False,
        )
