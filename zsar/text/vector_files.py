"""A user's own prompt sets, of vectors that others computed: ``.npy`` files [C, D], one row a class in class order.

As authors release them, in a folder, one file for each kind of prompt and number of classes: ``lb_60.npy`` (class
names), ``ad_60.npy`` (descriptions of the action), ``md_60.npy`` (of the motion). The wording is not in them.
"""

import hashlib
import re
from pathlib import Path

import numpy as np

from zsar import storage
from zsar.data.arrays import rows
from zsar.data.cards import DatasetCard, card
from zsar.data.class_vectors import FILE, LARGEST, kind_of, read_class_vectors
from zsar.errors import DataError, ZsarError, listing
from zsar.text import prompts
from zsar.text.models import KNOWN
from zsar.text.prompt_files import class_lists, require_kind, require_name
from zsar.text.vector_sets import VectorSet, write_vector_set

SUFFIX = ".npy"


def import_vectors(
    name: str, dataset: str, source: Path, model: str, kind: str | None = None
) -> tuple[VectorSet, Path]:
    """Store vectors of a dataset's classes as the user's prompt set ``name``; the vectors, and where they are stored.

    ``model`` is the text model that gave them, by the user's word. Raises `UnknownName` for an unknown dataset and
    `DataError` that names the file of what can't be used.
    """
    require_name(name)
    vectors = read_vectors(Path(source), card(dataset), model, kind)
    path = write_vector_set(name, vectors)
    prompts.user_path(name).unlink(missing_ok=True)  # the texts of an earlier set of this name
    return vectors, path


def read_vectors(path: Path, description: DatasetCard, model: str, kind: str | None = None) -> VectorSet:
    """The vectors of a file, or of a folder of files named as authors name them, for a dataset's classes.

    ``kind`` says what a single file's vectors are of, where its name does not. Files for the larger class list that
    the dataset's own prompts are for (NTU RGB+D 120 for NTU RGB+D) are taken where there are none for its own.
    """
    require_kind(kind)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]*", model):
        raise ZsarError(f"{model!r} can't name a text model", "For example: --model clip-ViT-B-32")
    model = next((name for name in KNOWN if name.lower() == model.lower()), model)
    table, files = _files(path, description, kind)
    source = {its: f"{hashlib.sha256(_content(file)).hexdigest()} {file.name}" for its, file in files.items()}
    values = {its: read_class_vectors(file, "", len(table.classes)) for its, file in files.items()}
    widths = {file.name: values[its].shape[1] for its, file in files.items()}
    if len(set(widths.values())) > 1:
        raise DataError(
            f"{path} holds vectors of different widths: {', '.join(f'{n} {w}' for n, w in widths.items())}",
            "They can't be of one text model.",
        )
    return VectorSet(table.vocabulary, tuple(table.classes), model, source, values)


def shared_vectors(vectors: VectorSet) -> list[str]:
    """One remark for each kind whose vectors don't tell all classes apart."""
    remarks = []
    for kind, array in vectors.values.items():
        distinct = len(np.unique(array, axis=0))
        if distinct < len(array):
            remarks.append(f"{kind}: {len(array)} classes have {distinct} different vectors")
    return remarks


def _files(path: Path, description: DatasetCard, kind: str | None):
    """The class list that is served, and its files by kind of prompt."""
    lists = class_lists(description)
    if not path.is_dir():
        count, name = _rows(path), FILE.fullmatch(path.name)
        kind = kind or (kind_of(name["kind"]) if name else None)
        if kind is None:
            raise DataError(
                f"{path} is not named like lb_60.npy: what are its vectors of?",
                "Say so: --kind label (class names) or --kind description",
            )
        for table in lists:
            if len(table.classes) == count:
                return table, {kind: path}
        raise DataError(
            f"{path} has {count} rows, but {lists[0].vocabulary} has {len(lists[0].classes)} classes",
            f"One row a class, in the order of configs/classes/{lists[0].vocabulary}.yaml.",
        )
    if kind is not None:
        raise DataError(
            f"{path} is a folder, whose files' names say what they are of", "Name one of them, or no --kind."
        )
    named = [(match, file) for file in sorted(path.iterdir()) if (match := FILE.fullmatch(file.name))]
    for table in lists:
        files = {kind_of(m["kind"]): file for m, file in named if int(m["classes"]) == len(table.classes)}
        if files:
            return table, files
    raise DataError(
        f"{path} holds no vectors of {lists[0].vocabulary}'s {len(lists[0].classes)} classes; "
        f"its files: {listing(sorted(file.name for file in path.iterdir()), 8) or 'none'}",
        f"They are looked for by names like lb_{len(lists[0].classes)}.npy.",
    )


def _content(path: Path) -> bytes:
    try:
        return storage.read_bytes(path, LARGEST)
    except OSError as e:
        raise DataError(f"can't read {path}: {e.strerror}") from e


def _rows(path: Path) -> int:
    """How many vectors a file holds, or promises to."""
    _content(path)
    return rows(path, ndim=2, kinds="f").shape[0]
