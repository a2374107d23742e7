"""How many seeds tell methods apart, as tables on a screen."""

from collections.abc import Iterable

from zsar.evaluation.power import MOST_SEEDS
from zsar.results.spread import CONFIDENCE, Power, Spread

HEAD = ("method", "rule", "seeds run", "mean", "sd", "seeds needed", f"if the sd is at its {CONFIDENCE:.0%} bound")


def print_power(splits: Iterable[Power]) -> None:
    """Print a table per split, and below it what tells any two of its methods apart."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(soft_wrap=True)
    for split in splits:
        place = f"{split.dataset} ({split.version}), {split.protocol}, {split.family}.{split.split}"
        table = Table(title=Text(f"{place}, evaluator {split.evaluator}"), title_justify="left")
        for head in HEAD:
            table.add_column(head, justify="left" if head in ("method", "rule") else "right")
        for spread in split.spreads:
            table.add_row(*(Text(cell) for cell in _cells(spread, split)))
        console.print(table)
        if all(spread.deviation is None for spread in split.spreads):
            print("A single seed says nothing about the spread: run more, such as --seeds 0,1,2,3,4\n")
        else:
            print(
                f"Any two of these: {spelled(split.seeds_needed)} seeds. "
                "The number of a row is for two methods of that row's spread.\n"
            )


def spelled(seeds: int | None) -> str:
    """A number of seeds; None stands for more than can be worked out."""
    return f"more than {MOST_SEEDS:,}" if seeds is None else str(seeds)


def _cells(spread: Spread, split: Power) -> list[str]:
    labels = {
        name: getattr(spread, name)
        for name in ("configuration", "encoder", "text")
        if len({getattr(s, name) for s in split.spreads}) > 1
    }
    differing = ", ".join(filter(None, labels.values()))
    name = spread.method + (" (transductive)" if spread.mode == "transductive" else "")
    name += f" [{differing}]" if differing else ""
    n, needed = len(spread.values), ["n/a"] * 3
    if spread.deviation is not None:
        needed = [f"{spread.deviation:.2f}", *map(spelled, (spread.seeds_needed, spread.seeds_needed_at_bound))]
    return [name, spread.rule, str(n), f"{sum(spread.values) / n:.1f}", *needed]
