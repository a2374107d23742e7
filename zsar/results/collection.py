"""Many records, and everything that is made from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from zsar.errors import RecordError, UnknownName
from zsar.results.record import Record, read_records

if TYPE_CHECKING:
    import pandas as pd

    from zsar.results.check import Compared
    from zsar.results.scores import Scores
    from zsar.results.table import Table

Kind = TypeVar("Kind", bound="Results")
COMPARISONS = ("expected", "published")


def inner_folders(folder: Path) -> list[Path]:
    """The folders of records in a folder that holds none itself, by name; none where it does or doesn't exist."""
    if not folder.is_dir() or any(folder.glob("*.json")):
        return []
    inner = (f for f in sorted(folder.iterdir()) if f.is_dir() and not f.name.startswith("."))
    return [f for f in inner if any(f.glob("*.json"))]


class Results:
    """The records of one or several results folders; ``records`` come sorted by run id.

    ``scores``, a `zsar.results.scores.Scores`, is what groups of rows that can't be told apart are worked out from;
    without it there are none. pandas is imported when a frame or a table is asked for.

    >>> results = Results.read("benchmarks/records/pku-sim", "benchmarks/records/nw-ucla")
    >>> sorted({record.dataset.id for record in results})
    ['nw-ucla', 'pku-sim']
    >>> [table.dataset for table in results.tables(groups=False)]
    ['nw-ucla', 'nw-ucla', 'pku-sim']
    """

    def __init__(self, records: Iterable[Record | dict], scores: Scores | None = None):
        self.records = tuple(sorted((Record.of(record) for record in records), key=lambda r: r.run))
        self.scores = scores

    @classmethod
    def read(cls: type[Kind], *folders: str | Path) -> Kind:
        """The records of all folders and the scores beside them.

        Raises `RecordError` as `read_records` does, and for a run that lies in two of the folders.
        """
        from zsar.results.scores import Scores

        records: list[Record] = []
        homes: dict[str, Path] = {}
        for folder in dict.fromkeys(Path(f) for f in folders):
            for record in read_records(folder):
                other = homes.setdefault(record.run, folder)
                if other is not folder:
                    raise RecordError(
                        f"run {record.run} is in {other} and in {folder}", "A run counts once: name one of the folders."
                    )
                records.append(record)
        return cls(records, Scores(homes))

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __getitem__(self, run: str) -> Record:
        """The record of a run id. Raises `UnknownName`."""
        try:
            return self._by_run[run]
        except KeyError:
            raise UnknownName("run", run, self._by_run) from None

    @property
    def failures(self) -> tuple[Record, ...]:
        """The records of runs that failed."""
        return tuple(record for record in self.records if not record.is_done)

    def runs(self) -> pd.DataFrame:
        """A pandas frame with a row per run and setting, failed ones too: `zsar.results.frame.runs`."""
        return self._runs.copy()

    def frame(self) -> pd.DataFrame:
        """The tidy pandas frame, a row per run, mode, rule, setting, strategy and metric: `zsar.results.frame.frame`.

        >>> tidy = Results.read("benchmarks/records/pku-sim").frame()
        >>> last = tidy[(tidy.metric == "top1") & (tidy.rule == "last")]
        >>> last.groupby("method")["value"].mean().idxmax()
        'dvta'
        """
        return self._frame.copy()

    def tables(self, rules: Iterable[str] | None = None, groups: bool = True) -> list[Table]:
        """The leaderboards, a `zsar.results.table.Table` per dataset, protocol, split family and setting.

        ``rules`` are the selection rules to make rows of; None takes every ranking rule that the records hold.
        ``groups`` looks for rows that can't be told apart, which reads the scores beside the records. Raises
        `RecordError` for records that don't go into one table and `UnknownName` for a rule that doesn't exist.
        """
        from zsar.results.aggregate import leaderboards

        return leaderboards(self, rules, self.scores if groups else None)

    def compare(self, against: str, expected: Path | None = None) -> list[Compared]:
        """Every number that has a counterpart beside it: a list of `zsar.results.check.Compared`.

        ``against`` is "expected", zsar's own measured numbers (``expected``: the folder of DATASET.yaml; None takes the
        shipped ones), or "published", the papers'. Raises `UnknownName` for anything else, `RecordError` for records
        that don't go together.
        """
        from zsar.results.check import against_expected, against_published

        if against not in COMPARISONS:
            raise UnknownName("kind of numbers", against, COMPARISONS)
        return against_published(self) if against == "published" else against_expected(self, expected)

    def power(self, difference: float, **options: Any) -> pd.DataFrame:
        """How many seeds would tell methods apart, a pandas frame: `zsar.results.spread.power`."""
        from zsar.results.spread import power

        return power(self, difference, **options)

    @cached_property
    def _by_run(self) -> dict[str, Record]:
        return {record.run: record for record in self.records}

    @cached_property
    def _runs(self) -> pd.DataFrame:
        from zsar.results.frame import runs

        return runs(self.records)

    @cached_property
    def _frame(self) -> pd.DataFrame:
        from zsar.results.frame import frame

        return frame(self.records)
