"""``zsar report``: records to leaderboards."""

import argparse
import shlex
from pathlib import Path

from zsar.commands.options import add, names, number_from_zero
from zsar.errors import UnknownName, ZsarError
from zsar.printing import print_line

PAGE = "html"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="DIR", help="a results folder; several make one report"
    )
    parser.add_argument(
        "--format",
        dest="formats",
        type=names,
        default=[],
        metavar="md,csv,latex,json,html",
        help="files to write (default: the screen only); html is one page with everything in it",
    )
    add(
        parser,
        ("--rule", {"help": "selection rules to show (default: last on the screen, all in files)"}),
        ("--out", {"help": "where to write (default: the results folder)"}),
    )
    parser.add_argument(
        "--clips",
        type=number_from_zero,
        metavar="N",
        help="html: put up to N skeletons of misclassified test clips per dataset into the page (default: some of "
        "simulated data, none of recordings, which their makers may not let you pass on)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the leaderboards, or write them in the formats that are named."""
    from zsar.report.leaderboard import FORMATS, SHORT, Leaderboard
    from zsar.results import Results

    formats = list(dict.fromkeys(SHORT.get(name, name) for name in options.formats))
    if options.clips is not None and PAGE not in formats:
        raise ZsarError("--clips is about the page", f"Add: --format {PAGE}")
    for name in formats:
        if name not in (*FORMATS, PAGE):
            raise UnknownName("format", name, [*FORMATS, PAGE, *SHORT])
    if formats and options.out is None and len(options.folders) > 1:
        raise ZsarError("a report of several folders belongs to none of them", "Say where it goes: --out DIR")
    results = Results.read(*options.folders)
    folders = shlex.join(map(str, options.folders))
    print_line(f"{len(results)} record{'s' * (len(results) != 1)} from {folders}", "")
    if not formats:
        Leaderboard(results.tables(options.rule), every_rule=options.rule is not None).print()
        if options.rule is None:
            print_line(f"Next: zsar report {folders} --rule last,val,oracle")
        return 0
    out, paths = options.out or options.folders[0], {}
    if PAGE in formats:
        from zsar import page
        from zsar.encoders.recorded import unseen_test_features

        paths[PAGE] = page.write(results, out, features=unseen_test_features, rules=options.rule, clips=options.clips)
    if of_tables := [name for name in formats if name != PAGE]:
        board = Leaderboard(results.tables(options.rule))
        paths |= zip(of_tables, board.write(out, of_tables), strict=True)
    for name in formats:
        print_line(f"Wrote {paths[name]}")
    return 0
