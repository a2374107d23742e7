"""``zsar report``: records to leaderboards."""

import argparse
from pathlib import Path

from zsar.errors import ZsarError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="DIR", help="a results folder; several make one report"
    )
    parser.add_argument(
        "--format",
        dest="formats",
        metavar="md,csv,latex,json,html",
        help="files to write (default: the screen only); html is one page with everything in it",
    )
    parser.add_argument("--rule", metavar="last,val,oracle", help="selection rules to show (default: all)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: the results folder)")
    parser.add_argument(
        "--clips",
        type=_count,
        metavar="N",
        help="html: put up to N skeletons of misclassified test clips per dataset into the page (default: some of "
        "simulated data, none of recordings, which their makers may not let you pass on)",
    )


def run(options: argparse.Namespace) -> int:
    """Show the leaderboard and write it in the formats asked for."""
    from zsar.page.report import PAGE, write_report
    from zsar.report.leaderboard import Leaderboard
    from zsar.results import Results

    rules = options.rule.split(",") if options.rule else None
    formats = options.formats.split(",") if options.formats else []
    if options.clips is not None and PAGE not in formats:
        raise ZsarError("--clips is about the page", f"Add: --format {PAGE}")
    if not formats:
        Leaderboard(Results.read(*options.folders).tables(rules)).print()
        return 0
    for path in write_report(options.folders, formats, options.out, rules=rules, clips=options.clips):
        print(path)
    return 0


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of clips")
    return int(text)
