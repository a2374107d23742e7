"""Leaderboards as data: one row per table row and split, for CSV and JSON."""

import json
from dataclasses import asdict

from zsar.results.published import published_range
from zsar.results.table import Row, Table

AVERAGE = "average"
GENERALIZED = (
    "harmonic",
    "seen",
    "unseen",
    "harmonic_per_class",
    "seen_per_class",
    "unseen_per_class",
    "ausuc",
    "ausuc_per_class",
)
"""Fields of `GeneralizedCell`."""
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
    "strategy",
    "rank",
    "group",
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
    *(f"{name}{ending}" for name in GENERALIZED for ending in ("", "_half_width")),
    "chance",
    "published_oracle",
    "published_source",
)


def frame(tables: list[Table]):
    """A pandas DataFrame in long form; accuracies in percent, gap in points, unknown as missing.

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


def _line(table: Table, row: Row, split: str, cell, chance: float) -> dict:
    numbers = [
        n
        for r in table.references
        if r.method == row.method
        for n in r.numbers.get(split, ())
        if n.metric in ("top1", "harmonic")
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
        "strategy": row.strategy or "",
        "rank": "" if row.rank is None else str(row.rank),
        "group": row.group or "",
        "method": row.method,
        "method_title": row.title,
        "transductive": row.transductive,
        "configuration": row.configuration,
        "encoder": row.encoder,
        "text": row.text,
        "split": split,
        "seeds": len(cell.seeds),
        **_estimates(cell, GENERALIZED if row.strategy else ("top1", "per_class")),
        "oracle_gap": None if row.strategy else _percent(cell.gap),
        "chance": None if row.strategy else _percent(chance),
        "published_oracle": published_range(numbers) if numbers else "",
        "published_source": " | ".join(dict.fromkeys(n.source for n in numbers)),
    }


def _estimates(cell, names) -> dict[str, float | None]:
    estimates = {name: getattr(cell, name) for name in names}
    return {name: _percent(e.mean) for name, e in estimates.items()} | {
        f"{name}_half_width": _percent(e.half) for name, e in estimates.items()
    }


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else round(100 * fraction, 4)
