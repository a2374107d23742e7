"""What stands in pictures besides numbers: names of classes, rows, rules and strategies."""

import contextlib
import functools
from collections.abc import Iterable
from pathlib import Path

from zsar.data.cards import card
from zsar.errors import ZsarError
from zsar.printing import visible
from zsar.report import wording
from zsar.results import Record
from zsar.results.table import Row, Table

RULES = {  # short enough for a legend; the sentences stand in `zsar.protocol`
    "last": "last epoch",
    "val": "epoch chosen on pseudo-unseen classes (val)",
    "oracle": "oracle: epoch chosen on the test labels",
}
STRATEGIES = {
    "none": "no calibration",
    "stacking": "calibrated stacking",
    "gate": "two experts and a gate",
    "oracle": "oracle (uses test labels)",
}


def class_names(record: Record) -> dict[str, str]:
    """Class ids to names that the pictures' font can write; a class without such a name goes by its id."""
    names: dict[str, str] = {}
    for name in filter(None, (record.dataset.base, record.dataset.id)):
        with contextlib.suppress(ZsarError):  # a dataset that was the user's own, of another machine
            names |= card(name).classes
    return {c: writable(names.get(c, c), c) for c in (*record.split.seen, *record.split.unseen)}


def writable(name: str, otherwise: str) -> str:
    """A name without control signs, or ``otherwise`` where the pictures' font lacks one of its signs."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return plain if plain and all(_has_sign(c) for c in plain) else otherwise


@functools.cache
def _has_sign(character: str) -> bool:
    return character == " " or _font().get_char_index(ord(character)) > 0


@functools.cache
def _font():
    from matplotlib.ft2font import FT2Font

    return FT2Font(str(font_file()))


def font_file() -> Path:
    """The font of all pictures, which comes with matplotlib."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def dataset(record: Record) -> str:
    """The dataset's title, which says whether it is simulated, and its protocol."""
    title = record.dataset.title
    simulated = " (simulated)" if record.dataset.simulated and "simulated" not in title else ""
    return visible(f"{title}{simulated}, {record.dataset.protocol}")


def split(record: Record) -> str:
    """The split as pictures name it."""
    return visible(f"{record.split.family} split {record.split.name}")


def splits(table: Table) -> str:
    """Over which splits a table's numbers are averaged."""
    if len(table.splits) == 1:
        return visible(f"{table.family} split {table.splits[0].name}")
    return visible(f"mean of {table.family} splits {', '.join(s.name for s in table.splits)}")


def method(record: Record, mode: str) -> str:
    """The method's title, marked where it is transductive."""
    return visible(record.method.title) + (" (T)" if mode == "transductive" else "")


def row(table: Table, of: Row) -> str:
    """A row's name with what tells it apart from the table's other rows."""
    rivals = {(r.encoder, r.text) for r in table.rows if (r.method, r.mode, r.rule) == (of.method, of.mode, of.rule)}
    inputs = wording.inputs(table, of) if len(rivals) > 1 else {}
    return visible(wording.name(of) + (f" [{', '.join(inputs.values())}]" if inputs else ""))


def seeds(numbers: Iterable[int]) -> str:
    """ "seed 3", or "5 seeds"."""
    numbers = sorted(set(numbers))
    return f"seed {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} seeds"


def transductive(names: Iterable[str]) -> str:
    """What (T) means, where a name bears it."""
    return "(T): transductive." if any("(T)" in name for name in names) else ""


def runs(records: Iterable[Record]) -> str:
    """The runs behind a picture, for its caption."""
    ids = sorted(r.run for r in records)
    return f"run {ids[0]}" if len(ids) == 1 else f"{len(ids)} runs"
