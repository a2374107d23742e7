"""Formats by name, and which of them a source is in."""

import functools
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from zsar.data import formats
from zsar.errors import UnknownName, ZsarError
from zsar.skeletons.readers.source import Source


@functools.cache
def available() -> dict[str, ModuleType]:
    """The modules of this package that are formats, by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(formats.__path__))
    modules = {name: importlib.import_module(f"{formats.__name__}.{name}") for name in names if name != "registry"}
    return {name: module for name, module in modules.items() if hasattr(module, "recognises")}


def format_of(path: Path, asked: str | None = None) -> ModuleType | None:
    """The format that a source is in, or the one asked for; None when no format recognises it.

    Raises `UnknownName` for a format that doesn't exist and `ZsarError` when several recognise the source.
    """
    known = available()
    if asked is not None:
        if asked not in known:
            raise UnknownName("format", asked, known)
        return known[asked]
    source = Source(path)
    found = [name for name, module in known.items() if module.recognises(source)]
    if len(found) > 1:
        titles = ", ".join(f"{name} ({known[name].TITLE})" for name in found)
        raise ZsarError(f"{path} could be in several formats: {titles}", f"Name one: --format {found[0]}")
    return known[found[0]] if found else None
