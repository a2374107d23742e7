"""``zsar power``: how many seeds tell two methods apart."""

import argparse
from pathlib import Path

from zsar.commands.options import add
from zsar.errors import RecordError, ZsarError
from zsar.printing import print_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    points = {"type": float, "metavar": "POINTS"}
    chance = {"type": float, "metavar": "P"}
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="RESULTS",
        help="a results folder; the spread over seeds is taken from its records",
    )
    parser.add_argument(
        "--difference", required=True, **points, help="the difference to be found, in points of accuracy"
    )
    parser.add_argument("--sd", **points, help="instead of RESULTS: the standard deviation over seeds")
    parser.add_argument("--other-sd", **points, help="with --sd: that of the second method (default: the same)")
    parser.add_argument("--power", default=0.8, **chance, help="chance of finding the difference (default: 0.8)")
    parser.add_argument("--level", default=0.95, **chance, help="of the two-sided t-test (default: 0.95)")
    add(parser, ("--rule", {"default": ["last"], "help": "selection rules (default: last)"}))
    parser.add_argument(
        "--metric",
        default="top1",
        metavar="NAME",
        help="a number of the records' results; dots lead into blocks (default: top1)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the numbers of seeds."""
    from zsar.evaluation.power import seeds_needed
    from zsar.report.seed_counts import print_power, spelled

    if (options.folder is None) == (options.sd is None):
        raise ZsarError(
            "zsar power needs either a results folder or --sd",
            "For example: zsar power results --difference 3, or zsar power --sd 1.5 --difference 3",
        )
    test = {"power": options.power, "level": options.level}
    what = (
        f"to find a difference of {options.difference:g} points with chance {options.power:g} "
        f"(two-sided t-test at {1 - options.level:.3g})"
    )
    if options.sd is not None:
        needed = seeds_needed(options.difference, options.sd, options.other_sd, **test)
        print_line(f"{spelled(needed)} seeds of each method {what}")
        return 0
    if options.other_sd is not None:
        raise ZsarError("--other-sd goes with --sd; a results folder holds its own deviations")
    from zsar.results import Results

    results = Results.read(options.folder)
    try:
        seeds = results.power(options.difference, rules=options.rule, metric=options.metric, **test)
    except RecordError as e:
        raise RecordError(f"{options.folder}: {e.message}", e.hint) from e
    print_line(f"Seeds of each method {what}:", "")
    print_power(seeds)
    return 0
