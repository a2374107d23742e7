"""Leaderboards as GitHub-flavoured Markdown."""

import re

from zsar.report import wording
from zsar.report.lines import TEXT_COLUMNS, lines
from zsar.results.table import Table


def markdown(tables: list[Table]) -> str:
    """One section per table, the legend at the end."""
    sections = [_section(table) for table in tables]
    legend = "\n".join(f"- {escaped(line)}" for line in wording.legend(tables))
    return "\n\n".join(["# Leaderboard", *sections, "## How to read this", legend]) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line, also within a table."""
    return re.sub(r"([\\`*_\[\]<>|#~$])", r"\\\1", " ".join(text.split()))


def _section(table: Table) -> str:
    parts = [f"## {escaped(wording.heading(table))}"]
    head, body, chance = lines(table)
    if table.rows:
        parts.append(table_of(head, [*body, *([chance] if chance else [])]))
    parts.append("\n".join(escaped(note) + "  " for note in wording.notes(table)).rstrip())
    failed = wording.failures(table)
    if failed:
        parts.append("\n".join([escaped(failed[0]), "", *(f"- {escaped(line)}" for line in failed[1:])]))
    printed, sources = wording.references(table)
    if printed:
        columns = ["method", *(f"{wording.PUBLISHED} {split.name}" for split in table.splits)]
        parts += [
            escaped(wording.REFERENCES),
            table_of(columns, printed),
            "\n".join(f"- {escaped(source)}" for source in sources),
        ]
    return "\n\n".join(parts)


def table_of(head: list[str], body: list[list[str]]) -> str:
    """A table of plain texts, which are escaped; `TEXT_COLUMNS` are set to the left."""
    rule = ["---" if column in TEXT_COLUMNS else "---:" for column in head]
    return "\n".join(
        "| " + " | ".join(cells) + " |"
        for cells in [
            [escaped(c) for c in head],
            rule,
            *([escaped(c) for c in row] for row in body),
        ]
    )
