"""Class vectors: shipped for the registered prompts, otherwise encoded once and cached."""

import functools
import io
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar import storage
from zsar.text import bert, models, prompts

SHIPPED = {model: Path(__file__).parent / f"{model}.npz" for model in models.WEIGHTS}
"""float16 vectors of every registered prompt by the models that papers use, keyed by the text's fingerprint."""


@dataclass(frozen=True)
class ClassVectors:
    """Vectors [C, P, D] float32 of C classes under P kinds of prompts, and where they come from."""

    values: np.ndarray
    classes: tuple[str, ...]
    model: str
    prompt_set: str
    prompts: tuple[str, ...]

    @property
    def hash(self) -> str:
        """Changes with any vector or class; stands in every record."""
        return storage.fingerprint(self.classes, self.values.astype("<f4"))

    def of(self, classes) -> np.ndarray:
        """The rows of some classes, in their order: [len(classes), P, D]."""
        rows = {c: i for i, c in enumerate(self.classes)}
        return self.values[[rows[c] for c in classes]]


def class_vectors(prompt_set: str, kinds, classes, model: str = models.DEFAULT, *, fetch: bool = True) -> ClassVectors:
    """Vectors for class ids under the given kinds of prompts ("label", "description").

    ``fetch``: whether a model that isn't here may be fetched for new text. Raises `UnknownName` for unknown classes or
    kinds, `ZsarError` when new text needs a model that isn't to be had.
    """
    columns = [prompts.texts(prompt_set, kind, classes) for kind in kinds]
    flat = encode_cached([text for row in zip(*columns, strict=True) for text in row], model, fetch=fetch)
    return ClassVectors(flat.reshape(len(classes), len(kinds), -1), tuple(classes), model, prompt_set, tuple(kinds))


def encode_cached(texts: list[str], model: str = models.DEFAULT, *, fetch: bool = True) -> np.ndarray:
    """float32 vectors [len(texts), D]: the shipped ones, else the cached ones, else encoded now and cached.

    All vectors go through float16, so that shipped, cached and fresh ones are the same. A damaged cache file is
    computed anew.
    """
    keys = [storage.fingerprint(t) for t in texts]
    ready = shipped(model)
    if set(keys) <= set(ready):
        return np.stack([ready[k] for k in keys]).astype(np.float32)
    folder = models.locate(model, fetch=fetch)
    path = storage.cache() / "text" / f"{storage.fingerprint(models.weights_hash(folder), sorted(set(keys)))}.npz"
    rows = _cached(path) if path.is_file() else {}
    if not set(keys) <= set(rows):
        unique = dict(zip(keys, texts, strict=True))
        save(path, unique, models.encode(model, list(unique.values())))
        rows = _cached(path)
    return np.stack([rows[k] for k in keys]).astype(np.float32)


def label_vectors(texts: list[str], model: str = models.DEFAULT) -> tuple[np.ndarray, list[str]]:
    """float32 vectors [len(texts), D] of labels that somebody waits for, as `encode_cached` gives them, and notes.

    Nothing is written but a model of zsar's that has to be fetched, and a model that can be loaded in a moment is. The
    notes are on texts that are too long or unknown to the model. Another model, whose name may be from somebody's file,
    is never fetched. Raises `ZsarError` that says how to get the model when it isn't here.
    """
    ready = shipped(model)
    new = [text for text in texts if storage.fingerprint(text) not in ready]
    notes: list[str] = []
    if new:
        quick = bert.load(models.locate(model, fetch=model.removeprefix("sentence-transformers/") in models.KNOWN))
        vectors = models.encode(model, new) if quick is None else np.stack([quick.encode(text) for text in new])
        notes = [] if quick is None else [note for text in new for note in quick.caveats(text)]
        ready = {**ready, **{storage.fingerprint(t): v for t, v in zip(new, vectors.astype(np.float16), strict=True)}}
    return np.stack([ready[storage.fingerprint(text)] for text in texts]).astype(np.float32), notes


def _cached(path: Path) -> dict[str, np.ndarray]:
    """The vectors of a file that `save` wrote, by key; none, and a warning, when it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as content:
            return dict(zip(content["keys"].tolist(), content["vectors"], strict=True))
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as e:
        warnings.warn(f"{path} is damaged ({e}); computed anew", stacklevel=3)
        return {}


def save(path: Path, texts_by_key: dict[str, str], vectors: np.ndarray) -> None:
    """Write vectors [N, D] beside the fingerprints of their texts, as float16, atomically."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, keys=np.array(list(texts_by_key)), vectors=vectors.astype(np.float16))
    storage.write_bytes(path, buffer.getvalue())


@functools.cache
def shipped(model: str = models.DEFAULT) -> dict[str, np.ndarray]:
    """The vectors by a model that come with the package, by the fingerprint of their text; none of other models."""
    path = SHIPPED.get(model)
    if path is None or not path.is_file():  # as when `ship` makes it
        return {}
    with np.load(path, allow_pickle=False) as content:
        return dict(zip(content["keys"].tolist(), content["vectors"], strict=True))


def ship(model: str) -> int:
    """Encode every registered prompt with a model of `SHIPPED` into its file; how many texts. For maintainers.

    Vectors that are there already stay as they are: what records are made from must not change with a text beside it.
    """
    from zsar import configuration

    models.require_weights(models.locate(model), models.WEIGHTS[model])
    texts = {
        t for name in configuration.names("prompts") for row in prompts.prompt_set(name).values() for t in row.values()
    }
    ordered = {storage.fingerprint(t): t for t in sorted(texts)}
    ready = {key: vector for key, vector in shipped(model).items() if key in ordered}
    new = {key: text for key, text in ordered.items() if key not in ready}
    if new:
        ready |= dict(zip(new, models.encode(model, list(new.values())), strict=True))
    save(SHIPPED[model], ordered, np.stack([ready[key] for key in ordered]))
    return len(ordered)
