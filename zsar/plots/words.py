"""What stands in pictures besides numbers: names of classes, rows, rules and strategies."""

import functools
from pathlib import Path

from zsar.data.cards import card
from zsar.errors import ZsarError
from zsar.report import wording
from zsar.results.table import Row, Table

RULES = {
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


def class_names(record: dict) -> dict[str, str]:
    """Class ids to names that the pictures' font can write; a class without such a name goes by its id."""
    known: dict[str, str] = {}
    for dataset in (record["dataset"].get("base"), record["dataset"]["id"]):
        try:
            known |= card(dataset).classes if dataset else {}
        except ZsarError:  # a dataset that was the user's own, of another machine
            pass
    split = record["split"]
    return {c: written(known.get(c, c), c) for c in (*split["seen"], *split["unseen"])}


def written(name: str, otherwise: str) -> str:
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


def dataset(record: dict) -> str:
    """The dataset's title, which says whether it is simulated, and its protocol."""
    told = record["dataset"]
    simulated = " (simulated)" if told["simulated"] and "simulated" not in told["title"] else ""
    return f"{told['title']}{simulated}, {told['protocol']}"


def split(record: dict) -> str:
    """The split as pictures name it."""
    return f"{record['split']['family']} split {record['split']['name']}"


def method(record: dict, mode: str) -> str:
    """The method's title, marked where it is transductive."""
    return record["method"]["title"] + (" (T)" if mode == "transductive" else "")


def row(table: Table, of: Row) -> str:
    """A row's name with what tells it apart from the table's other rows."""
    told = wording.inputs(table, of)
    return wording.name(of) + (f" [{', '.join(told.values())}]" if told and _rivals(table, of) else "")


def _rivals(table: Table, of: Row) -> bool:
    same = {(r.encoder, r.text) for r in table.rows if (r.method, r.mode, r.rule) == (of.method, of.mode, of.rule)}
    return len(same) > 1


def seeds(numbers) -> str:
    """ "seed 3", or "5 seeds"."""
    numbers = sorted(set(numbers))
    return f"seed {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} seeds"


def transductive(names) -> str:
    """What (T) means, where a name bears it."""
    return "(T): transductive." if any("(T)" in name for name in names) else ""


def runs(records: list[dict]) -> str:
    """The runs behind a picture, for its caption."""
    ids = sorted(r["run"] for r in records)
    return f"run {ids[0]}" if len(ids) == 1 else f"{len(ids)} runs"
