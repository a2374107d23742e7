"""``python -m zsar.testing.golden FILE.npz ...``: the largest error per key; exit code 1 when one is too large."""

import argparse
import sys
from pathlib import Path

from rich.table import Table

from zsar.errors import ZsarError
from zsar.printing import print_error, print_line, screen
from zsar.testing.golden import check


def main(arguments: list[str] | None = None) -> int:
    """Check golden files and print the errors; 0 when every value of every file holds."""
    parser = argparse.ArgumentParser(prog="python -m zsar.testing.golden", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.npz")
    console, good = screen(soft_wrap=True), True
    for path in parser.parse_args(arguments).files:
        try:
            name, comparisons = check(path)
        except ZsarError as e:
            print_error(e.message, e.hint)
            good = False
            continue
        table = Table(title=f"{path.name}: {name}", title_justify="left")
        for column in ("value", "largest error", "tolerance", ""):
            table.add_column(column)
        for c in comparisons:
            table.add_row(
                c.key,
                f"{c.error:.2e}",
                f"{c.tolerance:.0e}" if c.tolerance else "exact",
                c.note or ("ok" if c.good else "TOO LARGE"),
            )
        console.print(table)
        bad = [c.key for c in comparisons if not c.good]
        good = good and bool(comparisons) and not bad
        print_line(
            f"{path.name}: {len(comparisons) - len(bad)} of {len(comparisons)} values hold"
            + (f"; not: {', '.join(bad)}" if bad else "")
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
