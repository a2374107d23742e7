"""Dataset cards: what a dataset is, before any of its clips is there.

zsar's own lie in ``configs/datasets/*.yaml``; an imported dataset of the user's has its ``card.yaml`` in its store.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zsar import configuration, storage
from zsar.errors import DataError, UnknownName, ZsarError

if TYPE_CHECKING:
    import numpy as np

    from zsar.data.contract import Dataset

_KEYS = {
    "id": (str, True),
    "title": (str, True),
    "simulated": (bool, False),
    "classes": (str, True),
    "prompts": (str, True),
    "layout": (str, True),
    "bodies": (int, True),
    "reader": (str, True),
    "protocols": (dict, True),
    "splits": (str, True),
    "expected": (dict, False),
    "licence": (str, True),
    "citation": (str, True),
    "homepage": (str, False),
    "get": (str, True),
    "note": (str, False),
}
_OWN_KEYS = _KEYS | {
    "classes": (dict, True),
    "base": (str, False),
    "own_splits": (dict, False),
    "features": (dict, False),
}
_OWN_SHAPES = {"classes": {"*": str}, "own_splits": {"*": [str]}, "features": {"*": str}}
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What an own dataset may be called: its name is a folder's."""
DIVIDED_BY = ("subject", "view", "setup")
TRAINING = "training"
"""What released arrays that know no subjects and views say of their training clips, in place of one."""


@dataclass(frozen=True)
class Protocol:
    """How clips are divided into training and test clips: by subject, view or setup, and which of them train.

    The setup is the number that NTU's sample names begin with, "1" of ``S001C002P003R002A013``.
    """

    name: str
    by: str
    train: frozenset[str]

    def trains(self, dataset: Dataset) -> np.ndarray:
        """Boolean array [N]: which clips are training clips, by a dataset's ``subjects``, ``views`` and ``samples``."""
        import numpy as np

        if self.by == "setup":
            matches = [re.match(r"S0*(\d+)C", sample) for sample in dataset.samples]
            values = np.array([m[1] if m else view for m, view in zip(matches, dataset.views, strict=True)])
        else:
            values = dataset.subjects if self.by == "subject" else dataset.views
        return np.isin(values, [*sorted(self.train), TRAINING])


@dataclass(frozen=True)
class DatasetCard:
    """One dataset: ``classes`` maps class ids to names in order; ``get`` says how to come by the recordings.

    What only imported datasets have: ``base`` is the dataset whose classes, splits, recipes and published numbers are
    this one's too; ``own_splits`` maps names to unseen class ids; ``features`` maps the splits that a bundle of
    released features holds ("purls.22-5") to the encoder that made them.
    """

    id: str
    title: str
    vocabulary: str
    classes: dict[str, str]
    prompts: str
    layout: str
    bodies: int
    reader: str
    protocols: dict[str, Protocol]
    family: str
    licence: str
    citation: str
    get: str
    homepage: str = ""
    note: str = ""
    simulated: bool = False
    expected: dict | None = None
    base: str = ""
    own_splits: dict[str, list[str]] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)

    @property
    def stands_for(self) -> str:
        """The dataset that recipes and published numbers are looked up for: its base, else itself."""
        return self.base or self.id

    @property
    def default_protocol(self) -> Protocol:
        """The protocol of the papers, listed first on the card."""
        return next(iter(self.protocols.values()))

    def protocol(self, name: str | None) -> Protocol:
        """A protocol by name, the default one for None. Raises `UnknownName`."""
        if name is None:
            return self.default_protocol
        if name not in self.protocols:
            raise UnknownName("protocol", name, self.protocols, f"dataset {self.id}")
        return self.protocols[name]


def classes(vocabulary: str) -> dict[str, str]:
    """Class ids and names of a class list in ``configs/classes``, in order.

    >>> classes("pku51")["pku/08"]
    'Drink water'
    """
    by_id = configuration.read("classes", vocabulary)["classes"]
    if len({name.lower() for name in by_id.values()}) < len(by_id):
        raise ZsarError(f"configs/classes/{vocabulary}.yaml names two classes alike")
    return by_id


def store_path(name: str) -> Path:
    """Where a dataset's prepared store is, or would be."""
    return storage.home() / "data" / name


def card(name: str) -> DatasetCard:
    """A dataset's card. Raises `UnknownName` with the nearest names, `ZsarError` for a card that contradicts itself."""
    if name in configuration.names("datasets"):
        return _registered(name)
    path = store_path(name) / "card.yaml"
    if not (NAME.fullmatch(name) and path.is_file()):
        raise UnknownName("dataset", name, names())
    return _own(name, path, path.stat().st_mtime_ns)


def names() -> list[str]:
    """The names of all datasets, zsar's own and imported ones, sorted."""
    own = (p.parent.name for p in store_path("").glob("*/card.yaml") if NAME.fullmatch(p.parent.name))
    return sorted({*configuration.names("datasets"), *own})


def cards() -> list[DatasetCard]:
    """All dataset cards, sorted by id."""
    return [card(name) for name in names()]


@functools.cache
def _registered(name: str) -> DatasetCard:
    where = f"configs/datasets/{name}.yaml"
    content = dict(configuration.read("datasets", name))
    configuration.require(content, _KEYS, where)
    vocabulary = content["classes"]
    return _from_content(name, content | {"classes": classes(vocabulary), "vocabulary": vocabulary}, where)


@functools.lru_cache(maxsize=16)
def _own(name: str, path: Path, written: int) -> DatasetCard:
    """An imported dataset's card; ``written`` lets a card that was written anew be read anew."""
    try:
        content = configuration.parse_yaml(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as e:
        raise DataError(f"{path} can't be read: {e}", f"Import it again: zsar data import {name} --source ...") from e
    return own_card(name, content, str(path))


def own_card(name: str, content: dict, where: str) -> DatasetCard:
    """The card of an imported dataset, from the content of its ``card.yaml``. Raises `ZsarError` as `card` does."""
    configuration.require(content, _OWN_KEYS, where)
    for key, shape in _OWN_SHAPES.items():
        if key in content:
            configuration.require_shape(content[key], shape, f"{where}: {key}")
    ids = set(content["classes"])
    for split, unseen in content.get("own_splits", {}).items():
        for class_id in unseen:
            if class_id not in ids:
                raise UnknownName("class", class_id, ids, f"{where}: split {split}")
    vocabulary = _registered(content["base"]).vocabulary if content.get("base") else name
    return _from_content(name, content | {"vocabulary": vocabulary}, where)


def _from_content(name: str, content: dict, where: str) -> DatasetCard:
    if content["id"] != name:
        raise ZsarError(f"{where} holds the card of {content['id']!r}")
    if not content["protocols"]:
        raise ZsarError(f"{where} names no protocol")
    protocols = {}
    for protocol, rule in content["protocols"].items():
        configuration.require(rule, {"by": (str, True), "train": (list, True)}, f"{where}: protocol {protocol}")
        if rule["by"] not in DIVIDED_BY:
            raise ZsarError(f"{where}: protocol {protocol} divides by {rule['by']!r}, not by {' or '.join(DIVIDED_BY)}")
        protocols[protocol] = Protocol(protocol, rule["by"], frozenset(map(str, rule["train"])))
    content = content | {"protocols": protocols, "family": content["splits"]}
    del content["splits"]
    for key in ("licence", "citation", "get", "note"):
        content[key] = " ".join(content.get(key, "").split())
    return DatasetCard(**content)
