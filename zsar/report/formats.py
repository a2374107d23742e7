"""Writing leaderboards to files, in the formats people paste from."""

from pathlib import Path

from zsar.errors import UnknownName, ZsarError
from zsar.report.frame import as_json, csv
from zsar.report.latex import latex
from zsar.report.markdown import markdown
from zsar.results.leaderboard import leaderboard
from zsar.storage import write_text

FORMATS = {
    "markdown": ("md", markdown),
    "csv": ("csv", csv),
    "latex": ("tex", latex),
    "json": ("json", as_json),
}
SHORT = {"md": "markdown", "tex": "latex"}
PAGE = "html"
"""Made from the records themselves, since it shows what lies behind the tables."""


def write_report(
    folder: Path | list[Path], formats, out: Path | None = None, rules=None, clips: int | None = None
) -> list[Path]:
    """Make the leaderboards of one or several folders of records and write ``leaderboard.<md|csv|tex|json|html>``.

    ``formats`` are names of `FORMATS` (``md`` and ``tex`` do too) and `PAGE`, ``out`` the folder to write to, a single
    folder's own by default; ``rules`` as in `leaderboard`, ``clips`` as in `zsar.page.payload.payload`. Each
    file is written whole or not at all. Returns the paths in the order of ``formats``. Raises `UnknownName` for a
    format before anything is written, `ZsarError` when it isn't said where several folders' report goes, and
    `RecordError` for records that can't be used.
    """
    from zsar.page.scores import read_folders

    folders = [Path(folder)] if isinstance(folder, (str, Path)) else [Path(f) for f in folder]
    names = [SHORT.get(name, name) for name in formats]
    for name in names:
        if name not in (*FORMATS, PAGE):
            raise UnknownName("format", name, [*FORMATS, PAGE, *SHORT])
    if out is None and len(folders) > 1:
        raise ZsarError("a report of several folders belongs to none of them", "Say where it goes: --out DIR")
    records, scores = read_folders(folders)
    tables = leaderboard(records, rules, scores) if set(names) - {PAGE} else []
    rendered = {}  # all of them before any is written: what can't be made leaves nothing behind
    for name in dict.fromkeys(names):
        if name == PAGE:
            from zsar.page.document import page

            rendered[PAGE] = page(records, scores, rules, clips)
        else:
            ending, render = FORMATS[name]
            rendered[ending] = render(tables)
    paths = []
    for ending, text in rendered.items():
        paths.append(Path(out or folders[0]) / f"leaderboard.{ending}")
        write_text(paths[-1], text)
    return paths
