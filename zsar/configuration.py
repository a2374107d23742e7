"""Reading YAML and JSON: data, not code, of bounded depth and size, with errors that name the file."""

import functools
import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from zsar.errors import UnknownName, ZsarError

DEEPEST = 32
"""Levels of lists and keys in one another."""
LARGEST = 2**63 - 1
"""Of a number where `require_shape` asks for one."""
BLOCK = "hold keys and values"
MOST_VALUES = 100_000
"""Values of a YAML file, those that aliases repeat counted every time."""
_HUGE = re.compile(r"[-+]?([0-9][0-9_:]{18,}|0[xb][0-9a-fA-F_]{16,})")


def parse_yaml(text: str, where: str) -> Any:
    """Parse somebody's YAML text; ``where`` names the file in the error.

    Raises `ZsarError` for what isn't YAML, keys given twice, more than `DEEPEST` levels or `MOST_VALUES` values, and
    whole numbers beyond 18 digits.
    """
    try:
        _require_bounds(text)
    except yaml.YAMLError as e:
        raise ZsarError(f"{where} is not valid YAML: {e}") from e
    except ValueError as e:
        raise ZsarError(f"{where} is not YAML that zsar reads: {e}") from e
    return _load(text, where)


def parse_json(text: str | bytes) -> Any:
    """Parse somebody's JSON. Raises ValueError for what isn't JSON and for more than `DEEPEST` levels."""
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError(f"more than {DEEPEST} levels") from None
    level, depth = [content], 0
    while level := [v for c in level if isinstance(c, dict | list) for v in (c.values() if type(c) is dict else c)]:
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"more than {DEEPEST} levels")
    return content


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")


def _load(text: str, where: str) -> Any:
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)
    except (yaml.YAMLError, ValueError, AttributeError, TypeError) as e:  # the latter of tags on what they don't fit
        raise ZsarError(f"{where} is not valid YAML: {e}") from e


def _require_bounds(text: str) -> None:
    """Raise ValueError for YAML that is too deep, too much or refers to itself; the parser's events need no stack."""
    open_collections: list[tuple[str | None, int]] = []
    sizes: dict[str, int] = {}
    count = 0  # of values in the innermost open collection
    for event in yaml.parse(text, Loader=_SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_collections.append((event.anchor, count))
            count = 0
            if len(open_collections) > DEEPEST:
                raise ValueError(f"more than {DEEPEST} levels (line {_line(event)})")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_collections.pop()
            if anchor:
                sizes[anchor] = count
            count += before + 1
        elif isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in open_collections):
                raise ValueError(f"{event.anchor!r} holds itself (line {_line(event)})")
            count += sizes.get(str(event.anchor), 0) + 1
        elif isinstance(event, yaml.ScalarEvent):
            if (event.implicit[0] or event.tag) and _HUGE.fullmatch(event.value):
                raise ValueError(
                    f"a number of {len(event.value)} digits (line {_line(event)}); a name of digits goes into quotes"
                )
            count += 1
        if count > MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES} values")


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where PyYAML was built so


class _UniqueKeyLoader(_SafeLoader):
    """The safe loader, except that a key given twice is an error instead of a silent overwrite."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(k, deep=True) for k, _ in node.value]
        twice = {str(k) for k in keys if keys.count(k) > 1} if len(set(map(str, keys))) < len(keys) else ()
        if twice:
            raise yaml.YAMLError(f"key given twice: {', '.join(sorted(twice))} ({node.start_mark})")
        return super().construct_mapping(node, deep)


def require_shape(
    value: Any, shape: Any, where: str, *, whole: bool = False, error: type[ZsarError] = ZsarError
) -> None:
    """Raise an ``error`` that names the place for a value that is not of a shape.

    A shape is a dictionary of shapes by key ("*": of every other key), a list of one shape for all entries, a range
    for a whole number in it, ``float`` for a finite number or none, another type for itself. Keys that are not there
    are not missed, unless the value should be ``whole``: they are then checked as None.

    Examples:
        >>> require_shape({"frames": 10**9}, {"frames": range(1, 2001)}, "model.json: input")
        Traceback (most recent call last):
        zsar.errors.ZsarError: model.json: input.frames should be a whole number from 1 to 2000, not 1000000000
    """
    if isinstance(shape, dict):
        good, kind = isinstance(value, Mapping) and all(isinstance(key, str) for key in value), BLOCK
        for key in dict.fromkeys([*(k for k in shape if whole and k != "*"), *value]) if good else ():
            if (its := shape.get(key, shape.get("*"))) is not None:
                require_shape(value.get(key), its, f"{where}.{key}", whole=whole, error=error)
    elif isinstance(shape, list):
        good, kind = isinstance(value, list | tuple), "be a list"
        for inner in value if good else ():
            require_shape(inner, shape[0], where, whole=whole, error=error)
    elif isinstance(shape, range):
        good = isinstance(value, int) and not isinstance(value, bool) and value in shape
        kind = f"be a whole number from {shape.start} to {shape.stop - 1}"
    elif shape is float:
        good, kind = value is None or (isinstance(value, int | float) and abs(value) <= LARGEST), "be a number"
    else:
        good, kind = isinstance(value, shape), f"be a {'text' if shape is str else 'true or false'}"
    if not good:
        raise error(f"{where} should {kind}, not {brief(value)}")


def brief(value: Any) -> str:
    """A value of a file as messages quote it."""
    if isinstance(value, int) and abs(value) > 10**18:
        return "a larger one" if value > 0 else "a smaller one"
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def folder(kind: str, package: str = "zsar.configs") -> Path:
    """The folder of one kind of configuration (``datasets``, ``splits``, ``recipes/pgfa``, ...)."""
    return Path(str(resources.files(package))).joinpath(*kind.split("/"))


def names(kind: str, package: str = "zsar.configs") -> list[str]:
    """The names available of one kind, sorted; an absent kind has none."""
    return sorted(p.stem for p in folder(kind, package).glob("*.yaml"))


@functools.cache
def read(kind: str, name: str, package: str = "zsar.configs") -> Any:
    """One configuration file, parsed. The result is shared: don't change it.

    Raises `UnknownName` with the nearest names when there is no such file.
    """
    path = folder(kind, package) / f"{name}.yaml"
    if not path.is_file():
        first = kind.split("/")[0]
        raise UnknownName("class list" if first == "classes" else first.rstrip("s"), name, names(kind, package))
    return _load(path.read_text(encoding="utf-8"), str(path))  # zsar's own: not to be bounded


def require(mapping: Any, keys: Mapping[str, tuple[Any, bool]], where: str) -> None:
    """Check that ``mapping`` holds ``keys`` and no others; ``keys`` maps a name to (type, whether it is required).

    Raises `UnknownName` for another key, and `ZsarError` for a missing one and for a value of another type.

    Examples:
        >>> require({"frames": 64}, {"frames": (int, True), "joints": (str, False)}, "my.yaml")
        >>> require({"frame": 64}, {"frames": (int, True)}, "my.yaml")
        Traceback (most recent call last):
        zsar.errors.UnknownName: unknown key 'frame' in my.yaml
        Did you mean frames?
    """
    if not isinstance(mapping, dict):
        raise ZsarError(f"{where} should hold keys and values")
    for key in mapping:
        if key not in keys:
            raise UnknownName("key", key, keys, where)
    for key, (kind, required) in keys.items():
        if key not in mapping:
            if required:
                raise ZsarError(f"{where} lacks the key {key!r}")
        elif not isinstance(mapping[key], kind):
            raise ZsarError(f"{where}: {key!r} should be {kind}, not {mapping[key]!r}")
