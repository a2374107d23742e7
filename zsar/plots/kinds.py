"""The kinds of pictures by name, and one way to draw any of them."""

import importlib

from zsar.errors import UnknownName, ZsarError
from zsar.plots.choosing import choose
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


def draw(
    kind: str,
    results: Results,
    *,
    dataset=None,
    method=None,
    split=None,
    rule: str = "last",
    seed=None,
    mode: str | None = None,
    protocol=None,
    run=None,
    width: float = WIDTH,
    space: str | None = None,
) -> Picture:
    """Draw a picture of one of `KINDS`, ``width`` inches wide.

    The other keywords say which of the ``results`` it is about. All but ``rule`` and ``mode`` take a name or several,
    commas between them or in a list; ``split`` may be a family of splits. ``space``, for tsne alone, is "scores" (the
    default where a method is named) or "features" (elsewhere; they are the same for every method). Raises
    `UnknownName`, and `ZsarError` where no run or too many runs fit, matplotlib is missing, or what a picture needs
    isn't there.
    """
    check_kind(kind, space, method)
    require_matplotlib()
    if not NARROWEST <= width <= WIDEST:
        raise ZsarError(f"a picture is {NARROWEST:g} to {WIDEST:g} inches wide, not {width:g}")
    names = {"run": run, "dataset": dataset, "protocol": protocol, "method": method, "split": split, "seed": seed}
    selection = choose(results, names, rule, mode)
    module = importlib.import_module(f"zsar.plots.{kind.replace('-', '_')}")
    if kind == "tsne":
        return module.draw(selection, width, space or ("scores" if method else "features"))
    return module.draw(selection, width)


def check_kind(kind: str, space: str | None = None, method=None) -> None:
    """Raise `UnknownName` unless it is one of `KINDS`, and `ZsarError` for a space, or a method, without a meaning."""
    if kind not in KINDS:
        raise UnknownName("kind of picture", kind, KINDS)
    if space is not None and kind != "tsne":
        raise ZsarError(f"--space is about tsne, not about {kind}", "Leave it away.")
    if space == "features" and method:
        raise ZsarError(
            "features are what clips are before any method, so a method changes nothing about their map",
            "Leave --method away, or draw what the method made of them: --space scores",
        )
