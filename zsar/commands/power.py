"""``zsar power``: how many seeds tell two methods apart."""

import argparse
from pathlib import Path

from zsar.errors import RecordError, ZsarError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="RESULTS",
        help="a results folder; the spread over seeds is taken from its records",
    )
    parser.add_argument(
        "--difference",
        required=True,
        type=float,
        metavar="POINTS",
        help="the difference to be found, in points of accuracy",
    )
    parser.add_argument(
        "--sd",
        type=float,
        metavar="POINTS",
        help="instead of RESULTS: the standard deviation over seeds",
    )
    parser.add_argument(
        "--other-sd",
        type=float,
        metavar="POINTS",
        help="with --sd: that of the second method (default: the same)",
    )
    parser.add_argument(
        "--power",
        type=float,
        default=0.8,
        metavar="P",
        help="chance of finding the difference (default: 0.8)",
    )
    parser.add_argument(
        "--level",
        type=float,
        default=0.95,
        metavar="P",
        help="of the two-sided t-test (default: 0.95)",
    )
    parser.add_argument("--rule", metavar="last,val,oracle", help="selection rules (default: last)")
    parser.add_argument(
        "--metric",
        default="top1",
        metavar="NAME",
        help="a number of the records' results; dots lead into blocks (default: top1)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the numbers of seeds."""
    from zsar.evaluation.power import seeds_needed

    if (options.folder is None) == (options.sd is None):
        raise ZsarError(
            "zsar power needs either a results folder or --sd",
            "For example: zsar power results --difference 3, or zsar power --sd 1.5 --difference 3",
        )
    options_of_test = {"power": options.power, "level": options.level}
    what = (
        f"to find a difference of {options.difference:g} points with chance {options.power:g} "
        f"(two-sided t-test at {1 - options.level:.3g})"
    )
    if options.sd is not None:
        needed = seeds_needed(options.difference, options.sd, options.other_sd, **options_of_test)
        print(f"{_count(needed)} seeds of each method {what}")
        return 0
    if options.other_sd is not None:
        raise ZsarError("--other-sd goes with --sd; a results folder holds its own deviations")
    from zsar.results import Results
    from zsar.results.spread import SPLIT

    results, rules = Results.read(options.folder), (options.rule or "last").split(",")
    try:
        seeds = results.power(options.difference, rules=rules, metric=options.metric, **options_of_test)
    except RecordError as e:
        raise RecordError(f"{options.folder}: {e.message}", e.hint) from e
    print(f"Seeds of each method {what}:\n")
    for (dataset, version, protocol, family, split, _, evaluator), rows in seeds.groupby(SPLIT):
        _print_split(f"{dataset} ({version}), {protocol}, {family}.{split}, evaluator {evaluator}", rows)
    return 0


def _print_split(title: str, rows) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from zsar.results.spread import CONFIDENCE

    table = Table(title=Text(title), title_justify="left")
    bound = f"if the sd is at its {CONFIDENCE:.0%} bound"
    for head in ("method", "rule", "seeds run", "mean", "sd", "seeds needed", bound):
        table.add_column(head, justify="left" if head in ("method", "rule") else "right")
    differing = [name for name in ("configuration", "encoder", "text") if rows[name].nunique() > 1]
    for row in rows.astype(object).where(rows.notna(), None).to_dict("records"):
        name = row["method"] + (" (transductive)" if row["mode"] == "transductive" else "")
        if distinction := ", ".join(row[name] for name in differing if row[name]):
            name += f" [{distinction}]"
        needed = ["n/a"] * 3
        if row["seeds"] > 1:
            needed = [f"{row['deviation']:.2f}", _count(row["needed"]), _count(row["needed_at_bound"])]
        table.add_row(Text(name), row["rule"], str(row["seeds"]), f"{row['mean']:.1f}", *needed)
    Console(soft_wrap=True).print(table)
    if rows["seeds"].max() < 2:
        print("A single seed says nothing about the spread: run more, such as --seeds 0,1,2,3,4\n")
        return
    needed = _count(row["needed_for_any"])
    print(f"Any two of these: {needed} seeds. The number of a row is for two methods of that row's spread.\n")


def _count(seeds: int | None) -> str:
    """A number of seeds, None for more than anybody would run."""
    from zsar.evaluation.power import MOST_SEEDS

    return f"more than {MOST_SEEDS:,}" if seeds is None else str(seeds)
