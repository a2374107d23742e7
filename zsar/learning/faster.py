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
from types import FunctionType
from typing import Any, TypeVar

Form = TypeVar("Form", bound=Callable[..., Any])


def _is_installed() -> bool:
    spec = importlib.util.find_spec("zsar.fast")
    return spec is not None and spec.origin is not None  # a folder without modules is a namespace of no origin


INSTALLED = _is_installed()
"""A constant: torch's compiler can't follow a search for modules."""
_forms: dict[str, Callable[..., Any] | None] = {}
"""The fast forms by name; None until the first call."""
_plain: dict[Callable[..., Any], Callable[..., Any]] = {}
"""The plain form of everything that was decorated."""


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

    The plain form may be a method, whose fast form then takes ``self`` first; see `keep_redefined`.

    >>> @faster("dvta:all_pairs")
    ... def all_pairs(self, skeleton, text): ...
    """
    _forms[name] = None

    def decorate(plain: Form) -> Form:
        @functools.wraps(plain)
        def form(*arguments: Any, **keywords: Any) -> Any:
            if enabled():
                return (_forms[name] or _load(name))(*arguments, **keywords)
            return plain(*arguments, **keywords)

        form.plain = plain  # type: ignore[attr-defined]
        _plain[form] = plain
        return form  # type: ignore[return-value]

    return decorate


def stacked(method: type) -> Callable[..., Any] | None:
    """How several runs of a method that differ in their seed are trained in one loop; None where there is no such form.

    The function takes the runs' methods, their `Seen` data and text, and their random numbers (`zsar.fast.seeds.Own`),
    a list of each, and yields after every epoch a list of the runs' reports. A subclass that redefines a function of
    a method has no such form.
    """
    if not enabled():
        return None
    forms = importlib.import_module("zsar.fast.seeds").FORMS
    for cls in method.__mro__:
        name = forms.get(f"{cls.__module__}:{cls.__qualname__}")
        if name is not None:
            return None if _redefined(method, cls) else _load(name)
    return None


def keep_redefined(cls: type) -> None:
    """Give a class the plain form of each method that it inherits from one of whose functions it redefines any.

    A fast form may take those functions for granted: a subclass's own loss is what trains it.
    """
    for owner in cls.__mro__[1:]:
        redefined = _redefined(cls, owner)
        for name, form in vars(owner).items():
            if redefined and name not in redefined and isinstance(form, FunctionType) and form in _plain:
                setattr(cls, name, _plain[form])


def _redefined(cls: type, owner: type) -> set[str]:
    """The functions of a class that ``cls``, or a class between the two, has its own of."""
    kinds = (FunctionType, staticmethod, classmethod, property)
    functions = {n for n, value in vars(owner).items() if isinstance(value, kinds) and not n.startswith("__")}
    return functions & {n for c in cls.__mro__[: cls.__mro__.index(owner)] for n in vars(c)}
