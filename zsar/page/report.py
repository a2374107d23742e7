"""A report of some results folders: leaderboards in every format, and the page among them."""

from collections.abc import Iterable
from pathlib import Path

from zsar.errors import UnknownName, ZsarError
from zsar.report.leaderboard import FORMATS, SHORT, format_of, write_texts
from zsar.results import Results

PAGE = "html"
"""Made from the records themselves, since it shows what lies behind the tables."""


def write_report(
    folders: Path | Iterable[Path],
    formats: Iterable[str],
    out: Path | None = None,
    *,
    rules: Iterable[str] | None = None,
    clips: int | None = None,
) -> list[Path]:
    """Make the leaderboards of one or several folders of records and write ``leaderboard.<md|csv|tex|json|html>``.

    ``formats`` are names of `FORMATS` (``md`` and ``tex`` do too) and `PAGE`, ``out`` the folder to write to, a single
    folder's own by default; ``rules`` as in `Results.tables`, ``clips`` as in `zsar.page.payload.payload`. Each
    file is written whole or not at all. Returns the paths in the order of ``formats``. Raises `UnknownName` for a
    format before anything is written, `ZsarError` when it isn't said where several folders' report goes, and
    `RecordError` for records that can't be used.
    """
    folders = [Path(folders)] if isinstance(folders, (str, Path)) else [Path(f) for f in folders]
    formats = list(formats)
    for name in formats:
        if name not in (*FORMATS, *SHORT, PAGE):
            raise UnknownName("format", name, [*FORMATS, PAGE, *SHORT])
    if out is None and len(folders) > 1:
        raise ZsarError("a report of several folders belongs to none of them", "Say where it goes: --out DIR")
    results = Results.read(*folders)
    tables = results.tables(rules) if set(formats) - {PAGE} else []
    texts = {}  # all of them before any is written: what can't be made leaves nothing behind
    for name in formats:
        if name == PAGE:
            from zsar.page.document import page

            texts[PAGE] = page(results, rules, clips)
        else:
            ending, render = format_of(name)
            texts[ending] = render(tables)
    return write_texts(out or folders[0], texts)
