"""``python docs/building/results.py RECORDS DOCS EXPECTED``: the results page and expected numbers, from records alone.

RECORDS holds one folder of records per dataset. Nothing is run; the same records give the same files.
"""

import sys
from collections import defaultdict
from pathlib import Path

import yaml

from zsar.errors import ZsarError
from zsar.protocol import SETTINGS
from zsar.report import wording
from zsar.report.leaderboard import Leaderboard
from zsar.results import Results
from zsar.results.expected import expected
from zsar.storage import write_text

HEAD = """# Results

Made from the records in `benchmarks/records` by `make results`; every number stands in one of them.
The runs are repeated by:

```sh"""
EXPECTED_HEAD = "# Made from benchmarks/records by `make results`. Accuracies and tolerances are fractions.\n"


def page(folders: dict[str, Results]) -> str:
    """The results page: the leaderboards of all folders' records and the commands that repeat them.

    Raises `RecordError` for records that don't go into one table.
    """
    board = Leaderboard(table for results in folders.values() for table in results.tables())
    commands = [_command(results) for results in folders.values()]
    lines = [HEAD, *dict.fromkeys(commands), "```", "", *_machines(folders), ""]
    return "\n".join(lines) + board.to_markdown().replace("# Leaderboard\n", "", 1)


def _command(results: Results) -> str:
    methods = ",".join(sorted({r.method.name for r in results}))
    seeds = ",".join(map(str, sorted({r.seed for r in results})))
    setting = ",".join(s for s in SETTINGS if any(s in r.settings for r in results))
    dataset = results.records[0].dataset.id
    return f"zsar bench --methods {methods} --dataset {dataset} --setting {setting} --seeds {seeds}"


def _machines(folders: dict[str, Results]) -> list[str]:
    machines = defaultdict(set)
    for name, results in folders.items():
        for record in results:
            machines[wording.machine(record.environment)].add(name)
    return [f"Run on: {machine} ({', '.join(sorted(names))})." for machine, names in sorted(machines.items())]


def main(arguments: list[str] | None = None) -> int:
    """Write the page and one file of expected numbers per dataset."""
    try:
        source, docs, numbers = map(Path, sys.argv[1:] if arguments is None else arguments)
    except ValueError:
        print("usage: python docs/building/results.py RECORDS_FOLDER RESULTS.md EXPECTED_FOLDER", file=sys.stderr)
        return 2
    try:
        inner = (
            [f for f in sorted(source.iterdir()) if f.is_dir() and not f.name.startswith(".")]
            if source.is_dir()
            else []
        )
        if not inner:
            raise ZsarError(f"no folders of records in {source}")
        folders = {f.name: Results.read(f) for f in inner}
        write_text(docs, page(folders))
        by_dataset = defaultdict(list)
        for record in (r for results in folders.values() for r in results):
            by_dataset[record.dataset.id].append(record)
        for dataset, records in by_dataset.items():
            text = yaml.safe_dump(expected(Results(records)), sort_keys=False, width=200, default_flow_style=None)
            write_text(numbers / f"{dataset}.yaml", EXPECTED_HEAD + text)
    except ZsarError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
