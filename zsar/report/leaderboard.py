"""Leaderboards in every format that people read or paste from, all from the same tables."""

from collections.abc import Iterable
from pathlib import Path

from zsar.errors import UnknownName
from zsar.printing import screen
from zsar.report.data import as_json, csv, frame
from zsar.report.html import html
from zsar.report.latex import latex
from zsar.report.markdown import markdown
from zsar.report.terminal import print_tables
from zsar.results.table import Table, under_first_rule
from zsar.storage import write_text

FORMATS = {
    "markdown": ("md", markdown),
    "csv": ("csv", csv),
    "latex": ("tex", latex),
    "json": ("json", as_json),
}
"""Formats to ending and function."""
SHORT = {"md": "markdown", "tex": "latex"}


class Leaderboard:
    """The tables of some results; printed in a terminal, an HTML table in a notebook.

    Without ``every_rule`` a terminal shows each table's rows under its first rule alone; files hold all.

    >>> from zsar.results import Results
    >>> board = Leaderboard(Results.read("benchmarks/records/pku-sim").tables(rules=["last"]))
    >>> board.to_markdown().splitlines()[6][:21]
    '| 1 | DVTA | last | 7'
    """

    def __init__(self, tables: Iterable[Table], *, every_rule: bool = True):
        self.tables = tuple(tables)
        self.every_rule = every_rule

    def to_markdown(self) -> str:
        """GitHub-flavoured Markdown, the legend at the end."""
        return markdown(self.tables)

    def to_latex(self) -> str:
        """A ``table`` environment per table; needs ``\\\\usepackage{booktabs}``."""
        return latex(self.tables)

    def to_csv(self) -> str:
        """`to_pandas` as CSV with four decimals."""
        return csv(self.tables)

    def to_json(self) -> str:
        """The tables as they are, accuracies as fractions in [0, 1]."""
        return as_json(self.tables)

    def to_pandas(self):
        """A pandas frame with a row per row and split, accuracies in percent: `zsar.report.data.frame`."""
        return frame(self.tables)

    def print(self, console=None) -> None:
        """Print the tables to a rich ``Console``, the standard output by default."""
        print_tables([t if self.every_rule else under_first_rule(t) for t in self.tables], console)

    def write(self, folder: Path, formats: Iterable[str] = tuple(FORMATS)) -> list[Path]:
        """Write ``leaderboard.<md|csv|tex|json>`` in the order of ``formats``, names of `FORMATS` or `SHORT`.

        All are made before any is written: what can't be made leaves nothing behind. Raises `UnknownName`.
        """
        return write_texts(folder, {ending: render(self.tables) for ending, render in map(format_of, formats)})

    def __repr__(self) -> str:
        console = screen(width=100)
        with console.capture() as text:
            self.print(console)
        return text.get()

    def _repr_html_(self) -> str:
        return html(self.tables)


def write_texts(folder: Path, texts: dict[str, str]) -> list[Path]:
    """Write ``leaderboard.<ending>`` for every ending and text, each whole or not at all, and return the paths."""
    paths = {ending: Path(folder) / f"leaderboard.{ending}" for ending in texts}
    for ending, path in paths.items():
        write_text(path, texts[ending])
    return list(paths.values())


def format_of(name: str) -> tuple:
    """The ending and the function of a format. Raises `UnknownName`."""
    try:
        return FORMATS[SHORT.get(name, name)]
    except KeyError:
        raise UnknownName("format", name, [*FORMATS, *SHORT]) from None
