"""The card of a dataset of the user's own: what its YAML file may say, and what is drawn where it says nothing.

All keys are optional: ``title``, ``classes``, ``joints``, ``layout``, ``unit``, ``descriptions`` (class name:
sentence), ``protocols`` (name: {by: subject or view, train: [...]}), ``splits`` (name: [unseen class names]),
``licence``, ``citation``, ``homepage``, ``note``.

Without ``protocols``, a seeded half of the subjects trains; without subjects, of the views; without both, a seeded
draw of 70 % of each class's clips. Without ``splits``, classes are divided at random, by seed.
"""

import re

import numpy as np

from zsar import configuration
from zsar.data.cards import TRAINING
from zsar.data.names import folded
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.skeletons.readers.source import Source
from zsar.storage import fingerprint

TEST = "test"
SHARE = 0.7
"""Of every class's clips train, where neither subjects nor views are stated."""
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


def read_card(source: Source, folder: str) -> dict:
    """The YAML card's content: ``card.yaml`` beside the arrays, or ``my.yaml`` beside ``my.npz``; {} where none is.

    Raises `ZsarError` that names file and key for one that isn't understood.
    """
    inside, beside = f"{folder}card.yaml", source.path.with_suffix(".yaml")
    if any(name == inside for name, _ in source.find(re.compile(r"card\.yaml"))):
        where = f"{source.path}: {inside}"
        try:
            text = source.read(inside)
        except DataError as e:
            raise DataError(f"{where} {e.message}", e.hint) from e
    elif source.path.is_file() and beside.is_file():
        where, text = str(beside), beside.read_bytes()
    else:
        return {}
    try:
        content = configuration.parse_yaml(text.decode("utf-8"), where)
    except UnicodeDecodeError as e:
        raise DataError(f"{where} is not UTF-8 text: {e}") from e
    configuration.require(content, KEYS, where)
    return content


def class_ids(classes: dict[str, str], names, where: str) -> list[str]:
    """Class ids of class names; case, spaces and punctuation don't matter. Raises `UnknownName`."""
    ids = {folded(name): class_id for class_id, name in classes.items()}
    for name in names:
        if folded(name) not in ids:
            raise UnknownName("class", str(name), classes.values(), where)
    return [ids[folded(name)] for name in names]


def draw_protocol(subjects: np.ndarray | None, views: np.ndarray | None) -> dict:
    """A seeded protocol: half of the subjects train, else of the views, rounded up; else `draw_views`."""
    for by, values in (("subject", subjects), ("view", views)):
        distinct = [] if values is None else sorted(set(values.tolist()))
        if len(distinct) > 1:
            order = np.random.default_rng(int(fingerprint(by, distinct), 16)).permutation(len(distinct))
            train = [distinct[i] for i in sorted(order[: -(-len(distinct) // 2)].tolist())]
            return {f"cross-{by}": {"by": by, "train": train}}
    return {"drawn-clips": {"by": "view", "train": [TRAINING]}}


def draw_views(labels: np.ndarray) -> np.ndarray:
    """ "training" or "test" for every clip [N]: a seeded draw of `SHARE` of each class's, at least one of both."""
    views = np.full(len(labels), TEST, dtype=f"<U{len(TRAINING)}")
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        order = np.random.default_rng(int(fingerprint("training clips", str(label), len(members)), 16))
        count = max(1, min(len(members) - 1, round(SHARE * len(members))))
        views[order.permutation(members)[:count]] = TRAINING
    return views


def card_content(name: str, card: dict, *, classes: dict[str, str], protocols: dict, layout: str, bodies: int) -> dict:
    """The content of the dataset's own ``card.yaml``, of what the user's card says and what the clips show.

    ``classes`` are names by id. Raises `ZsarError` for a split that isn't one.
    """
    splits = {}
    for split, unseen in card.get("splits", {}).items():
        where = f"the card's split {split!r}"
        if not isinstance(unseen, list) or not unseen:
            raise ZsarError(f"{where} should list the names of its unseen classes")
        splits[str(split)] = class_ids(classes, unseen, where)
        if len(set(splits[str(split)])) in (0, len(classes)):
            raise ZsarError(f"{where} leaves no seen class")
    content = {
        "id": name,
        "title": card.get("title", name),
        "classes": classes,
        "prompts": name,
        "layout": layout,
        "bodies": bodies,
        "reader": "",
        "protocols": protocols,
        "splits": "own" if splits else "random",
        "licence": card.get("licence", "Not stated by whoever gave the arrays."),
        "citation": card.get("citation", "Not stated by whoever gave the arrays."),
        "homepage": card.get("homepage", ""),
        "note": card.get("note", ""),
        "get": f"zsar data import {name} --source FILE_OR_FOLDER (arrays of your own, in the generic form)",
    }
    return content | ({"own_splits": splits} if splits else {})


def card_prompts(card: dict, classes: dict[str, str]) -> dict:
    """Class id -> {label, description where the card has one}. Raises `ZsarError` for a description of no class."""
    descriptions = card.get("descriptions", {})
    ids = class_ids(classes, descriptions, "the card's descriptions")
    texts = dict(zip(ids, descriptions.values(), strict=True))
    for class_id, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise ZsarError(f"the card's description of {classes[class_id]!r} should be a sentence, not {text!r}")
    return {c: {"label": n} | ({"description": texts[c]} if c in texts else {}) for c, n in classes.items()}
