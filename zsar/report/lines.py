"""A leaderboard as lines of text cells, one per row, for Markdown, LaTeX and HTML."""

from zsar.report import wording
from zsar.results.table import Row, Table

TEXT_COLUMNS = {"method", "rule", "strategy", "encoder", "text", "group", "cell", "verdict"}


def lines(table: Table) -> tuple[list[str], list[list[str]], list[str] | None]:
    """Column heads, rows, and the chance levels, which the generalized setting has none of.

    With a single split there is no average column, and encoder or text are columns only where rows
    differ in them; groups only where they were worked out.
    """
    general = table.setting == "gzsl"
    inputs = [what for what in ("encoder", "text") if wording.shared(table, what) is None]
    several = len(table.splits) > 1
    grouped = any(row.group for row in table.rows)
    before = ["#", "method", "rule", *["strategy"] * general, *inputs, "seeds", *(["group"] if grouped else [])]
    head = [
        *before,
        *(["average"] if several else []),
        *(split.name for split in table.splits),
        *(["AUSUC"] if general else ["per class", "gap"]),
    ]
    body = [_line(row, table, several, grouped) for row in table.rows]
    if general:
        return head, body, None
    levels = [table.chance] * several + [split.chance for split in table.splits] + [table.chance]
    blank = [""] * (len(before) - 2)
    return head, body, ["", "chance", *blank, *map(wording.percent, levels), ""]


def _line(row: Row, table: Table, several: bool, grouped: bool) -> list[str]:
    cells = [row.average] * several + [row.cells.get(split.name) for split in table.splits]
    if row.strategy:
        last = [_spelled(row.average.ausuc) if row.complete else wording.NOTHING]
    else:
        per_class = row.average.per_class.mean if row.complete else None
        last = [wording.NOTHING if per_class is None else wording.percent(per_class)]
        last.append(wording.gap(row.average))
    return [
        str(row.rank or wording.NOTHING),
        wording.name(row),
        row.rule,
        *([row.strategy] if row.strategy else []),
        *wording.inputs(table, row).values(),
        str(len(row.seeds)),
        *([row.group or wording.NOTHING] if grouped else []),
        *(_estimate(cell, row) for cell in cells),
        *last,
    ]


def _estimate(cell, row: Row) -> str:
    shown = wording.accuracy(cell, row)
    if cell is None:
        return shown
    sides = f" ({wording.sides(cell)})" if row.strategy else ""
    return f"{shown} {_spaced(wording.half_width(cell.main))}{sides}"


def _spelled(estimate) -> str:
    return f"{wording.percent(estimate.mean)} {_spaced(wording.half_width(estimate))}"


def _spaced(half: str) -> str:
    return half.replace("±", "± ") if half.startswith("±") else f"± {half}"
