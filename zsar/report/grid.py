"""A leaderboard as rows of text, one line each, for Markdown and LaTeX."""

from zsar.report import wording
from zsar.report.table import Row, Table


def grid(table: Table) -> tuple[list[str], list[list[str]]]:
    """Column heads and rows, the last of which is the chance level.

    With a single split there is no average column, and encoder or text are columns only where rows
    differ in them.
    """
    telling = [what for what in ("encoder", "text") if wording.shared(table, what) is None]
    several = len(table.splits) > 1
    head = [
        "#",
        "method",
        "rule",
        *telling,
        "seeds",
        *(["average"] if several else []),
        *(split.name for split in table.splits),
        "per class",
        "gap",
    ]
    body = [_line(row, table, telling, several) for row in table.rows]
    levels = [table.chance] * several + [split.chance for split in table.splits]
    blank = [""] * (1 + len(telling) + 1)
    body.append(
        ["", "chance", *blank, *map(wording.percent, levels), wording.percent(table.chance), ""]
    )
    return head, body


def _line(row: Row, table: Table, telling: list[str], several: bool) -> list[str]:
    cells = [row.average] * several + [row.cells.get(split.name) for split in table.splits]
    per_class = wording.percent(row.average.per_class.mean) if row.complete else wording.NOTHING
    return [
        str(row.rank or wording.NOTHING),
        wording.name(row),
        row.rule,
        *(getattr(row, what) for what in telling),
        str(len(row.seeds)),
        *(_estimate(cell, row) for cell in cells),
        per_class,
        wording.gap(row.average),
    ]


def _estimate(cell, row: Row) -> str:
    shown = wording.accuracy(cell, row)
    return shown if cell is None else f"{shown} {_spaced(wording.half_width(cell.top1))}"


def _spaced(half: str) -> str:
    return half.replace("±", "± ") if half.startswith("±") else f"± {half}"
