"""A leaderboard's table as the page's data; accuracies are fractions, rounded to five digits."""

from collections.abc import Iterable

from zsar.page.groups import Group
from zsar.report import wording
from zsar.results.published import PublishedNumber, published_range
from zsar.results.table import Cell, Estimate, GeneralizedCell, Row, Table

MAIN = {"zsl": "top1", "gzsl": "harmonic"}


def rounded(value: float | None) -> float | None:
    """Five digits, which is a thousandth of a point."""
    return None if value is None else round(float(value), 5)


def estimate(value: Estimate) -> list:
    """Mean and half width of the interval, None where one seed leaves it unknown."""
    return [value.mean, value.half]  # not rounded: the page shows the digits that the other tables do


def board(group: Group, table: Table) -> dict:
    """One table: its rows, its splits, what is said of it, what was published."""
    return {
        "heading": wording.heading(table),
        "setting": table.setting,
        "notes": wording.notes(table),
        "failures": wording.failures(table),
        "chance": rounded(table.chance) if table.setting == "zsl" else None,
        "rows": [_row(key, table, row, group) for row, key in zip(table.rows, group.keys(table), strict=True)],
        "published": {
            reference.method: {split: _published(numbers) for split, numbers in reference.numbers.items()}
            for reference in table.references
        },
    }


def _row(key: str, table: Table, row: Row, group: Group) -> dict:
    runs = group.configurations[int(key.split(".")[0])]
    return {
        "key": key,
        "rank": row.rank,
        "method": row.method,
        "title": row.title,
        "name": wording.name(row),
        "mode": row.mode,
        "rule": row.rule,
        "strategy": row.strategy,
        "told": wording.inputs(table, row),
        "group": row.group,
        "seeds": len(row.seeds),
        "seconds": _mean(record.timings.get("main_s") for record in runs),
        "parameters": _mean(record.counts.get("parameters") for record in runs),
        "average": None if row.average is None else _cell(row.average),
        "cells": {split: _cell(cell) for split, cell in row.cells.items()},
    }


def _mean(values: Iterable) -> float | None:
    """Over the runs whose records hold it; None where none does."""
    numbers = [value for value in values if isinstance(value, int | float)]
    return rounded(sum(numbers) / len(numbers)) if numbers else None


def _cell(cell: Cell | GeneralizedCell) -> dict:
    if isinstance(cell, Cell):
        return {
            "main": estimate(cell.top1),
            "perClass": estimate(cell.per_class),
            "gap": rounded(cell.gap),
            "seeds": len(cell.seeds),
        }
    return {
        "main": estimate(cell.harmonic),
        "seen": estimate(cell.seen),
        "unseen": estimate(cell.unseen),
        "area": estimate(cell.ausuc),
        "seeds": len(cell.seeds),
    }


def _published(numbers: list[PublishedNumber]) -> dict:
    """The range of values of the metric that rows are ranked by, as text and as fractions, and every source."""
    main = [n for n in numbers if n.metric == MAIN[n.setting]]
    return {
        "text": published_range(main) if main else wording.NOTHING,
        "low": rounded(main[0].value / 100) if main else None,
        "high": rounded(main[-1].value / 100) if main else None,
        "sources": list(dict.fromkeys(_source(n) for n in numbers)),
    }


def _source(number: PublishedNumber) -> str:
    inputs = ", ".join(t for t in (number.encoder, number.text, number.source_kind) if t)
    doubt = "" if number.verified else ", not checked against the source"
    note = f"; {number.note}" if number.note else ""
    return f"{number.metric} {number.value:.1f}: {number.source} ({inputs}{doubt}){note}"
