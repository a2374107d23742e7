"""Labels in any words -> candidates: which of them the model was trained on, and the vectors of all."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from zsar.errors import ZsarError

MOST = 2000
"""Labels at a time."""
LONGEST = 20_000
"""Characters of a label; 500 words have some 3,000."""


class NewWordsError(ZsarError):
    """Labels in new words, and no text model that reads them; the hint is for whoever has the machine."""


@dataclass(frozen=True)
class ModelClass:
    """A class of the dataset that a model comes from: its ``name``, its ``texts`` by kind, was it trained on."""

    id: str
    name: str
    texts: dict[str, str]
    seen: bool


@dataclass(frozen=True)
class Candidates:
    """Labels as they were given, in their order, with their vectors [C, P, D] float32.

    ``classes`` [C] are the ids of the classes that they name (None: new words), ``trained`` [C] bool;
    ``notes`` are what a user should know about them.
    """

    labels: tuple[str, ...]
    vectors: np.ndarray
    classes: tuple[str | None, ...]
    trained: np.ndarray
    notes: tuple[str, ...] = ()


def plain(label: str) -> str:
    """A label without case, punctuation and superfluous spaces, in which two spellings agree; scripts are kept."""
    kept = (" " if unicodedata.category(c)[0] in "PZC" else c for c in unicodedata.normalize("NFKC", label).casefold())
    return " ".join("".join(kept).split())


def candidates_of(
    labels: Sequence[str],
    classes: Sequence[ModelClass],
    class_vectors: np.ndarray,
    encode: Callable[[list[str]], tuple[np.ndarray, list[str]]],
) -> Candidates:
    """Match labels with classes, by name or by any of their texts, and ``encode`` the others.

    ``class_vectors`` [K, P, D] belong to ``classes``; ``encode`` gives vectors [n, D] and notes for new texts, which
    stand for all P texts of a class. Raises `ZsarError` for no label, one label, an empty one, two that are the same
    after folding or name the same class, and two that the text model can't tell apart; `NewWordsError` where
    ``encode`` fails.
    """
    labels = check_labels(labels)
    number_of_text: dict[str, int] = {}
    for number, its in enumerate(classes):
        for text in (its.id, its.name, *its.texts.values()):
            number_of_text.setdefault(plain(text), number)
    places = [number_of_text.get(plain(label)) for label in labels]
    ids = tuple(None if place is None else classes[place].id for place in places)
    _require_once(ids, labels, "are both the class")
    new = [label for label, place in zip(labels, places, strict=True) if place is None]
    try:
        encoded, notes = encode([" ".join(label.split()) for label in new]) if new else (None, [])
    except ZsarError as e:
        raise NewWordsError(e.message, e.hint) from e
    if new:
        _require_once([v.tobytes() for v in encoded], new, "can't be told apart by the text model")
    vectors = np.empty((len(labels), *class_vectors.shape[1:]), np.float32)
    rows = iter(encoded if new else ())
    for i, place in enumerate(places):
        vectors[i] = class_vectors[place] if place is not None else next(rows)
    return Candidates(
        tuple(labels),
        vectors,
        ids,
        np.array([place is not None and classes[place].seen for place in places]),
        tuple(notes),
    )


def check_labels(labels: Sequence[str]) -> list[str]:
    """The labels without spaces around them. Raises `ZsarError` that says which can't be used."""
    if isinstance(labels, str):
        raise ZsarError(f"labels should be a list, not the single text {_short(labels)}")
    labels = list(labels)
    others = [label for label in labels if not isinstance(label, str)]
    if others:
        raise ZsarError(f"labels should be texts, not {others[0]!r}")
    labels = [label.strip() for label in labels]
    if len(labels) < 2:
        number = f"only {_short(labels[0])}" if labels else "none"
        raise ZsarError(
            f"at least two labels are needed to choose between, there is {number}",
            'For example: --labels "drink water" "wave both hands" "fall down"',
        )
    if len(labels) > MOST:
        raise ZsarError(f"{len(labels)} labels are too many (up to {MOST})")
    for number, label in enumerate(labels, 1):
        if not plain(label):
            raise ZsarError(f"label {number}, {_short(label)}, holds no word")
        if len(label) > LONGEST:
            raise ZsarError(f"label {number}, {_short(label)}, has {len(label)} characters (up to {LONGEST})")
    _require_once([plain(label) for label in labels], labels, "are the same label")
    return labels


def _require_once(keys: Sequence, labels: Sequence[str], what: str) -> None:
    first: dict = {}
    for key, label in zip(keys, labels, strict=True):
        if key is None:
            continue
        if key in first:
            class_id = f" {key}" if what.endswith("class") else ""
            raise ZsarError(f"{_short(first[key])} and {_short(label)} {what}{class_id}", "Leave one of them out.")
        first[key] = label


def _short(label: str) -> str:
    return repr(label if len(label) <= 60 else label[:57] + "...")
