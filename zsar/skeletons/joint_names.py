"""Joints by the names that others give them -> the joint layouts known here (``configs/layouts/aliases``)."""

import functools
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from zsar import configuration
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.skeletons.layouts import layout

_KEYS = {"layout": (str, True), "aliases": (dict, True)}
_SIDES = {"left": ("left", "l"), "right": ("right", "r")}
_PREFIXES = ("nuiskeletonposition", "jointtype", "joint")
"""What the Kinect SDKs put before every joint's name in some languages."""


@dataclass(frozen=True)
class Match:
    """The ``layout`` that names of joints stand for; ``order`` says which name is each of its joints, and ``cut`` are
    the names that it has no place for."""

    layout: str
    order: tuple[int, ...]
    cut: tuple[str, ...]


def folded(name: str) -> str:
    """A name without case, spaces, underscores, punctuation and the word "of", in which two spellings agree."""
    return "".join(word for word in re.split(r"[\W_]+", str(name).casefold()) if word != "of")


@functools.cache
def spellings(name: str) -> dict[str, str]:
    """Every folded spelling of a layout's joints -> the joint. Raises `ZsarError` for an alias of another joint."""
    where = f"configs/layouts/aliases/{name}.yaml"
    joints = layout(name).joints
    by_spelling = {folded(joint): joint for joint in joints}
    aliases = {}
    if name in configuration.names("layouts/aliases"):
        content = configuration.read("layouts/aliases", name)
        configuration.require(content, _KEYS, where)
        aliases = content["aliases"]
    for joint in (*aliases, *joints):
        if joint not in joints:
            raise UnknownName("joint", joint, joints, where)
        for alias in (joint, *aliases.get(joint, ())):
            for spelling in _spellings(str(alias)):
                if by_spelling.setdefault(spelling, joint) != joint:
                    raise ZsarError(f"{where}: {alias!r} is a name of {joint} and of {by_spelling[spelling]}")
    return by_spelling


def _spellings(name: str):
    words = [_SIDES.get(word, (word,)) for word in name.split()]
    yield from map("".join, itertools.product(*words))  # with "of", which "BaseOfSpine" hides
    for order in itertools.permutations(word for word in words if word != ("of",)):
        yield from map("".join, itertools.product(*order))


def match(names: Sequence[str], where: str = "joints") -> Match:
    """Find the layout that a list of joints holds, in whatever order; the larger one when both fit.

    Raises `DataError` that lists the names expected by the nearest layout and which are missing, and for two names of
    one joint; ``where`` says in errors what lists them.

    >>> names = [name.upper().replace(" ", "_") for name in layout("kinect_v1").joints]
    >>> match([*names[::-1], "TAIL"]).cut
    ('TAIL',)
    """
    folds = [folded(name) for name in names]
    for prefix in _PREFIXES:
        if all(fold.startswith(prefix) for fold in folds):
            folds = [fold.removeprefix(prefix) for fold in folds]
    nearest = None
    for name in sorted(configuration.names("layouts"), key=lambda n: -len(layout(n).joints)):
        by_spelling, joints = spellings(name), layout(name).joints
        at: dict[str, int] = {}
        twice = ""
        for i, fold in enumerate(folds):
            joint = by_spelling.get(fold)
            if joint in at:
                twice = f"{names[at[joint]]!r} and {names[i]!r} are both {joint!r}"
            elif joint is not None:
                at[joint] = i
        missing = [joint for joint in joints if joint not in at]
        if not missing and twice:
            raise DataError(f"{where}: {twice} of the layout {name}", "Give every joint once.")
        if not missing:
            order = tuple(at[joint] for joint in joints)
            return Match(name, order, tuple(names[i] for i in range(len(names)) if i not in order))
        if nearest is None or len(missing) < len(nearest[1]):
            nearest = name, missing, [names[i] for i in range(len(names)) if folds[i] not in by_spelling]
    name, missing, strange = nearest
    raise DataError(
        f"{where} are of no layout known here; the nearest is {name}, which lacks {', '.join(missing)}"
        + (f" (not recognised: {', '.join(map(str, strange[:40]))})" if strange else ""),
        f"Expected names: {', '.join(layout(name).joints)}. Layouts: {', '.join(configuration.names('layouts'))}.",
    )
