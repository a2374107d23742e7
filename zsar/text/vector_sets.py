"""A user's own prompt sets of which only the vectors are at hand, not the wording (`zsar.text.vector_files`)."""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar import storage
from zsar.configuration import require_shape
from zsar.errors import DataError

_MANIFEST = {"classes": str, "ids": [str], "model": str, "source": {"*": str}}


@dataclass(frozen=True, eq=False)
class VectorSet:
    """Vectors [C, D] float32 by kind of prompt, of the classes with these ``ids``, as a text ``model`` gave them.

    ``vocabulary`` is the class list; ``source`` says for each kind the SHA-256 and the name of the file it is from.
    """

    vocabulary: str
    ids: tuple[str, ...]
    model: str
    source: dict[str, str]
    values: dict[str, np.ndarray]

    @property
    def width(self) -> int:
        """D."""
        return next(iter(self.values.values())).shape[1]

    def of(self, kinds, classes) -> np.ndarray:
        """Vectors [len(classes), len(kinds), D] float32; classes and kinds have to be there."""
        rows = {c: i for i, c in enumerate(self.ids)}
        return np.stack([self.values[kind][[rows[c] for c in classes]] for kind in kinds], axis=1)


def vectors_path(name: str) -> Path:
    """Where the vectors of a user's prompt set of this name are, or would be."""
    return storage.home() / "prompts" / f"{name}.safetensors"


def vector_sets() -> list[str]:
    """The names of the user's prompt sets of vectors, sorted."""
    return sorted(p.stem for p in vectors_path("any").parent.glob("*.safetensors") if not p.name.startswith("."))


def vector_set(name: str) -> VectorSet | None:
    """The user's prompt set of this name if it is one of vectors. Raises `DataError` for a damaged file."""
    if name not in vector_sets():
        return None
    path = vectors_path(name)
    try:
        stat = path.stat()
    except OSError as e:
        raise DataError(f"can't read {path}: {e.strerror}") from e
    return _read(path, stat.st_mtime_ns, stat.st_size)


def write_vector_set(name: str, vectors: VectorSet) -> Path:
    """Keep a set, whole or not at all; an earlier one is replaced."""
    path = vectors_path(name)
    manifest = {
        "classes": vectors.vocabulary,
        "ids": list(vectors.ids),
        "model": vectors.model,
        "source": vectors.source,
    }
    storage.write_arrays(path, vectors.values, manifest)
    return path


@functools.lru_cache(maxsize=8)
def _read(path: Path, changed: int, size: int) -> VectorSet:
    """A user's own set; read again when its file has changed."""
    again = "Import it again: zsar text import"
    values, manifest = storage.read_arrays(path, again)
    require_shape(manifest, _MANIFEST, f"{path}: what it is made of", whole=True, error=DataError)
    shapes = {array.shape for array in values.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or next(iter(shapes))[0] != len(manifest["ids"]):
        raise DataError(f"{path} is damaged (it should hold a vector for each of its classes)", again)
    return VectorSet(manifest["classes"], tuple(manifest["ids"]), manifest["model"], manifest["source"], values)
