"""Leaderboards as data: one row per table row and split, for CSV and JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict, fields

from zsar.results.published import published_range
from zsar.results.table import Cell, GeneralizedCell, Row, Table

AVERAGE = "average"
ZSL, GZSL = (tuple(f.name for f in fields(kind) if f.name not in ("gap", "seeds")) for kind in (Cell, GeneralizedCell))
"""The estimates of a cell in each setting."""
COLUMNS = [
    *("dataset", "title", "simulated", "dataset_version", "protocol", "setting", "family", "evaluator"),
    *("rule", "strategy", "rank", "group", "method", "method_title", "transductive"),
    *("configuration", "encoder", "text", "split", "seeds"),
    *(f"{name}{ending}" for name in ZSL for ending in ("", "_half_width")),
    "oracle_gap",
    *(f"{name}{ending}" for name in GZSL for ending in ("", "_half_width")),
    *("chance", "published_oracle", "published_source"),
]


def frame(tables: Iterable[Table]):
    """A pandas frame in long form; accuracies in percent, gap in points, unknown as missing.

    ``split`` is ``average`` for the mean over the splits, which only complete rows have. A setting's
    own columns are missing in the rows of the other; published numbers are top-1 or harmonic.
    """
    import pandas as pd

    lines = [
        _line(table, row, split, cell, chance)
        for table in tables
        for row in table.rows
        for split, cell, chance in _cells(table, row)
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def csv(tables: Iterable[Table]) -> str:
    """`frame` as CSV with four decimals."""
    return frame(tables).to_csv(index=False, lineterminator="\n")


def as_json(tables: Iterable[Table]) -> str:
    """The tables as they are, accuracies as fractions in [0, 1], published numbers in percent."""
    content = {"unit": "fraction", "published_unit": "percent", "tables": [asdict(table) for table in tables]}
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _cells(table: Table, row: Row):
    for split in table.splits:
        if split.name in row.cells:
            yield split.name, row.cells[split.name], split.chance
    if row.complete:
        yield AVERAGE, row.average, table.chance


def _line(table: Table, row: Row, split: str, cell: Cell | GeneralizedCell, chance: float) -> list:
    """The values of `COLUMNS`."""
    references = [r.numbers.get(split, ()) for r in table.references if r.method == row.method]
    numbers = [n for of_method in references for n in of_method if n.metric in ("top1", "harmonic")]
    about_table = [table.dataset, table.title, table.simulated, table.version, table.protocol, table.setting]
    return [
        *(*about_table, table.family, table.evaluator),
        *(row.rule, row.strategy or "", str(row.rank or ""), row.group or ""),
        *(row.method, row.title, row.transductive, row.configuration, row.encoder, row.text),
        *(split, len(cell.seeds)),
        *_estimates(cell, ZSL),
        None if row.strategy else _percent(cell.gap),
        *_estimates(cell, GZSL),
        None if row.strategy else _percent(chance),
        published_range(numbers) if numbers else "",
        " | ".join(dict.fromkeys(n.source for n in numbers)),
    ]


def _estimates(cell: Cell | GeneralizedCell, names: tuple[str, ...]) -> list[float | None]:
    """Mean and half width of each, None in a cell of the other setting."""
    estimates = [getattr(cell, name, None) for name in names]
    return [_percent(number) for e in estimates for number in ((e.mean, e.half) if e else (None, None))]


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else round(100 * fraction, 4)
