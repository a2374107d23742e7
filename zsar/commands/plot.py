"""``zsar plot``: pictures for papers."""

import argparse
from pathlib import Path

from zsar.commands.options import add, file, names
from zsar.printing import print_line

CHOICE = ("dataset", "method", "split", "rule", "seed", "mode", "protocol", "run", "width", "space")
"""Options that are keywords of `zsar.plots.draw`."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    from zsar.plots.kinds import KINDS
    from zsar.plots.picture import WIDTH
    from zsar.plots.tsne import SPACES
    from zsar.protocol import MODES, RULES

    parser.epilog = "kinds:\n" + "\n".join(f"  {kind:12} {line}" for kind, line in KINDS.items())
    parser.add_argument("kind", metavar="KIND", help="what to draw, see below")
    parser.add_argument("folder", type=Path, metavar="RECORDS_DIR", help="a results folder")
    several = {"type": names, "default": None, "metavar": "NAME,NAME"}
    add(
        parser,
        ("--out", {"type": file, "required": True, "metavar": "FILE", "help": "a .pdf, .svg or .png file to write"}),
        ("--dataset", {"help": "runs on this dataset only"}),
        ("--method", {**several, "help": "runs of these methods only"}),
        ("--split", {"help": "runs on this split only, or on this family of splits"}),
        (
            "--rule",
            {"type": str, "default": "last", "metavar": "|".join(RULES), "help": "selection rule (default: last)"},
        ),
        ("--seed", {"default": None, "help": "runs with this seed only"}),
        ("--protocol", {"help": "runs under this protocol only"}),
    )
    parser.add_argument("--mode", metavar="|".join(MODES), help="which results, where a run has several")
    parser.add_argument("--run", **several | {"metavar": "ID,ID"}, help="these runs only")
    parser.add_argument(
        "--width", type=float, default=WIDTH, metavar="INCHES", help="(default: %(default)s, one column)"
    )
    parser.add_argument(
        "--space",
        metavar="|".join(SPACES),
        help="what tsne maps: what a method made of the clips (default with --method) or what they are before any "
        "(default without)",
    )


def run(options: argparse.Namespace) -> int:
    """Draw the picture, write it, and print its path and a caption."""
    from zsar.plots import draw
    from zsar.plots.kinds import check_kind
    from zsar.plots.picture import format_of
    from zsar.results import Results

    check_kind(options.kind, options.space, options.method)
    format_of(options.out)
    picture = draw(options.kind, Results.read(options.folder), **{name: getattr(options, name) for name in CHOICE})
    picture.save(options.out)
    print_line(options.out, picture.caption)
    return 0
