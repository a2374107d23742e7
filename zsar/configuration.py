"""Reading the YAML in ``configs/`` and ``benchmarks/``: data, not code, with errors that name the file."""

import functools
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from zsar.errors import UnknownName, ZsarError


def parse_yaml(text: str, where: str) -> Any:
    """Parse YAML text; ``where`` names the file in the error. Duplicate keys are refused."""
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as e:
        raise ZsarError(f"{where} is not valid YAML: {e}") from e


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where PyYAML was built so


class _UniqueKeyLoader(_SafeLoader):
    """The safe loader, except that a key given twice is an error instead of a silent overwrite."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(k, deep=True) for k, _ in node.value]
        twice = {str(k) for k in keys if keys.count(k) > 1} if len(set(map(str, keys))) < len(keys) else ()
        if twice:
            raise yaml.YAMLError(f"key given twice: {', '.join(sorted(twice))} ({node.start_mark})")
        return super().construct_mapping(node, deep)


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
    return parse_yaml(path.read_text(encoding="utf-8"), str(path))


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
