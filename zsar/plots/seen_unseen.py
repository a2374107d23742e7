"""Seen against unseen accuracy in the generalized setting: every calibration a point, every constant a curve."""

from dataclasses import dataclass

import numpy as np

from zsar.errors import RecordError, ZsarError
from zsar.evaluation.gzsl import seen_unseen_curve
from zsar.evaluation.stacking import standard_scores
from zsar.plots import choosing, rows, style, words
from zsar.plots.choosing import Choice
from zsar.plots.picture import Picture
from zsar.plots.seeds import key_of
from zsar.protocol import STRATEGIES
from zsar.results.naming import tell_apart
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


def draw(records: list[dict], choice: Choice, scores, width: float) -> Picture:
    """Points are means over seeds; curves are drawn for the runs whose scores over all classes lie beside them.

    Raises `ZsarError` when runs of several splits or of more than `MOST` methods fit, or none was judged under GZSL.
    """
    choosing.one_split(records)
    judged = [r for r in records if "gzsl" in r["settings"]]
    if not judged:
        raise ZsarError(
            "none of the runs that fit was judged under the generalized setting", "Run: zsar bench --setting zsl,gzsl"
        )
    made = methods(judged, choice, scores)
    if len(made) > MOST:
        raise ZsarError(
            f"one picture shows at most {MOST} methods with their calibrations, and {len(made)} fit: "
            f"{', '.join(m.name for m in made)}",
            f"Choose with --method, for example: --method {judged[0]['method']['name']}",
        )
    without = [m.name for m in made if not m.curves]
    several = len({r["seed"] for r in judged}) > 1
    lines = (
        words.dataset(judged[0]),
        f"{words.split(judged[0])}, {words.RULES[choice.rule]}, {words.seeds(r['seed'] for r in judged)}",
        f"no scores for a curve: {', '.join(without)}" if 0 < len(without) < len(made) else "",
    )
    said = [
        f"Seen against unseen accuracy among all classes: {', '.join(lines[:2])}; {words.runs(judged)}.",
        "Points: means over seeds." if several else "",
        "Thin grey lines: equal harmonic mean H.",
        "Oracle: the constant is chosen on the test labels, which no honest evaluation can do.",
        "Curves: every constant taken off the seen scores, each clip's scores in standard units; one line per seed."
        if len(without) < len(made)
        else "",
        f"No curve for {', '.join(without)}: no scores over all classes lie beside the records." if without else "",
        words.transductive(m.name for m in made),
    ]
    return Picture(_figure(made, lines, width), " ".join(sentence for sentence in said if sentence))


def methods(records: list[dict], choice: Choice, scores) -> list[Method]:
    """The methods to draw, in the order of the leaderboard."""
    table = rows.table(records, choice, [choice.rule], "gzsl")
    points: dict[tuple, dict] = {}
    names = {}
    for row, cell in rows.shown(table, choice, choice.rule):
        points.setdefault(key_of(row), {})[row.strategy] = (cell.seen, cell.unseen)
        names[key_of(row)] = words.row(table, row)
    told = tell_apart(records)
    found: dict[tuple, list] = {key: [] for key in points}
    for record in records:
        apart = told[record.configuration]
        for mode in record["results"]:
            key = record["method"]["name"], mode, apart["configuration"], apart["encoder"], apart["text"]
            if key in found and (curve := _curve(record, mode, choice.rule, scores)):
                found[key].append(curve)
    if not points:
        raise ZsarError(
            "no method that fits has generalized numbers for every seed", "Name other runs with --run or --seed."
        )
    return [Method(names[key], of, found[key]) for key, of in points.items()]


def _curve(record: dict, mode: str, rule: str, scores):
    """Seen and unseen accuracy for every constant; None for a run without scores over all classes."""
    name = f"gzsl/{mode}/{rule}"
    try:
        arrays = scores(record["run"], (name, "gzsl/labels"))
    except RecordError as e:
        if "lacks an array" in e.message:
            return None
        raise
    if arrays is None:
        return None
    seen = len(record["split"]["seen"])
    mask = np.arange(seen + len(record["split"]["unseen"])) < seen
    # In the units of stacking, so that its points and the oracle's lie on the curve.
    curve = seen_unseen_curve(standard_scores(arrays[name]), arrays["gzsl/labels"], mask)
    return curve.seen, curve.unseen


def _figure(made: list[Method], lines: tuple[str, ...], width: float):
    from matplotlib.lines import Line2D

    with style.drawing():
        fig = style.figure(width)
        axes = fig.add_subplot()
        ends = [a[i].mean for m in made for a in m.points.values() for i in (0, 1)]
        ends += [float(x.max()) for m in made for c in m.curves for x in c]
        top = min(104.0, 100 * max([*ends, 0.1]) * 1.08)
        _harmonics(axes, top)
        drawn_methods = []
        for k, method in enumerate(made):
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
        strategies = [(_mark(s), words.STRATEGIES[s]) for s in STRATEGIES if any(s in m.points for m in made)]
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
