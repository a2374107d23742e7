"""Which records stand behind which rows of the leaderboards."""

from collections.abc import Callable
from dataclasses import dataclass

from zsar.results.naming import natural, tell_apart
from zsar.results.table import Row, Table


@dataclass(frozen=True)
class Group:
    """One dataset, version, protocol and split family: its tables by setting and its finished records.

    ``identities`` maps each distinct configuration (`Record.configuration`) to its records, in an order that
    depends on the records alone.
    """

    tables: dict[str, Table]
    identities: dict[tuple, list[dict]]

    @property
    def any_table(self) -> Table:
        """One of the tables, for what they have in common."""
        return next(iter(self.tables.values()))

    def keys(self, table: Table) -> Callable[[Row], str]:
        """A function that names what a row is about, the same in every setting: configuration, mode and rule."""
        number = {identity: i for i, identity in enumerate(self.identities)}
        # Labels say what tells a table's rows apart, so they hold within the records of that very table.
        judged = [
            r for runs in self.identities.values() for r in runs if table.setting == "zsl" or "gzsl" in r["settings"]
        ]
        told = tell_apart(judged)
        methods = {r.configuration: r["method"]["name"] for r in judged}
        by_name = {(methods[i], t["configuration"], t["encoder"], t["text"]): number[i] for i, t in told.items()}

        def key(row: Row) -> str:
            return f"{by_name[row.method, row.configuration, row.encoder, row.text]}.{row.mode}.{row.rule}"

        return key


def of_split(runs: list[dict], split: str) -> list[dict]:
    """A configuration's records on one split, by seed."""
    return [r for r in runs if r["split"]["name"] == split]


def groups(records: list[dict], tables: list[Table]) -> list[Group]:
    """The tables put together by what they are about, in their order, with their finished records."""
    found: dict[tuple, dict[str, Table]] = {}
    for table in tables:
        found.setdefault((table.dataset, table.version, table.protocol, table.family), {})[table.setting] = table
    behind: dict[tuple, dict[tuple, list[dict]]] = {key: {} for key in found}
    for record in sorted(records, key=_order):
        if record["status"] == "done":
            dataset = record["dataset"]
            key = dataset["id"], str(dataset["version"]), dataset["protocol"], record["split"]["family"]
            behind[key].setdefault(record.configuration, []).append(record)
    return [Group(by_setting, dict(sorted(behind[key].items()))) for key, by_setting in found.items()]


def _order(record: dict) -> tuple:
    return natural(record["split"]["name"]), record["seed"], record["run"]
