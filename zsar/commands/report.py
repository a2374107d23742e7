"""``zsar report``: records to leaderboards."""

import argparse
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a results folder")
    parser.add_argument(
        "--format", dest="formats", metavar="md,csv,latex,json", help="files to write (default: the screen only)"
    )
    parser.add_argument("--rule", metavar="last,val,oracle", help="selection rules to show (default: all)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: the results folder)")


def run(options: argparse.Namespace) -> int:
    """Show the leaderboard and write it in the formats asked for."""
    from zsar.records import read_records, scores_beside
    from zsar.report.formats import write_report
    from zsar.report.leaderboard import leaderboard
    from zsar.report.terminal import show

    rules = options.rule.split(",") if options.rule else None
    if not options.formats:
        show(leaderboard(read_records(options.folder), rules, scores_beside(options.folder)))
        return 0
    for path in write_report(options.folder, options.formats.split(","), options.out, rules):
        print(path)
    return 0
