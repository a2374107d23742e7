"""Class names as other lists spell them -> this project's class ids (``configs/classes``, ``configs/aliases``)."""

import difflib
import functools
import unicodedata
from dataclasses import dataclass

from zsar import configuration
from zsar.data.cards import classes
from zsar.errors import DataError, UnknownName, ZsarError


def folded(name: str) -> str:
    """A name without case, accents, punctuation, spaces and underscores: what two spellings are compared by."""
    return "".join(c for c in unicodedata.normalize("NFKD", str(name)).casefold() if c.isalnum())


@dataclass(frozen=True)
class Names:
    """One class list's names: ``canonical`` and ``aliases`` map folded names to class ids, ``classes`` ids to names."""

    vocabulary: str
    classes: dict[str, str]
    canonical: dict[str, str]
    aliases: dict[str, str]
    spellings: dict[str, str]

    def find(self, name: str) -> str | None:
        """The class id of a name (or of a class id itself); None when no class has it."""
        if name in self.classes:
            return name
        key = folded(name)
        return self.canonical.get(key) or self.aliases.get(key)

    def nearest(self, name: str) -> list[str]:
        """Up to three spellings that resemble a name, the nearest first."""
        keys = difflib.get_close_matches(folded(name), self.spellings, n=3, cutoff=0.6)
        return [self.spellings[k] for k in keys]

    def complaint(self, name: str) -> str:
        """That no class has this name, and which names are near."""
        near = self.nearest(name)
        return f"{name!r} is not a class" + (f"; did you mean {' or '.join(near)}?" if near else "")


@functools.cache
def names(vocabulary: str) -> Names:
    """The names and aliases of a class list. Raises `ZsarError` naming the file when an alias is ambiguous.

    ``configs/aliases/<vocabulary>.yaml`` maps class ids to aliases and each alias to the lists that it was seen in;
    one that says ``from`` takes those of another class list for the ids that they share.
    """
    table = names_of(vocabulary, classes(vocabulary))
    where = f"configs/aliases/{vocabulary}.yaml"
    for class_id, aliases in _aliases(vocabulary, where).items():
        for alias in aliases:
            key = folded(alias)
            owner = table.canonical.get(key) or table.aliases.get(key)
            if not key or owner:
                raise ZsarError(f"{where}: the alias {alias!r} of {class_id} is already a name of {owner or 'nothing'}")
            table.aliases[key] = class_id
            table.spellings[key] = alias
    return table


def names_of(vocabulary: str, by_id: dict[str, str]) -> Names:
    """The names of classes, without aliases: ``by_id`` maps class ids to names, in order."""
    canonical = {folded(name): class_id for class_id, name in by_id.items()}
    if len(canonical) < len(by_id):
        raise ZsarError(f"the class list {vocabulary} names two classes alike but for punctuation")
    return Names(vocabulary, by_id, canonical, {}, {folded(name): name for name in by_id.values()})


def _aliases(vocabulary: str, where: str) -> dict[str, dict]:
    if vocabulary not in configuration.names("aliases"):
        return {}
    content = configuration.read("aliases", vocabulary)
    by_id = classes(vocabulary)
    if "from" in content:
        configuration.require(content, {"from": (str, True)}, where)
        return {
            c: a for c, a in _aliases(content["from"], f"configs/aliases/{content['from']}.yaml").items() if c in by_id
        }
    configuration.require(content, {"sources": (dict, True), "aliases": (dict, True)}, where)
    for class_id, aliases in content["aliases"].items():
        if class_id not in by_id:
            raise UnknownName("class", class_id, by_id, where)
        if not isinstance(aliases, dict) or not aliases:
            raise ZsarError(f"{where}: {class_id} should map aliases to the lists that they were seen in")
        for alias, lists in aliases.items():
            if not isinstance(alias, str) or not isinstance(lists, list) or not lists:
                raise ZsarError(f"{where}: {class_id}: {alias!r} should name the lists that it was seen in")
            for source in lists:
                if source not in content["sources"]:
                    raise UnknownName("source", source, content["sources"], where)
    return content["aliases"]


def match(name: str, vocabulary: str | Names) -> str:
    """The class id that a name stands for; case, punctuation, spaces and underscores don't matter.

    The class list's own names come first, then aliases. Raises `UnknownName` with the nearest names.

    >>> match("Drink_Water", "pku51")
    'pku/08'
    """
    table = _table(vocabulary)
    class_id = table.find(name)
    if class_id is None:
        near = table.nearest(name)
        raise UnknownName("class name", name, near or table.classes.values(), f"class list {table.vocabulary}")
    return class_id


def match_all(spellings: list[str], vocabulary: str | Names) -> list[str]:
    """The class ids of names, in their order.

    Raises `DataError` that lists every name without a class and every two names of the same class.
    """
    table = _table(vocabulary)
    ids = [table.find(name) for name in spellings]
    wrong = [table.complaint(name) for name, class_id in zip(spellings, ids, strict=True) if class_id is None]
    by_class: dict[str, list[str]] = {}
    for name, class_id in zip(spellings, ids, strict=True):
        if class_id is not None:
            by_class.setdefault(class_id, []).append(name)
    wrong += [
        f"{' and '.join(map(repr, several))} are the same class {class_id} ({table.classes[class_id]})"
        for class_id, several in by_class.items()
        if len(several) > 1
    ]
    if wrong:
        raise DataError(
            f"{len(wrong)} of {len(spellings)} names don't fit the class list {table.vocabulary}:\n  "
            + "\n  ".join(wrong),
            f"The names are those of configs/classes/{table.vocabulary}.yaml; other wordings are in configs/aliases.",
        )
    return ids


def index_base(names_by_index: dict[int, str], vocabulary: str | Names) -> int:
    """Which number the first class has in a foreign list of class names: 0 or 1.

    Decided by the names: SA-DVAE's lists, for example, begin at 1 for NTU RGB+D and at 0 for PKU-MMD. Raises
    `DataError` when a name has no class or neither base puts every name at its class's place.
    """
    if not names_by_index:
        raise DataError("an empty list has no index base", "It should map whole numbers to class names.")
    table = _table(vocabulary)
    order = list(table.classes)
    ids = match_all(list(names_by_index.values()), table)
    place = {index: order.index(class_id) for index, class_id in zip(names_by_index, ids, strict=True)}
    misfits = {base: [i for i, at in place.items() if i - base != at] for base in (0, 1)}
    for base, wrong in misfits.items():
        if not wrong:
            return base
    base = min(misfits, key=lambda b: len(misfits[b]))
    index = misfits[base][0]
    raise DataError(
        f"the list is neither 0-based nor 1-based for the class list {table.vocabulary}: counted from 0, "
        f"{len(misfits[0])} of {len(place)} names are at another class's number, counted from 1, {len(misfits[1])}; "
        f"for example {names_by_index[index]!r} has number {index}, but would be {place[index] + base}",
        "Either the numbers are wrong or the list belongs to another dataset.",
    )


def _table(vocabulary: str | Names) -> Names:
    return names(vocabulary) if isinstance(vocabulary, str) else vocabulary
