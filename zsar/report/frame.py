"""Leaderboards as data: one row per table row and split, for CSV and JSON."""

import json
from dataclasses import asdict

from zsar.report.published import published_range
from zsar.report.table import Cell, Row, Table

AVERAGE = "average"
COLUMNS = (
    "dataset",
    "title",
    "simulated",
    "dataset_version",
    "protocol",
    "setting",
    "family",
    "evaluator",
    "rule",
    "rank",
    "method",
    "method_title",
    "transductive",
    "configuration",
    "encoder",
    "text",
    "split",
    "seeds",
    "top1",
    "top1_half_width",
    "per_class",
    "per_class_half_width",
    "oracle_gap",
    "chance",
    "published_oracle",
    "published_source",
)


def frame(tables: list[Table]):
    """A pandas DataFrame in long form; accuracies in percent, gap in points, unknown as missing.

    ``split`` is ``average`` for the mean over the splits, which only complete rows have.
    """
    import pandas as pd

    lines = [
        _line(table, row, split, cell, chance)
        for table in tables
        for row in table.rows
        for split, cell, chance in _cells(table, row)
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def csv(tables: list[Table]) -> str:
    """`frame` as CSV with four decimals."""
    return frame(tables).to_csv(index=False, lineterminator="\n")


def as_json(tables: list[Table]) -> str:
    """The tables as they are, accuracies as fractions in [0, 1], published numbers in percent."""
    return (
        json.dumps(
            {
                "unit": "fraction",
                "published_unit": "percent",
                "tables": [asdict(table) for table in tables],
            },
            sort_keys=True,
            indent=1,
            ensure_ascii=False,
            allow_nan=False,
        )
        + "\n"
    )


def _cells(table: Table, row: Row):
    for split in table.splits:
        if split.name in row.cells:
            yield split.name, row.cells[split.name], split.chance
    if row.complete:
        yield AVERAGE, row.average, table.chance


def _line(table: Table, row: Row, split: str, cell: Cell, chance: float) -> dict:
    numbers = [
        n for r in table.references if r.method == row.method for n in r.numbers.get(split, ())
    ]
    return {
        "dataset": table.dataset,
        "title": table.title,
        "simulated": table.simulated,
        "dataset_version": table.version,
        "protocol": table.protocol,
        "setting": table.setting,
        "family": table.family,
        "evaluator": table.evaluator,
        "rule": row.rule,
        "rank": "" if row.rank is None else str(row.rank),
        "method": row.method,
        "method_title": row.title,
        "transductive": row.transductive,
        "configuration": row.configuration,
        "encoder": row.encoder,
        "text": row.text,
        "split": split,
        "seeds": len(cell.seeds),
        "top1": _percent(cell.top1.mean),
        "top1_half_width": _percent(cell.top1.half),
        "per_class": _percent(cell.per_class.mean),
        "per_class_half_width": _percent(cell.per_class.half),
        "oracle_gap": _percent(cell.gap),
        "chance": _percent(chance),
        "published_oracle": published_range(numbers) if numbers else "",
        "published_source": " | ".join(dict.fromkeys(n.source for n in numbers)),
    }


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else round(100 * fraction, 4)
