"""Dataset cards: what a dataset is, before any of its clips is there (``configs/datasets/*.yaml``)."""

import functools
from dataclasses import dataclass

from zsar import configuration
from zsar.errors import UnknownName, ZsarError

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


@dataclass(frozen=True)
class Protocol:
    """How clips are divided into training and test clips: by subject or view, and which of them train."""

    name: str
    by: str
    train: frozenset[str]

    def trains(self, dataset):
        """Boolean array [N]: which clips of a prepared dataset are training clips."""
        import numpy as np

        values = dataset.subjects if self.by == "subject" else dataset.views
        return np.isin(values, sorted(self.train))


@dataclass(frozen=True)
class DatasetCard:
    """One dataset: ``classes`` maps class ids to names in order; ``get`` says how to come by the recordings."""

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
    """Class ids and names of a class list in ``configs/classes``, in order."""
    found = configuration.read("classes", vocabulary)["classes"]
    if len({name.lower() for name in found.values()}) < len(found):
        raise ZsarError(f"configs/classes/{vocabulary}.yaml names two classes alike")
    return found


@functools.cache
def card(name: str) -> DatasetCard:
    """A dataset's card. Raises `UnknownName` with the nearest names."""
    if name not in configuration.names("datasets"):
        raise UnknownName("dataset", name, configuration.names("datasets"))
    where = f"configs/datasets/{name}.yaml"
    content = dict(configuration.read("datasets", name))
    configuration.require(content, _KEYS, where)
    if content["id"] != name:
        raise ZsarError(f"{where} holds the card of {content['id']!r}")
    if not content["protocols"]:
        raise ZsarError(f"{where} names no protocol")
    protocols = {}
    for protocol, rule in content["protocols"].items():
        configuration.require(rule, {"by": (str, True), "train": (list, True)}, f"{where}: protocol {protocol}")
        if rule["by"] not in ("subject", "view"):
            raise ZsarError(f"{where}: protocol {protocol} divides by {rule['by']!r}, not by subject or view")
        protocols[protocol] = Protocol(protocol, rule["by"], frozenset(map(str, rule["train"])))
    content["vocabulary"], content["family"] = content["classes"], content.pop("splits")
    content["classes"], content["protocols"] = classes(content["vocabulary"]), protocols
    for key in ("licence", "citation", "get", "note"):
        content[key] = " ".join(content.get(key, "").split())
    return DatasetCard(**content)


def cards() -> list[DatasetCard]:
    """All dataset cards, sorted by id."""
    return [card(name) for name in configuration.names("datasets")]
