"""Prompt sets: what is said about each class, one text per kind of prompt.

Registered ones are in ``configs/prompts/*.yaml``, and further kinds of theirs, where they are written, in
``configs/prompts/parts`` (what parts of the body do, and what happens in which phase). A user's own
(`zsar.text.prompt_files`) are in ``$ZSAR_HOME/prompts``; a dataset of the user's own brings its set along
(``prompts.yaml`` in its store). Of some of a user's own only the vectors are at hand (`zsar.text.vector_sets`).
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from zsar import configuration, storage
from zsar.data.cards import store_path
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.text.vector_sets import VectorSet, vector_set, vector_sets

_KEYS = {"id": (str, True), "classes": (str, True), "prompts": (dict, True)}


@dataclass(frozen=True)
class Outline:
    """What a prompt set is for and holds: its class list, its class ids, its kinds of prompts."""

    vocabulary: str
    classes: tuple[str, ...]
    kinds: tuple[str, ...]


def user_path(name: str) -> Path:
    """Where a user's own prompt set of this name is, or would be."""
    return storage.home() / "prompts" / f"{name}.yaml"


def user_sets() -> list[str]:
    """The names of the user's own prompt sets, of texts and of vectors, sorted."""
    texts = [p.stem for p in user_path("any").parent.glob("*.yaml") if not p.name.startswith(".")]
    return sorted({*texts, *vector_sets()})


def prompt_set(name: str) -> dict[str, dict[str, str]]:
    """Prompt texts of a set: class id -> kind ("label", "description") -> text, in the set's order.

    A registered name comes before a user's own. Raises `UnknownName` with the nearest names and `ZsarError` when a
    class lacks a kind that others have, and for a set of vectors, which has no texts.
    """
    if vectors := vectors_of(name):
        raise ZsarError(
            f"the prompt set {name!r} holds vectors by {vectors.model} and no texts",
            "Import texts for what reads texts: zsar text import",
        )
    return _content(name)[1]


def vectors_of(name: str) -> VectorSet | None:
    """The vectors of a prompt set that holds these and no texts, else None. Raises `DataError` for damaged ones."""
    return None if name in configuration.names("prompts") else vector_set(name)


def outline(name: str) -> Outline:
    """What a prompt set holds. Raises as `prompt_set`, and `DataError` for damaged vectors."""
    if vectors := vectors_of(name):
        return Outline(vectors.vocabulary, vectors.ids, tuple(vectors.values))
    vocabulary, prompts = _content(name)
    return Outline(vocabulary, tuple(prompts), tuple(next(iter(prompts.values()))))


def texts(name: str, kind: str, classes) -> list[str]:
    """The texts of one kind for class ids, in their order. Raises `UnknownName` for a class or kind that is absent."""
    prompts = prompt_set(name)
    for class_id in classes:
        if class_id not in prompts:
            raise UnknownName("class", class_id, prompts, f"prompt set {name}")
        if kind not in prompts[class_id]:
            raise UnknownName("prompt", kind, prompts[class_id], f"prompt set {name}")
    return [prompts[class_id][kind] for class_id in classes]


def require(name: str, kinds, classes, who: str) -> None:
    """Check that a set has these kinds of prompts for all these classes, which ``who`` asks for.

    Raises `UnknownName` for a set that doesn't exist and `ZsarError` that names what the set lacks.
    """
    its = outline(name)
    missing = [c for c in classes if c not in its.classes]
    if missing:
        raise ZsarError(
            f"the prompt set {name!r} is for the class list {its.vocabulary} and has no text for "
            f"{len(missing)} of {len(list(classes))} classes: {', '.join(missing[:5])}{', ...' * (len(missing) > 5)}",
            "Name one that was imported for this dataset; see: zsar text list",
        )
    for kind in kinds:
        if kind not in its.kinds:
            raise ZsarError(
                f"{who} reads the prompt {kind!r}, but the prompt set {name!r} has only {', '.join(its.kinds)}",
                f"If it is the text that {who} should read, import it as that: "
                f"zsar text import {name} ... --kind {kind}",
            )


def _content(name: str) -> tuple[str, dict[str, dict[str, str]]]:
    registered = configuration.names("prompts")
    if name in registered:
        return _registered(name)
    path = user_path(name) if name in user_sets() else store_path(name) / "prompts.yaml"
    if not path.is_file():
        raise UnknownName("prompt set", name, [*registered, *user_sets()])
    try:
        stat = path.stat()
        return _user(path, stat.st_mtime_ns, stat.st_size)
    except OSError as e:
        raise DataError(f"can't read {path}: {e.strerror}") from e


@functools.cache
def _registered(name: str) -> tuple[str, dict[str, dict[str, str]]]:
    where = f"configs/prompts/{name}.yaml"
    content = configuration.read("prompts", name)
    configuration.require(content, _KEYS, where)
    texts = _check(content["prompts"], where)
    if name in configuration.names("prompts/parts"):
        where = f"configs/prompts/parts/{name}.yaml"
        content = configuration.read("prompts/parts", name)
        configuration.require(content, _KEYS, where)
        parts = _check(content["prompts"], where)
        if list(parts) != list(texts):
            raise ZsarError(f"{where} should have the classes of configs/prompts/{name}.yaml, in their order")
        texts = {c: {**its, **parts[c]} for c, its in texts.items()}
    return content["classes"], texts


@functools.lru_cache(maxsize=8)
def _user(path: Path, changed: int, size: int) -> tuple[str, dict[str, dict[str, str]]]:
    """A user's own set; read again when its file has changed."""
    try:
        content = configuration.parse_yaml(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as e:
        raise DataError(f"{path} is not UTF-8: {e.reason}", "Import it again: zsar text import") from e
    configuration.require(content, {**_KEYS, "source": (dict, False)}, str(path))
    return content["classes"], _check(content["prompts"], str(path))


def _check(prompts: dict, where: str) -> dict[str, dict[str, str]]:
    if not prompts:
        raise ZsarError(f"{where} holds no prompts")
    first = next(iter(prompts.values()))
    configuration.require_shape(first, {"*": str}, f"{where}: {next(iter(prompts))}")
    kinds = set(first)
    for class_id, row in prompts.items():
        complete = isinstance(row, dict) and set(row) == kinds
        if not complete or not all(isinstance(t, str) and t.strip() for t in row.values()):
            raise ZsarError(f"{where}: {class_id} should have a text for each of {', '.join(sorted(kinds))}")
    return {c: {kind: " ".join(t.split()) for kind, t in row.items()} for c, row in prompts.items()}
