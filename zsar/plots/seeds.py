"""Every seed's accuracy, and the mean with its interval: what a single number would hide."""

from zsar.errors import ZsarError
from zsar.plots import phrases, style
from zsar.plots.choosing import LABELS, Selection, key_of
from zsar.plots.picture import Picture
from zsar.results.table import Estimate

MARKS = {
    "seed": {"marker": "o", "markeredgecolor": style.COLOURS[0]},
    "seed (T)": {"marker": "D", "markeredgecolor": style.COLOURS[1]},
}


def draw(selection: Selection, width: float) -> Picture:
    """One line per method, ranked: a ring per seed, the mean over the splits and its 95% interval.

    Raises `ZsarError` when the runs make several tables, or no method has every run.
    """
    table = selection.table()
    rows = selection.rows(table)
    if not rows:
        raise ZsarError("no method has a run on every split with every seed", "Choose one split with --split.")
    by_seed = selection.frame("zsl", "top1").groupby([*LABELS, "seed"])["value"].mean()
    lines = (
        phrases.dataset(selection.first),
        f"{phrases.splits(table)}, {phrases.RULES[selection.rule]}, "
        f"{phrases.seeds(s for row, _ in rows for s in row.seeds)}",
    )
    names = [phrases.row(table, row) for row, _ in rows]
    absent = [phrases.row(table, row) for row in selection.incomplete_rows(table)]
    caption = (
        f"Top-1 accuracy on unseen classes: {', '.join(lines)}; {phrases.runs(selection.records)}. Rings: seeds; "
        f"lines: mean and 95% interval. {phrases.transductive(names)}"
        + (f" Not shown, because runs are missing: {', '.join(absent)}." if absent else "")
    ).strip()
    estimates = [cell.top1 for _, cell in rows]
    seeds = [by_seed[key_of(row)].to_numpy() for row, _ in rows]
    return Picture(_figure(names, estimates, seeds, 100 * table.chance, lines, width), caption)


def _figure(names, estimates: list[Estimate], seeds: list, chance: float, lines: tuple[str, ...], width: float):
    with style.drawing():
        fig = style.figure(width)
        axes = fig.add_subplot()
        places, height = style.name_lines(axes, names, width)
        for place, name, estimate, values in zip(places, names, estimates, seeds, strict=True):
            kind = "seed (T)" if "(T)" in name else "seed"
            mean, half = 100 * estimate.mean, 100 * (estimate.half or 0)
            if estimate.half is not None:
                axes.plot([mean - half, mean + half], [place, place], color="black", linewidth=1.0)
            axes.plot(
                [mean, mean], [place - 0.07, place + 0.07], color="black", linewidth=1.6, label="mean, 95% interval"
            )
            axes.plot(
                100 * values,
                [place] * len(values),
                linestyle="none",
                markersize=4,
                markerfacecolor="none",
                markeredgewidth=0.9,
                **MARKS[kind],
                label=kind,
            )
        style.write_beside(axes, places, map(_spelled, estimates))
        style.mark_chance(axes, chance)
        ends = [100 * v for values in seeds for v in values] + [100 * (e.mean + (e.half or 0)) for e in estimates]
        style.percent_axis(axes.xaxis, 0, min(100.0, max(ends + [chance]) * 1.04))
        axes.set_xlabel("top-1 accuracy on unseen classes (%)")
        style.legend_below(fig, axes)
        style.finish(fig, *lines, tall=lambda _: height)
    return fig


def _spelled(estimate: Estimate) -> str:
    return f"{100 * estimate.mean:.1f}" + ("" if estimate.half is None else f" ± {100 * estimate.half:.1f}")
