"""What one part of the page is about: leaderboards of the same data, and the runs behind their rows."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from zsar.results import Record, Results
from zsar.results.frame import TABLE
from zsar.results.naming import natural
from zsar.results.table import Table

GROUP = [column for column in TABLE if column != "setting"]
"""Columns of the tidy frame, and fields of a table, that the leaderboards of a group share."""
LABELS = ["method", "configuration", "encoder", "text"]
"""What tells the configurations of a table's rows apart."""


@dataclass(frozen=True)
class Group:
    """One dataset, version, protocol and split family: its tables by setting and its rows of the tidy frame."""

    results: Results
    tables: dict[str, Table]
    frame: object

    @property
    def any_table(self) -> Table:
        """One of the tables, for what they have in common."""
        return next(iter(self.tables.values()))

    @cached_property
    def configurations(self) -> list[list[Record]]:
        """The finished records of every configuration, by split and seed, in an order that depends on them alone."""
        records = defaultdict(list)
        for run in self.frame["run"].unique():
            record = self.results[run]
            records[record.configuration].append(record)
        return [sorted(records[configuration], key=_order) for configuration in sorted(records)]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """A configuration's id to its place in `configurations`."""
        return {runs[0].configuration_id: number for number, runs in enumerate(self.configurations)}

    def keys(self, table: Table) -> list[str]:
        """What each of the table's rows is about, the same in every setting: configuration, mode and rule."""
        labels = self.frame[self.frame["setting"] == table.setting].drop_duplicates(LABELS)
        ids = labels.set_index(LABELS)["configuration_id"]
        numbers = (self.numbers[ids[tuple(getattr(row, label) for label in LABELS)]] for row in table.rows)
        return [f"{number}.{row.mode}.{row.rule}" for number, row in zip(numbers, table.rows, strict=True)]

    def runs_of_entries(self):
        """(split, configuration's number, mode, rule) and the records by seed, of all that has numbers."""
        top1 = self.frame[(self.frame["setting"] == "zsl") & (self.frame["metric"] == "top1")]
        for (split, configuration, mode, rule), of in top1.groupby(
            ["split", "configuration_id", "mode", "rule"], sort=False
        ):
            records = sorted((self.results[run] for run in of["run"]), key=_order)
            yield (split, self.numbers[configuration], mode, rule), records


def groups(results: Results, tables: list[Table]) -> list[Group]:
    """The tables put together by what they are about, in their order."""
    by_group: dict[tuple, dict[str, Table]] = defaultdict(dict)
    for table in tables:
        by_group[tuple(getattr(table, column) for column in GROUP)][table.setting] = table
    frame = results.frame()
    parts = dict(list(frame.groupby(GROUP, sort=False)))
    return [Group(results, of_group, parts.get(key, frame.iloc[:0])) for key, of_group in by_group.items()]


def _order(record: Record) -> tuple:
    return natural(record.split.name), record.seed, record.run
