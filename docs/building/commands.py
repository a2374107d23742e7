"""The page of commands, made from their parsers whenever the site is built."""

import argparse
import importlib
import os

from mkdocs.structure.files import File

from zsar.cli import COMMANDS

PAGE = "reference/commands.md"
START = """# Commands

Made from the parsers of the command line. `zsar COMMAND --help` prints the same.

Every command ends with 0 when all is well and with 2 when something was wrong with what was asked; `zsar bench` ends
with 1 when a run failed, `zsar check` when a number got worse.
"""


def on_files(files, config):
    """Add the page to the site."""
    files.append(File.generated(config, PAGE, content=page()))
    return files


def page() -> str:
    """Every command and subcommand with all of its options, as Markdown."""
    os.environ["COLUMNS"] = "78"  # argparse wraps usage at the terminal's width
    parts = [START]
    for name, line in COMMANDS.items():
        parser = argparse.ArgumentParser(prog=f"zsar {name}", description=f"{line.capitalize()}.")
        importlib.import_module(f"zsar.commands.{name}").configure(parser)
        parts += _section(parser, 2)
    return "\n".join(parts)


def _section(parser: argparse.ArgumentParser, level: int):
    yield f"{'#' * level} {parser.prog}\n"
    if parser.description:
        yield f"{_plain(parser.description)}\n"
    usage = parser.format_usage().removeprefix("usage: ")
    yield f"```text\n{usage}```\n"
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    rows = [a for a in parser._actions if a not in below and a.help != argparse.SUPPRESS and a.dest != "help"]
    if rows:
        yield "| option | meaning |\n| --- | --- |"
        yield from (f"| {_name(action)} | {_help(parser, action)} |" for action in rows)
        yield ""
    if parser.epilog:
        yield f"```text\n{parser.epilog.strip()}\n```\n"
    for action in below:
        lines = {choice.dest: choice.help for choice in action._choices_actions}
        for name, inner in action.choices.items():
            inner.description = inner.description or (lines.get(name) or "").capitalize()
            yield from _section(inner, level + 1)


def _name(action: argparse.Action) -> str:
    value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    if action.choices and not action.metavar:
        value = ",".join(map(str, action.choices))
    names = action.option_strings or [""]
    takes = "" if action.nargs == 0 and action.option_strings else str(value)
    return "<br>".join(f"`{f'{name} {takes}'.strip()}`" for name in names)


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    needed = "**needed**" if action.required and action.option_strings else ""
    return " · ".join(part for part in (needed, _plain(text)) if part)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    for sign in "\\`*_<|[":
        text = text.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return text
