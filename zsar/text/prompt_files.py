"""A user's own prompt sets, from files in the formats that papers' authors released.

``.txt``: one text a line, in class order (SMIE and PGFA's descriptions, whose lines quote the class's name).
``.csv``: ``idx,label`` (SA-DVAE: names or descriptions, numbered from 0 or 1), or a column of class names and one
column for each kind of text (PURLS). ``.yaml``: as ``configs/prompts``.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from zsar import configuration, storage
from zsar.data.cards import DatasetCard, card
from zsar.data.names import Names, index_base, names, names_of
from zsar.errors import DataError, ZsarError
from zsar.text import prompts
from zsar.text.prompt_formats import Entry, Listing, read_csv, read_lines, read_yaml
from zsar.text.vector_sets import vectors_path

LARGEST = 16 * 2**20
"""Bytes; the texts of the largest class list here are well under a hundredth of it."""
READERS = {".txt": read_lines, ".csv": read_csv, ".yaml": read_yaml, ".yml": read_yaml}


@dataclass(frozen=True)
class PromptFile:
    """What a file holds: ``prompts`` maps class ids, in class order, to kinds to texts; ``matched`` says how."""

    vocabulary: str
    prompts: dict[str, dict[str, str]]
    matched: str
    remarks: tuple[str, ...]


def import_prompts(name: str, dataset: str, source: Path, kind: str | None = None) -> tuple[PromptFile, Path]:
    """Store a file's texts as the user's prompt set ``name``; the texts, and where they are stored.

    Raises `UnknownName` for an unknown dataset and `DataError` that names file and line of what can't be used.
    """
    require_name(name)
    prompt_file = read_prompts(Path(source), card(dataset), kind)
    content = {
        "id": name,
        "classes": prompt_file.vocabulary,
        "source": {
            "file": Path(source).name,
            "sha256": hashlib.sha256(Path(source).read_bytes()).hexdigest(),
            "matched": prompt_file.matched,
        },
        "prompts": prompt_file.prompts,
    }
    path = prompts.user_path(name)
    storage.write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110))
    vectors_path(name).unlink(missing_ok=True)  # of an earlier set of this name
    return prompt_file, path


def require_name(name: str) -> None:
    """Raise `ZsarError` for what can't name a user's prompt set."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ZsarError(f"{name!r} can't name a prompt set", "Use letters, digits, dots, hyphens and underscores.")
    if name in configuration.names("prompts"):
        raise ZsarError(f"{name!r} is one of zsar's own prompt sets", "Choose another name.")


def require_kind(kind: str | None) -> None:
    """Raise `ZsarError` for what can't name a kind of prompt."""
    if kind is not None and not re.fullmatch(r"[a-z][a-z0-9_-]*", kind):
        raise ZsarError(f"{kind!r} can't name a kind of prompt", "For example: --kind description, or --kind label")


def read_prompts(path: Path, description: DatasetCard, kind: str | None = None) -> PromptFile:
    """A file's texts for a dataset's classes, by name where the file has names, otherwise in class order.

    ``kind`` says what the text of a file with one text a class is. A file for the larger class list that the
    dataset's own prompts are for (NTU RGB+D 120 for NTU RGB+D) is taken whole. Without labels, the class names are.
    """
    require_kind(kind)
    if path.suffix.lower() not in READERS:
        raise DataError(
            f"{path} is not a file that prompts are read from",
            f"They are read from {', '.join(READERS)}; vectors of them from .npy.",
        )
    listing = READERS[path.suffix.lower()](_text(path), path)
    lists = class_lists(description)
    table = next((its for its in lists if len(its.classes) == len(listing.entries)), lists[0])
    vocabulary, order = table.vocabulary, table.classes
    ids, named, matched = _match(listing, table, path)
    if len(ids) != len(order):
        missing = [f"{c} ({name})" for c, name in order.items() if c not in ids]
        raise DataError(
            f"{path} has texts for {len(ids)} classes, but {vocabulary} has {len(order)}. It lacks "
            + ", ".join(missing[:8])
            + (f" and {len(missing) - 8} more" if len(missing) > 8 else ""),
            "Every class needs a text.",
        )
    texts = dict(zip(ids, _kinds(listing, named, kind, path), strict=True))
    remarks = []
    if "label" not in next(iter(texts.values())):
        texts = {c: {"label": order[c], **of_class} for c, of_class in texts.items()}
        remarks.append(f"label: the class names of configs/classes/{vocabulary}.yaml, as the file has no labels")
    return PromptFile(vocabulary, {c: texts[c] for c in order}, matched, (*remarks, *_repeated(texts)))


def _text(path: Path) -> str:
    try:
        content = storage.read_bytes(path, LARGEST)
    except OSError as e:
        raise DataError(f"can't read {path}: {e.strerror}") from e
    line = lambda at: content.count(b"\n", 0, at) + 1
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        at = content.index(e.object[e.start :]) if content[:3] == b"\xef\xbb\xbf" else e.start
        raise DataError(f"{path}, line {line(at)}: byte 0x{content[at]:02x} is not UTF-8", "Save it as UTF-8.") from e
    if "\0" in text:
        raise DataError(f"{path}, line {line(content.index(0))}: a zero byte, so this is not a text file")
    if not text.strip():
        raise DataError(f"{path} is empty")
    return text


def class_lists(description: DatasetCard) -> list[Names]:
    """The class lists that a file for a dataset may be for: its own, then the one that its own prompts are for."""
    registered, own = configuration.names("classes"), description.vocabulary
    lists = [names(own) if own in registered else names_of(own, description.classes)]
    if description.prompts in configuration.names("prompts"):
        lists.append(names(prompts.outline(description.prompts).vocabulary))
    return lists


def _match(listing: Listing, table: Names, path: Path) -> tuple[list[str], bool, str]:
    """The class id of every entry, whether the names gave it, and a line on how."""
    entries = listing.entries
    ids = [None if e.name is None else table.find(e.name) for e in entries]
    hits = sum(class_id is not None for class_id in ids)
    # A quotation or a short text needn't be a class's name: they count as names where most of them are.
    named = listing.names == "certain" or hits * 2 > len(entries)
    if named:
        _refuse_doubles(entries, ids, table, path)
    if named and (hits == len(entries) or listing.names != "quoted"):
        wrong = [f"{e.where}: {table.complaint(e.name)}" for e, c in zip(entries, ids, strict=True) if c is None]
        if wrong:
            raise DataError(
                f"{path}: {len(wrong)} of {len(entries)} names are not classes of {table.vocabulary}:\n  "
                + "\n  ".join(wrong),
                f"The names are those of configs/classes/{table.vocabulary}.yaml; other wordings in configs/aliases.",
            )
        if not listing.numbered:
            return ids, True, "by the class names in the file"
        base = _base({e.number: e.name for e in entries}, table, path)
        return ids, True, f"by the class names in the file, which numbers them from {base}"
    order = list(table.classes)
    if len(entries) != len(order):
        raise DataError(
            f"{path} has {len(entries)} {listing.unit}{'s' * (len(entries) != 1)}, but {table.vocabulary} has "
            f"{len(order)} classes",
            f"One {listing.unit} a class, in the order of configs/classes/{table.vocabulary}.yaml.",
        )
    if listing.numbered:
        base = _gapless(entries, path)
        return [order[e.number - base] for e in entries], False, f"by the file's numbers, which run from {base}"
    if not named:
        return order, False, "in class order: the file doesn't name the classes"
    astray = [
        f"{e.where} names {table.classes[c]!r} where {table.classes[place]!r} belongs"
        for e, c, place in zip(entries, ids, order, strict=True)
        if c not in (None, place)
    ]
    if astray:
        silent = next(e.where for e, c in zip(entries, ids, strict=True) if c is None)
        raise DataError(
            f"{path} is not in class order, and {silent} doesn't name its class:\n  " + "\n  ".join(astray),
            f"The order is that of configs/classes/{table.vocabulary}.yaml.",
        )
    return order, False, f"in class order; {hits} of {len(order)} lines quote their class's name, each in its place"


def _refuse_doubles(entries: tuple[Entry, ...], ids: list, table: Names, path: Path) -> None:
    places: dict[str, list[str]] = {}
    for entry, class_id in zip(entries, ids, strict=True):
        if class_id is not None:
            places.setdefault(class_id, []).append(entry.where)
    wrong = [f"{' and '.join(w)} are for {c} ({table.classes[c]})" for c, w in places.items() if len(w) > 1]
    if wrong:
        raise DataError(f"{path} has more than one text for a class:\n  " + "\n  ".join(wrong))


def _base(names_by_number: dict[int, str], table: Names, path: Path) -> int:
    try:
        return index_base(names_by_number, table)
    except DataError as e:
        raise DataError(f"{path}: {e.message}", e.hint) from e


def _gapless(entries: tuple[Entry, ...], path: Path) -> int:
    """The number of the first class, for a file that numbers all of them."""
    numbers = sorted(e.number for e in entries)
    if numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return numbers[0]
    twice = [f"{e.where} (number {e.number})" for e in entries if numbers.count(e.number) > 1]
    if twice:
        raise DataError(f"{path} has more than one text for a class: {' and '.join(twice)}")
    raise DataError(
        f"{path}: the numbers run from {numbers[0]} to {numbers[-1]}, so it can't be told which class is the first",
        f"Number the {len(numbers)} classes from 0 or from 1, without a gap.",
    )


def _kinds(listing: Listing, named: bool, kind: str | None, path: Path) -> list[dict[str, str]]:
    """The entries' texts; a single one is of the kind that the user says, else a label if it was a name."""
    first = listing.entries[0].texts
    for entry in listing.entries:
        if set(entry.texts) != set(first):
            raise DataError(f"{path}, {entry.where}: should have the kinds {', '.join(first)} as the first one has")
    if len(first) > 1 and kind is not None:
        raise DataError(
            f"{path} holds several kinds of text: {', '.join(first)}", "--kind is for files with one text a class."
        )
    if kind is None and listing.names == "or text":
        kind = "label" if named else "description"
    return [e.texts if kind is None else dict.fromkeys([kind], *e.texts.values()) for e in listing.entries]


def _repeated(texts: dict[str, dict[str, str]]) -> list[str]:
    """One remark for each kind whose texts don't tell all classes apart."""
    remarks = []
    for kind in next(iter(texts.values())):
        classes_of_text: dict[str, list[str]] = {}
        for class_id, row in texts.items():
            classes_of_text.setdefault(row[kind].lower(), []).append(class_id)
        shared = [c for c in classes_of_text.values() if len(c) > 1]
        if shared:
            remarks.append(
                f"{kind}: {sum(map(len, shared))} of {len(texts)} classes share their text with another class, "
                f"such as {' and '.join(shared[0][:2])}"
            )
    return remarks
