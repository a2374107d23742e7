"""The command line: one module per command in `zsar.commands`, imported when its command is given."""

import argparse
import importlib
import sys

from zsar import __version__
from zsar.errors import ZsarError
from zsar.printing import print_error, print_line

COMMANDS = {
    "bench": "train and judge methods on a dataset's splits, and write a leaderboard",
    "methods": "list the methods, their papers and their keywords",
    "data": "list, describe and import datasets",
    "text": "look at the prompts of a dataset's classes",
    "train": "train a method and keep it, or pre-train a skeleton encoder",
    "predict": "recognise clips from files among labels in any words",
    "demo": "a local page on which to drop a clip and type labels",
    "tune": "try keywords on pseudo-unseen classes, without touching unseen ones",
    "check": "hold records against expected or published numbers",
    "power": "how many seeds tell two methods apart",
    "plot": "draw a picture for a paper from the records of earlier runs",
    "report": "make leaderboards from the records of earlier runs",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command. Returns its exit code: 0, 1 when a run failed, 2 when something was wrong with what was asked."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="zsar",
        description="Zero-shot skeleton action recognition: methods, splits and one trustworthy leaderboard.",
    )
    parser.add_argument("--version", action="version", version=f"zsar {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    requested = next((a for a in arguments if not a.startswith("-")), None)
    modules = {}
    for name, line in COMMANDS.items():
        sub = commands.add_parser(
            name, help=line, description=line.capitalize() + ".", formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name == requested:
            modules[name] = importlib.import_module(f"zsar.commands.{name}")
            modules[name].configure(sub)
    if requested is not None and requested not in COMMANDS:
        from zsar.errors import UnknownName

        return _complain(UnknownName("command", requested, COMMANDS))
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        return modules[options.command].run(options) or 0
    except ZsarError as e:
        return _complain(e)
    except KeyboardInterrupt:
        line = "interrupted; what has been finished is kept, and the same command goes on from there"
        print_line("", line, file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def _complain(error: ZsarError) -> int:
    print_error(error.message, error.hint)
    return 2


if __name__ == "__main__":
    sys.exit(main())
