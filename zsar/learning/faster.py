"""The one line through which a plain form finds its fast one in `zsar.fast`.

Fast forms compute the same in another order: with less memory, fewer passes, or several runs at once. They are on by
default; ``ZSAR_FAST=0`` turns all of them off, and with the folder ``zsar/fast`` deleted everything runs in its plain
form. ``tests/fast`` holds each against the plain form that it takes the place of.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

Form = TypeVar("Form", bound=Callable[..., Any])


INSTALLED = importlib.util.find_spec("zsar.fast") is not None
_forms: dict[str, Callable[..., Any] | None] = {}
"""The fast forms by name; None until the first call."""


def enabled() -> bool:
    """Whether fast forms are there and not turned off."""
    return INSTALLED and os.environ.get("ZSAR_FAST", "1") != "0"


@contextlib.contextmanager
def plain_forms() -> Iterator[None]:
    """A block in which no fast form is taken, as under ``ZSAR_FAST=0``."""
    before = os.environ.get("ZSAR_FAST", "1")
    os.environ["ZSAR_FAST"] = "0"
    try:
        yield
    finally:
        os.environ["ZSAR_FAST"] = before


def load() -> None:
    """Import every fast form that has been named so far: torch's compiler can't follow a call into an import."""
    if enabled():
        for name in _forms:
            _load(name)


def _load(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    _forms[name] = form = getattr(importlib.import_module(f"zsar.fast.{module}"), function)
    return form


def faster(name: str) -> Callable[[Form], Form]:
    """Decorate a plain form: calls go to ``module:function`` of `zsar.fast` while fast forms are `enabled`.

    Both take the same arguments and mean the same; ``plain`` is an attribute of the result that holds the plain form.

    >>> @faster("pairs:pair_scores")
    ... def pair_scores(left, right, weight, bias, last): ...
    """
    _forms[name] = None

    def decorate(plain: Form) -> Form:
        @functools.wraps(plain)
        def chosen(*arguments: Any, **keywords: Any) -> Any:
            if enabled():
                return (_forms[name] or _load(name))(*arguments, **keywords)
            return plain(*arguments, **keywords)

        chosen.plain = plain  # type: ignore[attr-defined]
        return chosen  # type: ignore[return-value]

    return decorate


def stacked(method: type) -> Callable[..., Any] | None:
    """How several runs of a method that differ in their seed are trained in one loop; None where there is no such form.

    The function takes the runs' methods, their `Seen` data and text, and their random numbers (`zsar.fast.seeds.Own`),
    a list of each, and yields after every epoch a list of the runs' reports.
    """
    return getattr(method, "train_together", None) if enabled() else None
