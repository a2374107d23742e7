"""The kinds of pictures by name, and one way to draw any of them."""

import importlib
from pathlib import Path

from zsar.errors import UnknownName, ZsarError
from zsar.plots.choosing import Choice, fitting
from zsar.plots.picture import WIDTH, Picture, require_matplotlib
from zsar.results import Results

KINDS = {
    "confusion": "which unseen classes a method takes for which",
    "per-class": "accuracy on each unseen class, up to four methods beside one another",
    "tsne": "a map of the unseen test clips, by features or by a method's scores",
    "seen-unseen": "seen against unseen accuracy under every calibration",
    "oracle-gap": "what choosing the epoch on the test labels would add",
    "seeds": "every seed's accuracy, the means and their intervals",
}
NARROWEST, WIDEST = 2.0, 20.0
"""Inches."""


def draw(kind: str, folder: Path, choice: Choice | None = None, width: float = WIDTH, **options) -> Picture:
    """Draw a picture of one of `KINDS` from a results folder, ``width`` inches wide.

    ``options``: ``space`` ("features" or "scores") for tsne. Raises `UnknownName`, and `ZsarError` where no run or too
    many runs fit, matplotlib is missing, or what a picture needs isn't there.
    """
    require_kind(kind)
    require_matplotlib()
    if not NARROWEST <= width <= WIDEST:
        raise ZsarError(f"a picture is {NARROWEST:g} to {WIDEST:g} inches wide, not {width:g}")
    choice = choice or Choice()
    results = Results.read(folder)
    records = fitting(list(results), choice, str(folder))
    module = importlib.import_module(f"zsar.plots.{kind.replace('-', '_')}")
    return module.draw(records, choice, results.scores.read, width, **options)


def require_kind(kind: str) -> None:
    """Raise `UnknownName` unless it is one of `KINDS`."""
    if kind not in KINDS:
        raise UnknownName("kind of picture", kind, KINDS)
