"""Every seed's accuracy, and the mean with its interval: what a single number would hide."""

from collections import defaultdict

from zsar.errors import ZsarError
from zsar.plots import rows, style, words
from zsar.plots.choosing import Choice
from zsar.plots.picture import Picture
from zsar.results.naming import tell_apart
from zsar.results.table import Row, Table

MARKS = {
    "seed": {"marker": "o", "markeredgecolor": style.COLOURS[0]},
    "seed (T)": {"marker": "D", "markeredgecolor": style.COLOURS[1]},
}


def draw(records: list[dict], choice: Choice, scores, width: float) -> Picture:
    """One line per method, ranked: a ring per seed, the mean over the splits and its 95% interval.

    Raises `ZsarError` when the runs make several tables, or no method has every run.
    """
    made = rows.table(records, choice, [choice.rule])
    there = rows.shown(made, choice, choice.rule)
    if not there:
        raise ZsarError("no method has a run on every split with every seed", "Choose one split with --split.")
    points = by_seed(records, made, choice.rule)
    lines = (
        words.dataset(records[0]),
        f"{rows.splits(made)}, {words.RULES[choice.rule]}, {words.seeds(s for row, _ in there for s in row.seeds)}",
    )
    names = [words.row(made, row) for row, _ in there]
    absent = [words.row(made, row) for row in rows.left_out(made, choice, choice.rule)]
    caption = (
        f"Top-1 accuracy on unseen classes: {', '.join(lines)}; {words.runs(records)}. Rings: seeds; lines: mean and "
        f"95% interval. {words.transductive(names)}"
        + (f" Not shown, because runs are missing: {', '.join(absent)}." if absent else "")
    ).strip()
    lengths = [(name, cell.top1, points[key_of(row)]) for name, (row, cell) in zip(names, there, strict=True)]
    return Picture(_figure(lengths, 100 * made.chance, lines, width), caption)


def key_of(row: Row) -> tuple:
    """What tells rows of one rule apart."""
    return row.method, row.mode, row.configuration, row.encoder, row.text


def by_seed(records: list[dict], made: Table, rule: str) -> dict[tuple, dict[int, float]]:
    """Row to seed to top-1 accuracy, averaged over the splits of the table."""
    told = tell_apart(records)
    found: dict[tuple, dict] = defaultdict(lambda: defaultdict(list))
    for record in records:
        apart = told[record.configuration]
        for mode, by_rule in record["results"].items():
            if rule in by_rule:
                key = record["method"]["name"], mode, apart["configuration"], apart["encoder"], apart["text"]
                found[key][record["seed"]].append(by_rule[rule]["top1"])
    splits = len(made.splits)
    return {
        key: {seed: sum(of) / splits for seed, of in sorted(seeds.items()) if len(of) == splits}
        for key, seeds in found.items()
    }


def _figure(lengths, chance: float, lines: tuple[str, ...], width: float):
    with style.drawing():
        texts = [style.wrapped(name, width * 0.34) for name, *_ in lengths]
        heights = [max(0.21, style.height_of(text) + 0.05) for text in texts]
        places = [sum(heights[:i]) + h / 2 for i, h in enumerate(heights)]
        fig = style.figure(width)
        axes = fig.add_subplot()
        for place, (name, estimate, seeds) in zip(places, lengths, strict=True):
            kind = "seed (T)" if "(T)" in name else "seed"
            mean, half = 100 * estimate.mean, 100 * (estimate.half or 0)
            if estimate.half is not None:
                axes.plot([mean - half, mean + half], [place, place], color="black", linewidth=1.0)
            axes.plot(
                [mean, mean], [place - 0.07, place + 0.07], color="black", linewidth=1.6, label="mean, 95% interval"
            )
            axes.plot(
                [100 * v for v in seeds.values()],
                [place] * len(seeds),
                linestyle="none",
                markersize=4,
                markerfacecolor="none",
                markeredgewidth=0.9,
                **MARKS[kind],
                label=kind,
            )
            said = f"{mean:.1f}" + (f" ± {half:.1f}" if estimate.half is not None else "")
            axes.annotate(said, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=style.SMALL)
        axes.axvline(chance, color=style.GREY, linewidth=0.8, linestyle=(0, (3, 2)), label="chance", zorder=0)
        axes.set_yticks(places, texts)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(sum(heights), 0)
        ends = [100 * v for _, _, seeds in lengths for v in seeds.values()] + [
            100 * (e.mean + (e.half or 0)) for _, e, _ in lengths
        ]
        style.percent_axis(axes.xaxis, 0, min(100.0, max(ends + [chance]) * 1.04))
        axes.set_xlabel("top-1 accuracy on unseen classes (%)")
        style.legend_below(fig, axes)
        style.finish(fig, *lines, tall=lambda _: sum(heights))
    return fig
