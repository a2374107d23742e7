"""``python docs/building/excerpts.py RECORDS FILE ...``: short tables from records, put between markers in documents.

A document asks for one with ``<!-- NAME:start -->`` and ``<!-- NAME:end -->``; what stands between them is replaced.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from zsar.errors import ZsarError
from zsar.results import Results
from zsar.results.table import Estimate, Row, Table
from zsar.storage import write_text


def ranking(tables: list[Table]) -> str:
    """Each dataset's zero-shot ranking under the rule `last`: accuracy per split and on average."""
    sections = []
    for table in _zero_shot(tables):
        names = [split.name for split in table.splits]
        head = ["", "method", "average", *names, "oracle gap"]
        rows = [
            [
                str(row.rank),
                _name(row),
                _percent(row.average.top1),
                *(_percent(row.cells[name].top1) for name in names),
                _points(row.average.gap),
            ]
            for row in table.rows
            if row.rule == "last" and row.rank is not None
        ]
        rows.append(
            ["", "chance", *(f"{100 * c:.1f}" for c in (table_chance(table), *(s.chance for s in table.splits))), ""]
        )
        seeds = sorted({len(row.seeds) for row in table.rows if row.rule == "last"})
        sections.append(
            f"**{table.title}**, {table.protocol}, {table.family} splits, top-1 accuracy (%) on unseen classes, "
            f"last epoch, mean ± 95% interval over {' or '.join(map(str, seeds))} seeds; "
            "(T) marks transductive results:\n\n" + _markdown(head, rows)
        )
    return "\n\n".join(sections)


def oracle_gaps(tables: list[Table]) -> str:
    """What choosing the epoch on the test classes would add, per method and real dataset, in points."""
    rows = []
    for table in (t for t in _zero_shot(tables) if not t.simulated):
        by_method: dict[tuple, dict[str, Row]] = {}
        for row in table.rows:
            by_method.setdefault((row.method, row.mode, row.configuration), {})[row.rule] = row
        for by_rule in by_method.values():
            if "last" in by_rule and by_rule["last"].average is not None:
                last, val = by_rule["last"], by_rule.get("val")
                rows.append(
                    [
                        table.title,
                        _name(last),
                        _percent(last.average.top1),
                        _points(last.average.gap),
                        _percent(val.average.top1) if val and val.average else "",
                        _points(val.average.gap) if val and val.average else "",
                    ]
                )
    return _markdown(["dataset", "method", "last", "oracle gap", "val", "oracle gap"], rows)


EXCERPTS: dict[str, Callable[[list[Table]], str]] = {"leaderboard": ranking, "oracle-gap": oracle_gaps}


def table_chance(table: Table) -> float:
    """Mean over the splits of one over the number of candidates."""
    return sum(split.chance for split in table.splits) / len(table.splits)


def _zero_shot(tables: list[Table]) -> list[Table]:
    return [table for table in tables if table.setting == "zsl"]


def _name(row: Row) -> str:
    return row.title + (" (T)" if row.transductive else "") + (f" ({row.configuration})" if row.configuration else "")


def _percent(estimate: Estimate) -> str:
    spread = "n/a" if estimate.half is None else f"{100 * estimate.half:.1f}"
    return f"{100 * estimate.mean:.1f} ± {spread}"


def _points(gap: float | None) -> str:
    return "" if gap is None else f"{100 * gap:+.1f}"


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---" if name in ("dataset", "method") else "---:" for name in head], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def fill(text: str, tables: list[Table], where: str) -> str:
    """A document's text with every excerpt that it asks for made anew. Raises `ZsarError` when it asks for none."""
    names = [name for name in EXCERPTS if f"<!-- {name}:start -->" in text]
    if not names:
        raise ZsarError(
            f"{where} asks for no excerpt",
            f"Put <!-- NAME:start --> and <!-- NAME:end --> into it; names: {', '.join(EXCERPTS)}.",
        )
    for name in names:
        pattern = re.compile(rf"(<!-- {name}:start -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        if not pattern.search(text):
            raise ZsarError(f"{where}: <!-- {name}:start --> has no <!-- {name}:end -->")
        excerpt = EXCERPTS[name](tables)
        text = pattern.sub(lambda match, excerpt=excerpt: f"{match[1]}{excerpt}\n{match[2]}", text)
    return text


def main(arguments: list[str] | None = None) -> int:
    """Fill the documents from all records below a folder."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) < 2:
        print("usage: python docs/building/excerpts.py RECORDS_FOLDER DOCUMENT ...", file=sys.stderr)
        return 2
    try:
        folders = sorted(f for f in Path(arguments[0]).iterdir() if f.is_dir()) if Path(arguments[0]).is_dir() else []
        tables = [table for folder in folders for table in Results.read(folder).tables(groups=False)]
        if not tables:
            raise ZsarError(f"no folders of records in {arguments[0]}")
        tables.sort(key=lambda table: (table.simulated, table.dataset))
        for path in map(Path, arguments[1:]):
            write_text(path, fill(path.read_text(encoding="utf-8"), tables, str(path)))
    except ZsarError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
