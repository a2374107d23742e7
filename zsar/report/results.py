"""``python -m zsar.report.results RECORDS DOCS EXPECTED``: the results page and expected numbers, from records alone.

RECORDS holds one folder of records per dataset. Nothing is run; the same records give the same files.
"""

import sys
from pathlib import Path

import yaml

from zsar.errors import ZsarError
from zsar.records import read_records
from zsar.report.expected import expected
from zsar.report.leaderboard import leaderboard
from zsar.report.markdown import markdown
from zsar.storage import write_text


def page(folders: dict[str, list[dict]]) -> str:
    """The results page: the leaderboards of all records and the commands that repeat them."""
    tables = [table for records in folders.values() for table in leaderboard(records)]
    lines = ["# Results", "", "Made from the records in `benchmarks/records` by `make results`; every number stands in one of them.",
             "The runs are repeated by:", "", "```sh"]
    for name, records in folders.items():
        methods = ",".join(dict.fromkeys(r["method"]["name"] for r in sorted(records, key=lambda r: r["method"]["name"])))
        seeds = ",".join(map(str, sorted({r["seed"] for r in records})))
        lines.append(f"zsar bench --methods {methods} --dataset {name} --seeds {seeds}")
    lines += ["```", "", *_machines(folders), ""]
    return "\n".join(lines) + markdown(tables).replace("# Leaderboard\n", "", 1)


def _machines(folders: dict[str, list[dict]]) -> list[str]:
    seen = {}
    for name, records in folders.items():
        for record in records:
            e = record["environment"]
            seen.setdefault(f"{e['device']}, torch {e['torch']}, Python {e['python']}, {e['threads']} thread per run", set()).add(name)
    return [f"Run on: {machine} ({', '.join(sorted(names))})." for machine, names in sorted(seen.items())]


def main(arguments: list[str] | None = None) -> int:
    """Write the page and one file of expected numbers per dataset."""
    try:
        source, docs, numbers = map(Path, sys.argv[1:] if arguments is None else arguments)
    except ValueError:
        print("usage: python -m zsar.report.results RECORDS_FOLDER RESULTS.md EXPECTED_FOLDER", file=sys.stderr)
        return 2
    try:
        folders = {f.name: read_records(f) for f in sorted(source.iterdir()) if f.is_dir()} if source.is_dir() else {}
        if not folders:
            raise ZsarError(f"no folders of records in {source}")
        write_text(docs, page(folders))
        for name, records in folders.items():
            head = "# Made from benchmarks/records by `make results`. Accuracies and tolerances are fractions.\n"
            write_text(numbers / f"{name}.yaml", head + yaml.safe_dump(expected(records), sort_keys=False, width=200, default_flow_style=None))
    except ZsarError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
