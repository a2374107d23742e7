"""Class splits: which classes are seen and unseen (``configs/splits/<family>.yaml``), checked when loaded."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from zsar import configuration
from zsar.data.cards import DatasetCard, classes
from zsar.errors import UnknownName, ZsarError
from zsar.storage import fingerprint

_FAMILY = {
    "family": (str, True),
    "title": (str, True),
    "version": (int, True),
    "source": (str, True),
    "splits": (list, True),
}
_SPLIT = {
    "name": (str, True),
    "classes": (str, True),
    "unseen": (dict, True),
    "pseudo_unseen": (dict, False),
    "note": (str, False),
    "expected": (dict, False),
}


@dataclass(frozen=True)
class Split:
    """Seen and unseen class ids of one class list, both in the list's order.

    ``expected`` maps "dataset/protocol" to the number of clips per subset, where that is known.
    """

    family: str
    name: str
    vocabulary: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    defined_pseudo_unseen: tuple[str, ...] = ()
    expected: dict = field(default_factory=dict, compare=False)
    note: str = ""
    source: str = ""

    @classmethod
    def dividing(cls, card: DatasetCard, family: str, name: str, *, unseen: Iterable[str], source: str = "") -> Split:
        """The split of a dataset in which all classes but the ``unseen`` ones are seen."""
        unseen = set(unseen)
        seen, held_back = (tuple(c for c in card.classes if (c in unseen) == side) for side in (False, True))
        return cls(family, name, card.vocabulary, seen, held_back, source=source)

    @property
    def hash(self) -> str:
        """Changes when any class changes sides; stands in every record."""
        return fingerprint(self.vocabulary, self.seen, self.unseen)

    @property
    def key(self) -> str:
        """The split's name with its family's, "synse.55-5"."""
        return f"{self.family}.{self.name}"

    @property
    def sizes(self) -> str:
        """Numbers of seen and unseen classes as papers print them, "55/5"."""
        return f"{len(self.seen)}/{len(self.unseen)}"

    def id(self, card: DatasetCard) -> str:
        """The split's full name on a dataset, "ntu60.synse.55-5"."""
        return f"{card.id}.{self.key}"

    def pseudo_unseen(self, fold: int = 0) -> tuple[str, ...]:
        """Seen classes held back for tuning.

        Fold 0 is the family's own list where it defines one. Otherwise a seeded draw of as many classes as are
        unseen, but at least two and at most a third of the seen ones, so that something is left to learn from.
        """
        if fold == 0 and self.defined_pseudo_unseen:
            return self.defined_pseudo_unseen
        import numpy as np

        count = max(2, min(len(self.unseen), len(self.seen) // 3))
        generator = np.random.default_rng(int(fingerprint(self.hash, "pseudo-unseen", fold), 16))
        drawn = set(generator.permutation(len(self.seen))[:count].tolist())
        return tuple(c for i, c in enumerate(self.seen) if i in drawn)

    @property
    def has_companion(self) -> bool:
        """Whether some seen classes can play the unseen ones: two to tell apart, and two to learn from.

        >>> from zsar.data.cards import card
        >>> [random_split(card("nw-ucla"), unseen, 0).has_companion for unseen in (6, 7)]
        [True, False]
        """
        pseudo = len(self.pseudo_unseen())
        return pseudo > 1 and len(self.seen) - pseudo > 1


@functools.cache
def family(name: str) -> list[Split]:
    """All splits of a family. Raises `ZsarError` naming the file when a split contradicts its class list.

    >>> len([split for split in family("smie") if split.vocabulary == "pku51"])
    3
    """
    where = f"configs/splits/{name}.yaml"
    content = configuration.read("splits", name)
    configuration.require(content, _FAMILY, where)
    if content["family"] != name:  # ids and selectors are made from it
        raise ZsarError(f"{where} holds the family {content['family']!r}")
    splits = []
    for number, entry in enumerate(content["splits"], 1):
        here = f"{where}: {entry.get('name', number) if isinstance(entry, dict) else number}"
        configuration.require(entry, _SPLIT, here)
        splits.append(_split(content, entry, here))
    keys = [(s.vocabulary, s.name) for s in splits]
    if len(set(keys)) < len(keys):
        raise ZsarError(f"{where} holds two splits of one class list with the same name")
    return splits


def _split(content: dict, entry: dict, where: str) -> Split:
    if entry["classes"] not in configuration.names("classes"):
        raise UnknownName("class list", entry["classes"], configuration.names("classes"), where)
    names = classes(entry["classes"])
    for key in ("unseen", "pseudo_unseen"):
        for class_id, class_name in entry.get(key, {}).items():
            if class_id not in names:
                raise UnknownName("class", class_id, names, where)
            if names[class_id].lower() != str(class_name).lower():
                raise ZsarError(
                    f"{where}: {class_id} is {names[class_id]!r}, not {class_name!r}",
                    "The ids and names don't belong together; is the list 1-based instead of 0-based?",
                )
    unseen, pseudo = set(entry["unseen"]), set(entry.get("pseudo_unseen", ()))
    if not 0 < len(unseen) < len(names):
        raise ZsarError(f"{where}: {len(unseen)} unseen classes of {len(names)}")
    if unseen & pseudo:
        raise ZsarError(
            f"{where}: overlapping split: {', '.join(sorted(unseen & pseudo))} are both unseen and pseudo-unseen"
        )
    side = lambda ids: tuple(c for c in names if c in ids)
    return Split(
        content["family"],
        entry["name"],
        entry["classes"],
        side(set(names) - unseen),
        side(unseen),
        side(pseudo),
        entry.get("expected", {}),
        entry.get("note", ""),
        " ".join(content["source"].split()),
    )


def splits_of(card: DatasetCard) -> list[Split]:
    """Every split of a dataset, its own first, then the family that its card names; a bundle's are those it holds.

    >>> from zsar.data.cards import card
    >>> [split.key for split in splits_of(card("nw-ucla"))]
    ['purls.8-2', 'purls.5-5']
    """
    names = sorted(configuration.names("splits"), key=lambda n: (n != card.family, n))
    registered = [s for name in names for s in family(name) if s.vocabulary == card.vocabulary]
    splits = [_own(card, name, unseen) for name, unseen in card.own_splits.items()] + registered
    return [s for s in splits if s.key in card.features] if card.features else splits


def _own(card: DatasetCard, name: str, unseen: list[str]) -> Split:
    """A split that an imported dataset's card defines, of the family ``own``."""
    split = Split.dividing(card, "own", name, unseen=unseen, source=f"the card of {card.id}")
    if not (split.seen and split.unseen):
        raise ZsarError(f"{card.id}: split {name} has {len(split.unseen)} unseen classes of {len(card.classes)}")
    return split


def by_default(card: DatasetCard) -> list[Split]:
    """The splits that are run unless others are named: the card's family, or three random ones where it has none."""
    splits = splits_of(card)
    if card.family == "random":
        unseen = max(2, len(card.classes) // 5)
        count = min(3, math.comb(len(card.classes), unseen))
        distinct: dict[str, Split] = {}
        for seed in itertools.count():  # of few classes, two seeds may draw the same split
            if len(distinct) == count:
                return list(distinct.values())
            split = random_split(card, unseen, seed)
            distinct.setdefault(split.hash, split)
    if card.features:  # families share some splits: once is enough
        return list({s.hash: s for s in reversed(splits)}.values())[::-1]
    if not (of_family := [s for s in splits if s.family == card.family]):
        raise ZsarError(f"{card.id} has no split of the family {card.family!r}, which its card names")
    return of_family


def random_split(card: DatasetCard, unseen: int, seed: int) -> Split:
    """A member of the family ``random``: so many classes drawn as unseen, the same ones for the same seed.

    Raises `ZsarError` unless seen and unseen classes are left.

    >>> from zsar.data.cards import card
    >>> split = random_split(card("pku"), unseen=5, seed=0)
    >>> split.key, split.sizes, split == random_split(card("pku"), unseen=5, seed=0)
    ('random.5-0', '46/5', True)
    """
    import numpy as np

    ids = list(card.classes)
    if not 0 < unseen < len(ids):
        raise ZsarError(f"a random split of {card.id} can't have {unseen} unseen classes of {len(ids)}")
    order = np.random.default_rng([seed, unseen, len(ids)]).permutation(len(ids))
    drawn = (ids[i] for i in order[:unseen])
    source = f"zsar: {unseen} classes drawn with seed {seed}"
    return Split.dividing(card, "random", f"{unseen}-{seed}", unseen=drawn, source=source)


def choose(card: DatasetCard, selectors: list[str] | None = None) -> list[Split]:
    """The splits that selectors name, in the order given; None selects those of `by_default`.

    A selector is a family ("smie"), a split ("smie.split-7", "split-7") or a full id ("pku.smie.split-7");
    "random.5-0" draws 5 unseen classes with seed 0.
    Raises `UnknownName` with the nearest names.

    >>> from zsar.data.cards import card
    >>> [split.id(card("pku")) for split in choose(card("pku"), ["smie.split-7", "random.5-0"])]
    ['pku.smie.split-7', 'pku.random.5-0']
    """
    if not selectors:
        return by_default(card)
    splits = splits_of(card)
    selection: list[Split] = []
    for selector in selectors:
        name = selector.removeprefix(f"{card.id}.").replace("/", "-")
        random = re.fullmatch(r"random\.(\d+)-(\d+)", name)
        if random and not card.features:
            split = random_split(card, int(random[1]), int(random[2]))
            same = next((s for s in selection if s.hash == split.hash and s.family == split.family), split)
            if same.key != split.key:
                raise ZsarError(
                    f"{split.key} is the same split of {card.id} as {same.key}",
                    f"Of {len(card.classes)} classes there are {math.comb(len(card.classes), len(split.unseen))} such "
                    "splits; take another seed, so that none is counted twice.",
                )
            if same is split:
                selection.append(split)
            continue
        matches = [s for s in splits if name in (s.family, s.key)] or [s for s in splits if s.name == name]
        if not matches:
            names = {s.family for s in splits} | {s.key for s in splits}
            raise UnknownName("split", selector, names, f"dataset {card.id}")
        if len({s.family for s in matches}) > 1:
            raise ZsarError(
                f"split {selector!r} of {card.id} could be " + " or ".join(s.key for s in matches),
                "Give the family too.",
            )
        selection += [s for s in matches if s not in selection]
    return selection


def choose_one(card: DatasetCard, selector: str, what: str) -> Split:
    """The one split that a selector of `choose` names. Raises `ZsarError` for several; ``what`` is of one split."""
    splits = choose(card, [selector])
    if len(splits) != 1:
        raise ZsarError(
            f"{selector} names {len(splits)} splits of {card.id}, and {what} is of one",
            f"Name one of them: {', '.join(split.key for split in splits)}",
        )
    return splits[0]
