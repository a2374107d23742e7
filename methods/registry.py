"""Methods by name, through the entry-point group ``zsar.methods``: one declared line makes a method known."""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from zsar.errors import UnknownName, ZsarError

GROUP = "zsar.methods"


def declared(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name; two packages that declare the same name are an error."""
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda p: (p.name, p.value)):
        if point.name in found and found[point.name].value != point.value:
            raise ZsarError(
                f"{group} {point.name!r} is declared twice: {found[point.name].value} and {point.value}",
                "Uninstall one of the two packages.",
            )
        found[point.name] = point
    return found


def load(group: str, kind: str, name: str, base: type) -> type:
    """Import the class that an entry point names and check that it follows its contract."""
    points = declared(group)
    if name not in points:
        raise UnknownName(kind, name, points)
    point = points[name]
    try:
        found = point.load()
    except Exception as e:
        raise ZsarError(f"{kind} {name!r} ({point.value}) can't be imported: {type(e).__name__}: {e}") from e
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ZsarError(f"{kind} {name!r} ({point.value}) is no subclass of {base.__module__}.{base.__name__}")
    return found


def available() -> list[str]:
    """The names of all installed methods, zsar's and others'."""
    return list(declared(GROUP))


def find(name: str) -> type:
    """The method's class. Raises `UnknownName` with the nearest names."""
    from zsar.methods.contract import Method

    return load(GROUP, "method", name, Method)


def make(cls: type, keywords: dict[str, Any], where: str = "") -> Any:
    """Construct a method or encoder from a dictionary of keywords, checked against its signature.

    Raises `UnknownName` for a keyword that the constructor lacks and `ZsarError` for a value of the wrong type.
    """
    return cls(**checked(cls, keywords, where or cls.__name__))


def checked(cls: type, keywords: dict[str, Any], where: str) -> dict[str, Any]:
    """All of a constructor's keywords with their values, defaults included; YAML's "1e-5" becomes a float."""
    parameters = inspect.signature(cls).parameters
    resolved = {name: p.default for name, p in parameters.items()}
    for name, value in keywords.items():
        if name not in parameters:
            raise UnknownName("keyword", name, parameters, where)
        resolved[name] = _like(parameters[name].default, value, f"{where}: {name}")
    return resolved


def _like(default: Any, value: Any, where: str) -> Any:
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
