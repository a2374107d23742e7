"""``zsar plot``: pictures for papers."""

import argparse
from pathlib import Path

from zsar.errors import ZsarError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    from zsar.plots.kinds import KINDS
    from zsar.plots.picture import WIDTH
    from zsar.plots.tsne import SPACES

    parser.epilog = "kinds:\n" + "\n".join(f"  {kind:12} {line}" for kind, line in KINDS.items())
    parser.add_argument("kind", metavar="KIND", help="what to draw, see below")
    parser.add_argument("folder", type=Path, metavar="RECORDS_DIR", help="a results folder")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .pdf, .svg or .png file to write")
    parser.add_argument("--dataset", metavar="NAME", help="runs on this dataset only")
    parser.add_argument("--method", metavar="NAME,...", help="runs of these methods only")
    parser.add_argument("--split", metavar="NAME", help="runs on this split only, or on this family of splits")
    parser.add_argument("--rule", default="last", metavar="NAME", help="selection rule: last (default), val or oracle")
    parser.add_argument("--seed", metavar="N", help="runs with this seed only")
    parser.add_argument("--mode", metavar="NAME", help="inductive or transductive results, where a run has both")
    parser.add_argument("--protocol", metavar="NAME", help="runs under this protocol only")
    parser.add_argument("--run", metavar="ID,...", help="these runs only")
    parser.add_argument("--width", default=str(WIDTH), metavar="INCHES", help="(default: %(default)s, one column)")
    parser.add_argument("--space", metavar="NAME", help=f"what tsne maps: {' (default) or '.join(SPACES)}")


def run(options: argparse.Namespace) -> int:
    """Draw the picture, write it, and print its path and a caption."""
    from zsar.plots.choosing import Choice
    from zsar.plots.kinds import draw, require_kind
    from zsar.plots.picture import format_of, save

    require_kind(options.kind)
    format_of(options.out)
    choice = Choice(
        dataset=options.dataset,
        methods=_names(options.method),
        split=options.split,
        rule=options.rule,
        seed=_number("--seed", options.seed, int),
        mode=options.mode,
        protocol=options.protocol,
        runs=_names(options.run),
    )
    more = {}
    if options.space is not None:
        if options.kind != "tsne":
            raise ZsarError(f"--space is about tsne, not about {options.kind}", "Leave it away.")
        more["space"] = options.space
    picture = draw(options.kind, options.folder, choice, _number("--width", options.width, float), **more)
    save(picture, options.out)
    print(options.out)
    print(picture.caption)
    return 0


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))


def _number(option: str, text: str | None, kind: type):
    try:
        return None if text is None else kind(text)
    except ValueError:
        raise ZsarError(f"{option} wants a number, not {text!r}") from None
