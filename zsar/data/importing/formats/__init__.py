"""What `zsar data import` reads besides the makers' own files: one module per format, and nothing else in this folder.

A format has ``TITLE``; ``recognises(source)``, a cheap look at names; and ``examine(path, name, of)``, which opens what
is there for the dataset ``name`` and returns a `zsar.data.importing.sources.ClipSource` or `FeatureSource`; ``of`` is
the card of the dataset that the user says it is of, or None. Adding a format is adding a module here.
"""

import functools
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from zsar.errors import UnknownName, ZsarError
from zsar.skeletons.readers.source import Source


@functools.cache
def available() -> dict[str, ModuleType]:
    """All formats, by name."""
    return {
        name: importlib.import_module(f"{__name__}.{name}")
        for name in sorted(m.name for m in pkgutil.iter_modules(__path__))
    }


def recognise(path: Path, name: str | None = None) -> ModuleType | None:
    """The format that a source is in, or the one of that name; None when no format recognises the source.

    Raises `UnknownName` for a format that doesn't exist and `ZsarError` when several recognise the source.
    """
    formats = available()
    if name is not None:
        if name not in formats:
            raise UnknownName("format", name, formats)
        return formats[name]
    source = Source(path)
    names = [name for name, module in formats.items() if module.recognises(source)]
    if len(names) > 1:
        titles = ", ".join(f"{name} ({formats[name].TITLE})" for name in names)
        raise ZsarError(f"{path} could be in several formats: {titles}", f"Name one: --format {names[0]}")
    return formats[names[0]] if names else None
