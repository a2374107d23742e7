"""What choosing the epoch on the test labels would add to each method."""

from zsar.errors import ZsarError
from zsar.plots import phrases, style
from zsar.plots.choosing import Selection
from zsar.plots.picture import Picture
from zsar.protocol import RANKING_RULES


def draw(selection: Selection, width: float) -> Picture:
    """One line per method from its accuracy under the rule to the oracle's, with the difference in points.

    Raises `ZsarError` when the rule is the oracle itself, the runs make several tables, or none holds an oracle result.
    """
    rule = selection.rule
    if rule not in RANKING_RULES:
        raise ZsarError("the oracle has no gap to itself", "Choose --rule last or --rule val.")
    table = selection.table()
    rows = selection.rows(table)
    gaps = [
        (phrases.row(table, row), 100 * cell.top1.mean, 100 * cell.gap) for row, cell in rows if cell.gap is not None
    ]
    if not gaps:
        raise ZsarError(
            "no method that fits has an oracle result for every run", "Run: zsar bench --rule last,val,oracle"
        )
    lines = (
        phrases.dataset(selection.first),
        f"{phrases.splits(table)}, {phrases.seeds(s for row, _ in rows for s in row.seeds)}",
    )
    caption = (
        f"Oracle gap: {', '.join(lines)}; {phrases.runs(selection.records)}. Top-1 accuracy on unseen classes under "
        f"the rule {rule} ({phrases.RULES[rule]}), and of the epoch best on the test labels, which no honest "
        f"evaluation can choose. {phrases.transductive(name for name, *_ in gaps)}"
    ).strip()
    return Picture(_figure(gaps, rule, 100 * table.chance, lines, width), caption)


def _figure(gaps: list[tuple[str, float, float]], rule: str, chance: float, lines: tuple[str, ...], width: float):
    names, honest, added = zip(*gaps, strict=True)
    best = [mean + gap for mean, gap in zip(honest, added, strict=True)]
    with style.drawing():
        fig = style.figure(width)
        axes = fig.add_subplot()
        places, height = style.name_lines(axes, names, width)
        axes.hlines(places, honest, best, color=style.GREY, linewidth=1.4)
        for k, (label, ends, marker, face) in enumerate(
            [
                (phrases.RULES[rule], honest, "o", style.COLOURS[0]),
                (phrases.RULES["oracle"], best, "D", "white"),
            ]  # the dot over the diamond
        ):
            axes.plot(
                ends,
                places,
                linestyle="none",
                marker=marker,
                markersize=(3.8, 6)[k],
                zorder=4 - k,
                markerfacecolor=face,
                markeredgecolor=style.COLOURS[k],
                label=label,
            )
        style.mark_chance(axes, chance)
        style.write_beside(axes, places, [f"{gap:+.1f}" for gap in added])
        axes.annotate("gap", (1.01, 1.0), xycoords="axes fraction", va="bottom", fontsize=style.SMALL)
        style.percent_axis(axes.xaxis, 0, min(100.0, max(*honest, *best) * 1.06))
        axes.set_xlabel("top-1 accuracy on unseen classes (%)")
        style.legend_below(fig, axes, most=2)
        style.finish(fig, *lines, tall=lambda _: height)
    return fig
