"""Leaderboards as plain HTML tables, for notebooks; the page of ``zsar report --format html`` is `zsar.page`."""

from html import escape

from zsar.report import wording
from zsar.report.lines import TEXT_COLUMNS, lines
from zsar.results.table import Table


def html(tables: list[Table]) -> str:
    """One heading and table per leaderboard, notes below it, the legend folded up at the end."""
    legend = "".join(f"<li>{escape(line)}</li>" for line in wording.legend(tables))
    return "".join(map(_section, tables)) + f"<details><summary>How to read this</summary><ul>{legend}</ul></details>"


def _section(table: Table) -> str:
    head, body, chance = lines(table)
    sides = ["left" if column in TEXT_COLUMNS else "right" for column in head]
    rows = "".join(_row("td", cells, sides) for cells in [*body, *([chance] if chance else [])])
    notes = "".join(f"<br>{escape(line)}" for line in (*wording.notes(table), *wording.failures(table)))
    return (
        f"<p><b>{escape(wording.heading(table))}</b></p>"
        f"<table><thead>{_row('th', head, sides)}</thead><tbody>{rows}</tbody></table><p><small>{notes[4:]}</small></p>"
    )


def _row(tag: str, cells: list[str], sides: list[str]) -> str:
    inside = (
        f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>' for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{''.join(inside)}</tr>"
