"""How many seeds tell methods apart, as tables on a screen."""

from zsar.evaluation.power import MOST_SEEDS
from zsar.printing import print_line, screen
from zsar.results.spread import CONFIDENCE, SPLIT

HEAD = ("method", "rule", "seeds run", "mean", "sd", "seeds needed", f"if the sd is at its {CONFIDENCE:.0%} bound")


def print_power(seeds) -> None:
    """Print a table per split of a frame of `zsar.results.spread.power`, below it what tells any two methods apart."""
    from rich.table import Table

    console = screen(soft_wrap=True)
    for (dataset, version, protocol, family, split, _, evaluator), rows in seeds.groupby(SPLIT):
        title = f"{dataset} ({version}), {protocol}, {family}.{split}, evaluator {evaluator}"
        table = Table(title=title, title_justify="left")
        for head in HEAD:
            table.add_column(head, justify="left" if head in ("method", "rule") else "right")
        differing = [name for name in ("configuration", "encoder", "text") if rows[name].nunique() > 1]
        rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
        for row in rows:
            table.add_row(*_cells(row, differing))
        console.print(table)
        if max(row["seeds"] for row in rows) < 2:
            print_line("A single seed says nothing about the spread: run more, such as --seeds 0,1,2,3,4", "")
        else:
            needed = spelled(rows[0]["needed_for_any"])
            line = f"Any two of these: {needed} seeds. The number of a row is for two methods of that row's spread."
            print_line(line, "")


def spelled(seeds: int | None) -> str:
    """A number of seeds, None for more than anybody would run."""
    return f"more than {MOST_SEEDS:,}" if seeds is None else str(seeds)


def _cells(row: dict, differing: list[str]) -> list[str]:
    name = row["method"] + (" (transductive)" if row["mode"] == "transductive" else "")
    if distinction := ", ".join(row[label] for label in differing if row[label]):
        name += f" [{distinction}]"
    needed = ["n/a"] * 3
    if row["seeds"] > 1:
        needed = [f"{row['deviation']:.2f}", spelled(row["needed"]), spelled(row["needed_at_bound"])]
    return [name, row["rule"], str(row["seeds"]), f"{row['mean']:.1f}", *needed]
