"""What choosing the epoch on the test labels would add to each method."""

from zsar.errors import ZsarError
from zsar.plots import rows, style, words
from zsar.plots.choosing import Choice
from zsar.plots.picture import Picture
from zsar.plots.seeds import key_of
from zsar.protocol import RANKING_RULES


def draw(records: list[dict], choice: Choice, scores, width: float) -> Picture:
    """One line per method from its accuracy under the rule to the oracle's, with the difference in points.

    Raises `ZsarError` when the rule is the oracle itself, the runs make several tables, or none holds an oracle result.
    """
    if choice.rule not in RANKING_RULES:
        raise ZsarError("the oracle has no gap to itself", "Choose --rule last or --rule val.")
    made = rows.table(records, choice, [choice.rule, "oracle"])
    best = {key_of(row): cell for row, cell in rows.shown(made, choice, "oracle")}
    pairs = [
        (words.row(made, row), 100 * cell.top1.mean, 100 * best[key_of(row)].top1.mean, 100 * cell.gap)
        for row, cell in rows.shown(made, choice, choice.rule)
        if key_of(row) in best and cell.gap is not None
    ]
    if not pairs:
        raise ZsarError(
            "no method that fits has an oracle result for every run", "Run: zsar bench --rule last,val,oracle"
        )
    numbers = [s for row, _ in rows.shown(made, choice, choice.rule) for s in row.seeds]
    lines = (words.dataset(records[0]), f"{rows.splits(made)}, {words.seeds(numbers)}")
    caption = (
        f"Oracle gap: {', '.join(lines)}; {words.runs(records)}. Top-1 accuracy on unseen classes under the rule "
        f"{choice.rule} ({words.RULES[choice.rule]}), and of the epoch best on the test labels, which no honest "
        f"evaluation can choose. {words.transductive(name for name, *_ in pairs)}"
    ).strip()
    return Picture(_figure(pairs, choice.rule, 100 * made.chance, lines, width), caption)


def _figure(pairs, rule: str, chance: float, lines: tuple[str, ...], width: float):
    with style.drawing():
        texts = [style.wrapped(name, width * 0.34) for name, *_ in pairs]
        heights = [max(0.21, style.height_of(text) + 0.05) for text in texts]
        places = [sum(heights[:i]) + h / 2 for i, h in enumerate(heights)]
        fig = style.figure(width)
        axes = fig.add_subplot()
        axes.hlines(places, [p[1] for p in pairs], [p[2] for p in pairs], color=style.GREY, linewidth=1.4)
        for k, (label, marker, face) in enumerate(
            [
                (words.RULES[rule], "o", style.COLOURS[0]),
                (words.RULES["oracle"], "D", "white"),
            ]  # the dot over the diamond
        ):
            axes.plot(
                [p[1 + k] for p in pairs],
                places,
                linestyle="none",
                marker=marker,
                markersize=(3.8, 6)[k],
                zorder=4 - k,
                markerfacecolor=face,
                markeredgecolor=style.COLOURS[k],
                label=label,
            )
        axes.axvline(chance, color=style.GREY, linewidth=0.8, linestyle=(0, (3, 2)), label="chance", zorder=0)
        for place, (*_, gap) in zip(places, pairs, strict=True):
            axes.annotate(
                f"{gap:+.1f}", (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=style.SMALL
            )
        axes.annotate("gap", (1.01, 1.0), xycoords="axes fraction", va="bottom", fontsize=style.SMALL)
        axes.set_yticks(places, texts)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(sum(heights), 0)
        style.percent_axis(axes.xaxis, 0, min(100.0, max(max(p[1], p[2]) for p in pairs) * 1.06))
        axes.set_xlabel("top-1 accuracy on unseen classes (%)")
        style.legend_below(fig, axes, most=2)
        style.finish(fig, *lines, tall=lambda _: sum(heights))
    return fig
