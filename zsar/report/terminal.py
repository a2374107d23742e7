"""Leaderboards on the screen: intervals below their means, and notes in short, so that they fit 80 columns."""

from zsar.printing import as_text, is_unicode, screen
from zsar.report import lines, wording
from zsar.results.table import Row, Table

METHOD_WIDTH = 30  # room that splits leave for a method's name and what tells it apart; longer ones may fold


def print_tables(tables: list[Table], console=None) -> None:
    """Print the tables to a rich ``Console``, the standard output by default.

    A table with more splits than the screen has room for goes on in further parts.
    """
    console = console or screen()
    for table in tables:
        _line(console, wording.about(table), "bold")
        _line(console, wording.measured(table), "dim")
        for part in _parts(table, console.width) if table.rows else ():
            console.print(_part(table, part, console))
        for note in wording.notes(table, short=True):
            _line(console, note, "dim")
        for i, failed in enumerate(wording.failures(table)):
            _line(console, failed, "red", indent=2 * (i > 0))
        _show_references(console, table)
        console.print()
    for line in wording.legend_in_short(tables):
        _line(console, line, "dim")


def _parts(table: Table, width: int) -> list[tuple[str, ...]]:
    """The columns of each part: the summary first, then as many splits as fit."""
    before, after = ["average"] * (len(table.splits) > 1), lines.summaries(table)
    least = 11 if table.setting == "gzsl" else 6  # "63.3* ±12.4" or "63.3*"
    width -= 4 + _method_width(table)
    wide = {split.name: max(least, len(split.name)) + 2 for split in table.splits}
    summary = sum(max(least, len(c)) + 2 for c in (*before, *after))
    parts, columns, room = [], [], width - summary
    for name, needed in wide.items():
        if columns and room < needed:
            parts.append(columns)
            columns, room = [], width
        columns.append(name)
        room -= needed
    parts.append(columns)
    return [(*before, *part, *after) if i == 0 else tuple(part) for i, part in enumerate(parts)]


def _part(table: Table, columns: tuple[str, ...], console):
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Grid

    shown = Grid(
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 1),
        collapse_padding=True,
        pad_edge=False,
        show_edge=False,
    )
    shown.add_column("#", justify="right", no_wrap=True)
    shown.add_column("method", min_width=_method_width(table), overflow="fold")
    for column in columns:
        shown.add_column(as_text(console, column), justify="right", no_wrap=True)
    intervals = any(len(row.seeds) > 1 for row in table.rows)
    for before, row in zip((None, *table.rows), table.rows, strict=False):
        if before is not None and (before.rule, before.honest) != (row.rule, row.honest):
            shown.add_section()
        cells = [_cell(row, column, intervals) for column in columns]
        shown.add_row(
            _stacked(console, str(row.rank or wording.NOTHING), row.group or ""),
            _stacked(console, *_method(table, row)),
            *(_stacked(console, *cell) for cell in cells),
        )
    if chances := lines.chances(table):
        shown.add_section()
        shown.add_row(
            "", *(as_text(console, text, "dim") for text in ("chance", *(chances.get(c, "") for c in columns)))
        )
    return shown


def _cell(row: Row, column: str, intervals: bool) -> tuple[str, str]:
    """A mean and, below it, its interval; in GZSL H with its interval, and S/U below."""
    mean, half, sides = lines.cell(row, column)
    half = half if intervals else ""
    return (f"{mean} {half}".strip(), sides) if sides else (mean, half)


def _method(table: Table, row: Row) -> tuple[str, str]:
    """A row's name and, below it, what isn't the same in all rows: rule, seeds; inputs where names are alike."""
    name = wording.strategic_name(row)
    alike = sum((wording.strategic_name(r), r.rule) == (name, row.rule) for r in table.rows) > 1
    details = [
        *[row.rule] * (len({r.rule for r in table.rows}) > 1),
        *[wording.seeds(row)] * (len({len(r.seeds) for r in table.rows}) > 1),
        *(wording.inputs(table, row).values() if alike else ()),
    ]
    return name, " · ".join(details)


def _method_width(table: Table) -> int:
    return min(max((len(part) for row in table.rows for part in _method(table, row)), default=0), METHOD_WIDTH)


def _show_references(console, table: Table) -> None:
    printed, sources = wording.references(table)
    if not printed:
        return
    _line(console, wording.REFERENCES_IN_SHORT)
    for method, *numbers in printed:
        cells = [
            f"{split.name} {number}"
            for split, number in zip(table.splits, numbers, strict=True)
            if number != wording.NOTHING
        ]
        _line(console, f"{method}, {wording.PUBLISHED}: {'; '.join(cells)}", indent=2)
    for source in sources:  # one line each: several methods have half a dozen long ones
        cut = as_text(console, f"  {source}", "dim")
        cut.truncate(console.width, overflow="ellipsis" if is_unicode(console.encoding) else "crop")
        console.print(cut)
    _line(console, "Sources in full: zsar report FOLDER --format md", "dim", indent=2)


def _line(console, text: str, style: str = "", indent: int = 0) -> None:
    from rich.padding import Padding

    console.print(Padding(as_text(console, text, style), (0, 0, 0, indent), expand=False))


def _stacked(console, above: str, below: str):
    from rich.text import Text

    return Text("\n").join([as_text(console, above), *([as_text(console, below, "dim")] if below else [])])
