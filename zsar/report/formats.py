"""Writing leaderboards to files, in the formats people paste from."""

from pathlib import Path

from zsar.errors import UnknownName
from zsar.report.frame import as_json, csv
from zsar.report.latex import latex
from zsar.report.leaderboard import leaderboard
from zsar.report.markdown import markdown
from zsar.storage import write_text

FORMATS = {
    "markdown": ("md", markdown),
    "csv": ("csv", csv),
    "latex": ("tex", latex),
    "json": ("json", as_json),
}
SHORT = {"md": "markdown", "tex": "latex"}


def write_report(folder: Path, formats, out: Path | None = None, rules=None) -> list[Path]:
    """Make the leaderboard of a folder of records and write ``leaderboard.<md|csv|tex|json>``.

    ``formats`` are names of `FORMATS` (``md`` and ``tex`` do too), ``out`` the folder to write to,
    the records' own by default; ``rules`` as in `leaderboard`. Each file is written whole or not at
    all. Returns the paths in the order of ``formats``. Raises `UnknownName` for a format before
    anything is written, and `RecordError` for records that can't be used.
    """
    from zsar.records import read_records, scores_beside

    names = [SHORT.get(name, name) for name in formats]
    for name in names:
        if name not in FORMATS:
            raise UnknownName("format", name, [*FORMATS, *SHORT])
    tables = leaderboard(read_records(folder), rules, scores_beside(folder))
    paths = []
    for name in dict.fromkeys(names):
        ending, render = FORMATS[name]
        paths.append(Path(out or folder) / f"leaderboard.{ending}")
        write_text(paths[-1], render(tables))
    return paths
