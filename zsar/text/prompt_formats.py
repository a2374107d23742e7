"""The file formats of prompts -> entries: one class's texts, and the name or number beside them."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from zsar import configuration
from zsar.errors import DataError

NAME_COLUMNS = ("action labels", "class name", "class", "action", "name")
INDEX_COLUMNS = ("idx", "index")
_KIND_OF_COLUMN = {"global desc": "description"}  # PURLS's sentence about the whole body


@dataclass(frozen=True)
class Entry:
    """One class's texts by kind; ``name`` and ``number`` as the file gives them, ``where`` it gives them."""

    where: str
    texts: dict[str, str]
    name: str | None = None
    number: int | None = None


@dataclass(frozen=True)
class Listing:
    """A file's entries, at least one.

    ``names`` are "certain" where the file has a place for them, "quoted" where a text may quote one, and "or text"
    where each text may itself be one (SA-DVAE's csv hold names for one dataset and descriptions for another).
    """

    entries: tuple[Entry, ...]
    names: str
    unit: str = "row"

    @property
    def numbered(self) -> bool:
        """Whether the file numbers its classes."""
        return self.entries[0].number is not None


def read_lines(text: str, path: Path) -> Listing:
    """One text a line; what a line quotes early may be its class's name. Raises `DataError` for an empty line."""
    entries = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n"), 1):
        if not line.strip():
            raise DataError(f"{path}, line {number} is empty", "One text a line, and no line without one.")
        quoted = re.match(r"[^\"“”]{0,80}[\"“”]([^\"“”]+)[\"“”]", line)
        entries.append(Entry(f"line {number}", {"description": _plain(line)}, quoted and quoted[1]))
    return Listing(tuple(entries), "quoted", "line")


def read_csv(text: str, path: Path) -> Listing:
    """A header, then a row per class with its name, its number or both. Raises `DataError` that names the line."""
    header, rows = _rows(text, path)
    columns = [" ".join(h.lower().split()) for h in header]
    index = next((i for i, c in enumerate(columns) if c in INDEX_COLUMNS), None)
    name = next((i for i, c in enumerate(columns) if c in NAME_COLUMNS), None)
    kinds = {i: _kind(c) for i, c in enumerate(columns) if i not in (index, name)}
    if (index is None and name is None) or not all(columns) or len(set(columns)) < len(columns) or not kinds:
        raise DataError(
            f"{path}, line 1: the columns {', '.join(map(repr, header))} don't say what a row holds",
            f"Have a column of class names ({' or '.join(NAME_COLUMNS)}) or numbers ({' or '.join(INDEX_COLUMNS)}), "
            "and one column for each kind of text.",
        )
    entries = []
    for line, row in rows:
        texts = {kind: row[i] for i, kind in kinds.items()}
        number = None if index is None else _number(row[index], f"{path}, line {line}")
        if name is not None:
            texts = {"label": row[name], **texts}
        either = name is None and len(kinds) == 1
        its_name = row[name] if name is not None else next(iter(texts.values())) if either else None
        entries.append(Entry(f"line {line}", texts, its_name, number))
    return Listing(tuple(entries), "certain" if name is not None else "or text" if len(kinds) == 1 else "quoted")


def read_yaml(text: str, path: Path) -> Listing:
    """As ``configs/prompts``; the classes by id or by name, and a text alone is a description."""
    content = configuration.parse_yaml(text, str(path))
    prompts = content.get("prompts") if isinstance(content, dict) else None
    if not isinstance(prompts, dict) or not prompts:
        raise DataError(f"{path} has no prompts", "It should look like a file of configs/prompts.")
    entries = []
    for name, texts in prompts.items():
        texts = {"description": texts} if isinstance(texts, str) else texts
        good = isinstance(texts, dict) and texts and all(isinstance(x, str) for pair in texts.items() for x in pair)
        if not good or not all(t.strip() for t in texts.values()):
            raise DataError(f"{path}: {name} should have a text, or a text for each kind of prompt, not {texts!r}")
        entries.append(Entry(f"entry {name}", {k: _plain(t) for k, t in texts.items()}, str(name)))
    return Listing(tuple(entries), "certain", "entry")


def _rows(text: str, path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        for row in reader:
            rows.append((reader.line_num, [_plain(cell) for cell in row]))
    except csv.Error as e:
        raise DataError(f"{path}, line {reader.line_num}: {e}") from e
    (_, header), *rows = rows
    for line, row in rows:
        if not any(row):
            raise DataError(f"{path}, line {line} is empty")
        if len(row) != len(header):
            raise DataError(
                f"{path}, line {line} has {len(row)} columns, but the header {len(header)}",
                "A text with a comma belongs in double quotes.",
            )
        for column, cell in zip(header, row, strict=True):
            if not cell:
                raise DataError(f"{path}, line {line}: nothing in the column {column!r}")
    if not rows:
        raise DataError(f"{path} has a header and no rows")
    return header, rows


def _kind(column: str) -> str:
    return _KIND_OF_COLUMN.get(column, column.replace(" ", "_"))


def _number(cell: str, where: str) -> int:
    if not re.fullmatch(r"\d{1,6}", cell, re.ASCII):
        raise DataError(f"{where}: {cell!r} is not a class number")
    return int(cell)


def _plain(text: str) -> str:
    return " ".join(text.split())
