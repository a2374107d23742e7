"""The generic form's small YAML card, and what is made of it: a dataset's card, protocols, splits and prompts."""

import re

import numpy as np

from zsar import configuration
from zsar.data.cards import TRAINING
from zsar.data.names import folded
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.skeletons.readers.source import Source
from zsar.storage import fingerprint

_TEXT, _LIST, _DICT = (str, False), (list, False), (dict, False)
KEYS = {
    "title": _TEXT,
    "classes": _LIST,
    "joints": _LIST,
    "layout": _TEXT,
    "unit": _TEXT,
    "descriptions": _DICT,
    "protocols": _DICT,
    "splits": _DICT,
    "licence": _TEXT,
    "citation": _TEXT,
    "homepage": _TEXT,
    "note": _TEXT,
}
TEST = "test"
SHARE = 0.7
"""Of every class's clips train, where neither subjects nor views are told."""


def read_card(source: Source, folder: str) -> dict:
    """The YAML card's content: ``card.yaml`` beside the arrays, or ``my.yaml`` beside ``my.npz``; {} where none is.

    Raises `ZsarError` that names file and key for one that isn't understood.
    """
    inside, beside = f"{folder}card.yaml", source.path.with_suffix(".yaml")
    if any(name == inside for name, _ in source.find(re.compile(r"card\.yaml"))):
        where, text = f"{source.path}: {inside}", source.read(inside)
    elif source.path.is_file() and beside.is_file():
        where, text = str(beside), beside.read_bytes()
    else:
        return {}
    try:
        content = configuration.parse_yaml(text.decode("utf-8"), where)
    except UnicodeDecodeError as e:
        raise DataError(f"{where} is no UTF-8 text: {e}") from e
    configuration.require(content, KEYS, where)
    return content


def by_name(classes: dict[str, str], wanted, where: str) -> list[str]:
    """Class ids of class names; case, spaces and punctuation don't matter. Raises `UnknownName`."""
    known = {folded(name): class_id for class_id, name in classes.items()}
    for name in wanted:
        if folded(name) not in known:
            raise UnknownName("class", str(name), classes.values(), where)
    return [known[folded(name)] for name in wanted]


def half(values: np.ndarray, what: str) -> list[str]:
    """A seeded half (rounded up) of the distinct values, the same ones for the same values."""
    distinct = sorted(set(values.tolist()))
    drawn = np.random.default_rng(int(fingerprint(what, distinct), 16)).permutation(len(distinct))
    return [distinct[i] for i in sorted(drawn[: -(-len(distinct) // 2)].tolist())]


def drawn_views(labels: np.ndarray) -> np.ndarray:
    """ "training" or "test" for every clip [N]: a seeded draw of `SHARE` of each class's, at least one of both."""
    views = np.full(len(labels), TEST, dtype=f"<U{len(TRAINING)}")
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        order = np.random.default_rng(int(fingerprint("training clips", str(label), len(members)), 16))
        count = max(1, min(len(members) - 1, round(SHARE * len(members))))
        views[order.permutation(members)[:count]] = TRAINING
    return views


def protocols(given: dict | None, subjects: np.ndarray | None, views: np.ndarray | None) -> dict:
    """The protocols of a card, or a seeded one by subject, else by view, else by a draw of clips (`drawn_views`)."""
    if given:
        return given
    for by, values in (("subject", subjects), ("view", views)):
        if values is not None and len(set(values.tolist())) > 1:
            return {f"cross-{by}": {"by": by, "train": half(values, by)}}
    return {"drawn-clips": {"by": "view", "train": [TRAINING]}}


def make_card(name: str, card: dict, classes: dict[str, str], layout: str, bodies: int, rules: dict) -> dict:
    """The content of the dataset's ``card.yaml``. Raises `ZsarError` for a split or a protocol that isn't one."""
    splits = {}
    for split, unseen in card.get("splits", {}).items():
        where = f"the card's split {split!r}"
        if not isinstance(unseen, list) or not unseen:
            raise ZsarError(f"{where} should list the names of its unseen classes")
        splits[str(split)] = by_name(classes, unseen, where)
        if len(set(splits[str(split)])) in (0, len(classes)):
            raise ZsarError(f"{where} leaves no seen class")
    made = {
        "id": name,
        "title": card.get("title", name),
        "classes": classes,
        "prompts": name,
        "layout": layout,
        "bodies": bodies,
        "reader": "",
        "protocols": rules,
        "splits": "own" if splits else "random",
        "licence": card.get("licence", "Not stated by whoever gave the arrays."),
        "citation": card.get("citation", "Not stated by whoever gave the arrays."),
        "homepage": card.get("homepage", ""),
        "note": card.get("note", ""),
        "get": f"zsar data import {name} --source FILE_OR_FOLDER (arrays of your own, in the generic form)",
    }
    return made | ({"own_splits": splits} if splits else {})


def make_prompts(card: dict, classes: dict[str, str]) -> dict:
    """Class id -> {label, description where the card has one}. Raises `ZsarError` for a description of no class."""
    descriptions = card.get("descriptions", {})
    ids = by_name(classes, descriptions, "the card's descriptions")
    told = dict(zip(ids, descriptions.values(), strict=True))
    for class_id, text in told.items():
        if not isinstance(text, str) or not text.strip():
            raise ZsarError(f"the card's description of {classes[class_id]!r} should be a sentence, not {text!r}")
    return {c: {"label": n} | ({"description": told[c]} if c in told else {}) for c, n in classes.items()}
