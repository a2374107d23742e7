"""The options that several commands share, declared once, and how their values are read."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zsar import storage
from zsar.errors import ZsarError
from zsar.printing import print_line, visible
from zsar.protocol import RULES, SETTINGS, names_in


def names(text: str) -> list[str]:
    """The parts of "a,b,c"."""
    parts = names_in(text)
    if not parts:
        raise argparse.ArgumentTypeError(f"{text!r} names nothing")
    return parts


def numbers(text: str) -> list[int]:
    """The whole numbers of "0,1,2" or "0-2"."""
    listed: list[int] = []
    for part in names(text):
        if not (bounds := re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part)):
            raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as 0,1,2 or 0-2")
        first, last = int(bounds[1]), int(bounds[2] or bounds[1])
        if not 0 <= last - first < 10_000:
            raise argparse.ArgumentTypeError(f"{part!r} should go from a number to one up to 9,999 above it")
        listed += range(first, last + 1)
    return list(dict.fromkeys(listed))


def count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def number_from_zero(text: str) -> int:
    """A whole number from 0."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def folder(text: str) -> Path:
    """A folder to write into, which need not be there yet."""
    return _place(text, storage.require_folder)


def file(text: str) -> Path:
    """A file to write."""
    return _place(text, storage.require_file)


def _place(text: str, require: Callable[[Path], None]) -> Path:
    try:
        require(Path(text))
    except ZsarError as e:
        raise argparse.ArgumentTypeError(visible(e.message)) from e
    return Path(text)


def precision(text: str) -> str:
    """A precision by name; ``auto``, which always came to float32, is understood until version 0.2."""
    if text == "auto":
        print_line("note: --precision auto is float32; leave it away, or name bf16", file=sys.stderr)
        return "float32"
    return text


OPTIONS: dict[str, dict[str, Any]] = {
    "--methods": {"type": names, "metavar": "NAME,NAME", "help": "methods to run, e.g. pgfa,dvta,sadvae"},
    "--method": {"metavar": "NAME", "help": "see: zsar methods"},
    "--dataset": {"metavar": "NAME", "help": "see: zsar data list"},
    "--splits": {
        "type": names,
        "metavar": "NAME,NAME",
        "help": "families or splits (default: the dataset's own family)",
    },
    "--split": {"metavar": "NAME", "help": "one split, e.g. purls.22-5; its seen classes are trained on"},
    "--seeds": {"type": numbers, "default": [0], "metavar": "0,1,2", "help": "random seeds, also as 0-2 (default: 0)"},
    "--seed": {"type": int, "default": 0, "metavar": "N", "help": "random seed (default: 0)"},
    "--protocol": {"metavar": "NAME", "help": "division into training and test clips (default: the papers')"},
    "--encoder": {"metavar": "NAME", "help": "encoder for methods that learn from features (default: the recipe's)"},
    "--text": {
        "metavar": "MODEL",
        "help": "text model, or 'released': an imported bundle's vectors (default: the recipe's)",
    },
    "--prompts": {"metavar": "NAME", "help": "prompt set, see: zsar text list (default: the dataset's own)"},
    "--set": {
        "dest": "keywords",
        "action": "append",
        "default": [],
        "metavar": "NAME.KEYWORD=VALUE",
        "help": "override a keyword of a method or encoder, e.g. pgfa.lr=0.02; may be repeated",
    },
    "--precision": {
        "type": precision,
        "metavar": "float32|bf16",
        "help": "what trains end to end computes in (default: the recipe's, float32)",
    },
    "--rule": {"type": names, "metavar": ",".join(RULES), "help": "selection rules (default: all three)"},
    "--setting": {
        "type": names,
        "default": ["zsl"],
        "metavar": ",".join(SETTINGS),
        "help": "zero-shot, generalized zero-shot (default: zsl)",
    },
    "--out": {"type": folder, "metavar": "DIR", "help": "results folder (default: results/DATASET)"},
    "--device": {"default": "auto", "metavar": "auto|cpu|cuda", "help": "where to compute (default: auto)"},
    "--jobs": {
        "type": int,
        "default": 0,
        "metavar": "N",
        "help": "runs at the same time (default: one per core, one on a GPU)",
    },
    "--threads": {"type": int, "default": 1, "metavar": "N", "help": "threads of one run on a CPU (default: 1)"},
}


def add(parser: Any, *flags: str | tuple[str, dict[str, Any]]) -> None:
    """Add options to a parser or a group: a flag as it stands in `OPTIONS`, or a pair of it and what differs here."""
    for flag in flags:
        name, changes = (flag, {}) if isinstance(flag, str) else flag
        parser.add_argument(name, **{**OPTIONS[name], **changes})


def keywords(pairs: list[str]) -> dict[str, dict[str, Any]]:
    """Constructor keywords by method or encoder, of pairs such as "pgfa.lr=0.02"; values are read as YAML."""
    from zsar.configuration import parse_yaml

    by_name: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        name, dot, keyword = key.partition(".")
        if not (equals and dot and name and keyword):
            raise ZsarError(f"--set {pair!r} should look like METHOD.KEYWORD=VALUE, e.g. pgfa.lr=0.02")
        by_name.setdefault(name, {})[keyword] = parse_yaml(value, f"--set {pair}")
    return by_name
