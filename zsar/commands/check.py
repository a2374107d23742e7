"""``zsar check``: records against published numbers, or against our own earlier ones."""

import argparse
import sys
from pathlib import Path

from zsar.commands import options as shared
from zsar.errors import RecordError, UnknownName, ZsarError
from zsar.printing import print_line

AGAINST = ("expected", "published")
FORMATS = ("md",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("folder", type=Path, metavar="RESULTS", help="a results folder, or a folder of them")
    parser.add_argument(
        "--against",
        default="expected",
        metavar="expected|published",
        help="zsar's own measured numbers, or the papers' (default: expected)",
    )
    parser.add_argument(
        "--expected",
        type=Path,
        metavar="DIR",
        help="expected numbers as DATASET.yaml (default: those that zsar comes with)",
    )
    parser.add_argument("--format", dest="formats", metavar="md", help="a file to write: check.md")
    parser.add_argument("--out", type=shared.folder, metavar="DIR", help="where to write (default: RESULTS)")
    parser.epilog = (
        "Exit code: 0, or 1 when a number lies below the expected one by more than the tolerance, "
        "or 2 when\nnothing could be compared with expected numbers."
    )


def run(options: argparse.Namespace) -> int:
    """Compare, print and write; 1 on a regression."""
    from zsar.report.verdicts import markdown, print_verdicts, short, uncompared
    from zsar.results.check import BELOW, NOT_COMPARABLE
    from zsar.results.collection import Results, inner_folders
    from zsar.storage import write_text

    against = options.against
    if against not in AGAINST:
        raise UnknownName("kind of numbers", against, AGAINST, "--against")
    formats = options.formats.split(",") if options.formats else []
    for name in formats:
        if name not in FORMATS:
            raise UnknownName("format", name, FORMATS)
    if options.expected is not None and not options.expected.is_dir():
        raise ZsarError(f"there is no folder {options.expected}", "--expected names a folder of DATASET.yaml files.")
    compared = []
    for folder in inner_folders(options.folder) or [options.folder]:
        results = Results.read(folder)
        try:
            compared += results.compare(against, options.expected)
        except RecordError as e:
            raise RecordError(f"{folder}: {e.message}", e.hint) from e
    print_verdicts(compared, against)
    if formats:
        path = (options.out or options.folder) / "check.md"
        write_text(path, markdown(compared, against))
        print_line(path)
    if against == "published":
        return 0
    if all(c.verdict == NOT_COMPARABLE for c in compared):
        reasons = uncompared(compared)
        raise ZsarError(
            f"nothing in {options.folder} could be compared with expected numbers"
            + (": " + "; ".join(reasons) if reasons else ": there are none for its methods and splits"),
            "Run the benchmark as the expected numbers were made (docs/results.md), "
            "or make them anew from records: make results",
        )
    below = [c for c in compared if c.verdict == BELOW]
    for c in below:
        why = c.why or f"{100 * c.mean:.1f}, expected {c.reference}"
        print_line(f"regression: {c.split} {c.setting} {short(c)}: {why}", file=sys.stderr)
    return 1 if below else 0
