"""Errors that a user can act on. The command line prints them without a traceback and exits with 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class ZsarError(Exception):
    """What is wrong, where, and what to do next. ``hint`` holds the next step, printed on its own line."""

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message if hint is None else f"{message}\n{hint}")
        self.message, self.hint = message, hint


class UnknownName(ZsarError):
    """A name that is in no registry; the nearest of ``names`` are suggested."""

    def __init__(self, kind: str, name: str, names: Iterable[object], where: str | None = None):
        candidates = sorted(str(n) for n in names)
        lowered = {n.lower(): n for n in candidates}
        near = [lowered[n] for n in difflib.get_close_matches(str(name).lower(), lowered, n=3, cutoff=0.5)]
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(candidates) or 'none'}."
        super().__init__(f"unknown {kind} {name!r}" + (f" in {where}" if where else ""), hint)
        self.name, self.near = name, near
        self._arguments = (kind, name, candidates, where)

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), self._arguments  # an exception crosses processes by its arguments


def listing(names: Iterable[Any], most: int = 5) -> str:
    """The first few of many names, for messages.

    >>> listing(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    names = [str(name) for name in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


class DataError(ZsarError):
    """A file or archive that can't be used; the message names it."""


class DamagedData(DataError):
    """Prepared data that is not what was imported: nothing can be done with it, so whatever needs it ends there."""


class RecordError(ZsarError):
    """A results folder or record that can't be read or belongs to another version."""
