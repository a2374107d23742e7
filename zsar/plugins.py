"""Methods and encoders by name, through entry points: one declared line in a package makes one known.

A plug-in is its constructor's keywords; `keywords_of` checks them against the signature before anything is built.
"""

from __future__ import annotations

import importlib
import inspect
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from zsar.errors import UnknownName, ZsarError

CONTRACTS = {"method": "zsar.learning.contract:Method", "encoder": "zsar.encoders.contract:Encoder"}
"""The kinds of plug-ins, each with the class that it must extend; the entry points' group is ``zsar.<kind>s``."""


_local: dict[tuple[str, str], type] = {}


def register(kind: str, cls: type) -> str:
    """Make a class that no package declares known in this process, under its own name, which is returned.

    Raises `ZsarError` for a class that does not extend its contract, and for the name of an installed plug-in.
    """
    _require_contract(kind, cls, f"{kind} {cls.__name__}")
    if cls.__name__ in declared(kind):
        raise ZsarError(f"{kind} {cls.__name__!r} is installed already", "Give the class another name.")
    _local[kind, cls.__name__] = cls
    return cls.__name__


def is_local(kind: str, name: str) -> bool:
    """Whether a plug-in was made known by `register`: other processes don't know it, and its code may change."""
    return (kind, name) in _local


def declared(kind: str) -> dict[str, EntryPoint]:
    """The entry points of a kind by name; two packages that declare the same name are an error."""
    points: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=f"zsar.{kind}s"), key=lambda p: (p.name, p.value)):
        if point.name in points and points[point.name].value != point.value:
            raise ZsarError(
                f"{kind} {point.name!r} is declared twice: {points[point.name].value} and {point.value}",
                "Uninstall one of the two packages.",
            )
        points[point.name] = point
    return points


def available(kind: str) -> list[str]:
    """The names of all plug-ins of a kind: zsar's, others', and those registered in this process."""
    return [*declared(kind), *(name for of_kind, name in _local if of_kind == kind)]


def find(kind: str, name: str) -> type:
    """Import the class behind a name and check that it extends its contract.

    Raises `UnknownName` with the nearest names, and `ZsarError` for a class that can't be imported or is another kind.
    """
    if is_local(kind, name):
        return _local[kind, name]
    points = declared(kind)
    if name not in points:
        raise UnknownName(kind, name, available(kind))
    point = points[name]
    try:
        cls = point.load()
    except Exception as e:
        raise ZsarError(f"{kind} {name!r} ({point.value}) can't be imported: {type(e).__name__}: {e}") from e
    _require_contract(kind, cls, f"{kind} {name!r} ({point.value})")
    return cls


def _require_contract(kind: str, cls: Any, what: str) -> None:
    module, _, base = CONTRACTS[kind].partition(":")
    if not (isinstance(cls, type) and issubclass(cls, getattr(importlib.import_module(module), base))):
        raise ZsarError(f"{what} is not a subclass of {module}.{base}")


def construct(kind: str, name: str, keywords: dict[str, Any]) -> Any:
    """The plug-in of a name with these keywords; raises what `find` and `keywords_of` raise."""
    cls = find(kind, name)
    return cls(**keywords_of(cls, keywords, f"{kind} {name}"))


def keywords_of(cls: type, keywords: dict[str, Any], where: str) -> dict[str, Any]:
    """All of a constructor's keywords with their values, defaults included; YAML's "1e-5" becomes a float.

    Raises `UnknownName` for a keyword that the constructor lacks and `ZsarError` for a value of the wrong type;
    ``where`` is named in both.
    """
    parameters = inspect.signature(cls).parameters
    resolved = {name: p.default for name, p in parameters.items()}
    for name, value in keywords.items():
        if name not in parameters:
            raise UnknownName("keyword", name, parameters, where)
        resolved[name] = _of_type(parameters[name].default, value, f"{where}: {name}")
    return resolved


def _of_type(default: Any, value: Any, where: str) -> Any:
    """The value as the default's type, where it can be one."""
    if isinstance(default, bool) or isinstance(value, bool):
        good = isinstance(default, bool) and isinstance(value, bool)
    elif isinstance(default, float):
        if isinstance(value, int | float | str):
            try:
                return float(value)
            except ValueError:
                pass
        good = False
    elif isinstance(default, tuple):
        return tuple(value) if isinstance(value, list | tuple) else (value,)
    else:
        good = default is None or isinstance(value, type(default))
    if not good:
        raise ZsarError(f"{where} should be a {type(default).__name__} such as {default!r}, not {value!r}")
    return value
