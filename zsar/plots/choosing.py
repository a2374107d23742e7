"""Which runs a picture is about, and what it takes of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from zsar.errors import UnknownName, ZsarError
from zsar.protocol import MODES, RULES, names_in
from zsar.results import Record, Results
from zsar.results.naming import natural, tell_apart
from zsar.results.record import Configuration
from zsar.results.table import Cell, GeneralizedCell, Row, Table

LABELS = ["method", "mode", "configuration", "encoder", "text"]
"""Columns of the tidy frame and fields of a `Row` that tell rows of one rule apart."""
NOT_GENERALIZED = (
    "none of the runs that fit was judged under the generalized setting",
    "Run: zsar bench --setting zsl,gzsl",
)


@dataclass(frozen=True)
class Selection:
    """The finished ``results`` that fit under ``rule``; ``mode`` None leaves it open.

    Every `one_...` raises `ZsarError`, with the values and the
    option to choose one, where the runs differ in more than the picture can show.
    """

    results: Results
    rule: str
    mode: str | None

    @cached_property
    def records(self) -> list[Record]:
        """The runs, in the order of split, method and seed."""
        return sorted(self.results, key=_order)

    @property
    def first(self) -> Record:
        """The first of the runs, for what they share."""
        return self.records[0]

    @property
    def names(self) -> dict[Configuration, str]:
        """What tells the runs' configurations apart, "lr=0.02, trajectory, ..."."""
        parts = tell_apart(self.records)
        return {configuration: ", ".join(filter(None, of.values())) for configuration, of in parts.items()}

    def judged(self, setting: str) -> "Selection":
        """The runs that were judged under a setting. Raises `ZsarError` where none was."""
        records = [r for r in self.results if setting in r.settings]
        if not records:
            raise ZsarError(*NOT_GENERALIZED)
        return Selection(Results(records, self.results.scores), self.rule, self.mode)

    def one_table(self) -> None:
        """One dataset, version, protocol and family of splits."""
        self._one("dataset", lambda r: r.dataset.id)
        self._one("protocol", lambda r: r.dataset.protocol)
        self._one("family of splits", lambda r: r.split.family, "--split")
        versions = {r.dataset.version: r.run for r in reversed(self.records)}
        if len(versions) > 1:
            listed = ", ".join(f"{version} (run {versions[version]})" for version in sorted(versions))
            raise ZsarError(
                f"the picture shows one version of {self.first.dataset.id}, and {len(versions)} fit: {listed}",
                "Name the runs with --run, or move the older ones elsewhere.",
            )

    def one_split(self) -> None:
        """As `one_table`, and one split."""
        self._one("dataset", lambda r: r.dataset.id)
        self._one("split", split_name)
        self.one_table()
        first = self.first
        for record in self.records:
            if record.split.hash != first.split.hash:
                raise ZsarError(
                    f"the split {split_name(record)} has other classes in run {record.run} than in run {first.run}",
                    "The split file changed in between; run the older ones again, or name runs with --run.",
                )

    def one_configuration(self) -> None:
        """One method in one configuration: the runs differ in split and seed alone."""
        self._one("method", lambda r: r.method.name)
        names = self.names
        if len(names) > 1:
            runs = {c: ", ".join(r.run for r in self.records if r.configuration == c) for c in names}
            listed = "; ".join(f"{names[c]} (runs {runs[c]})" for c in sorted(names))
            raise ZsarError(
                f"the picture shows one configuration of {self.first.method.name}, and {len(names)} fit: {listed}",
                "Name the runs with --run, separated by commas.",
            )

    def one_mode(self) -> str:
        """The mode that was named, or the only one that the runs have."""
        modes = [m for m in MODES if any(self.rule in r.results.get(m, {}) for r in self.results)]
        if self.mode is not None:
            if self.mode not in modes:
                raise UnknownName("mode", self.mode, modes, f"the runs of {self.first.method.name}")
            return self.mode
        if len(modes) > 1:
            raise ZsarError(
                f"{self.first.method.title} has {len(modes)} results in each run: {' and '.join(modes)}",
                f"Choose with --mode, for example: --mode {modes[-1]}",
            )
        return modes[0]

    def table(self, setting: str = "zsl") -> Table:
        """The one leaderboard of a setting that the runs make, its rows those of the rule and the mode.

        Raises `ZsarError` when they make several, or none.
        """
        self.one_table()
        tables = {t.setting: t for t in self.results.tables([self.rule], groups=False)}
        if setting not in tables:
            raise ZsarError(*NOT_GENERALIZED)
        return tables[setting]

    def rows(self, table: Table) -> list[tuple[Row, Cell | GeneralizedCell]]:
        """The table's rows of the mode with their numbers over all splits; those that lack a run are left out."""
        return [(row, row.average) for row in self._rows(table) if row.average is not None]

    def incomplete_rows(self, table: Table) -> list[Row]:
        """The rows that `rows` leaves out."""
        return [row for row in self._rows(table) if row.average is None]

    def frame(self, setting: str, metric: str):
        """The runs' rows of the tidy frame under the rule, for one metric and without strategies."""
        frame = self.results.frame()
        frame = frame[(frame["rule"] == self.rule) & (frame["setting"] == setting) & (frame["metric"] == metric)]
        return frame.drop_duplicates(["run", "mode"])

    def _rows(self, table: Table) -> list[Row]:
        return [row for row in table.rows if self.mode in (None, row.mode)]

    def _one(self, what: str, value: Callable[[Record], str], option: str | None = None) -> None:
        option = option or f"--{what}"
        values = sorted({value(r) for r in self.results}, key=natural)
        if len(values) > 1:
            raise ZsarError(
                f"the picture shows one {what}, and {len(values)} fit: {', '.join(values)}",
                f"Choose with {option}, for example: {option} {values[0]}",
            )


def choose(results: Results, names: dict, rule: str, mode: str | None) -> Selection:
    """The finished runs that fit; ``names`` are values, or several, for some of `_NAMES`.

    Raises `UnknownName` with what there is for the first name that no run fits, and `ZsarError` when all that fit have
    failed.
    """
    if rule not in RULES:
        raise UnknownName("selection rule", rule, RULES)
    if mode is not None and mode not in MODES:
        raise UnknownName("mode", mode, MODES)
    if not len(results):
        raise ZsarError("there are no results to draw", "Run: zsar bench")
    records = list(results)
    for what, names_of in _NAMES.items():
        values = names_in(names.get(what))
        if what == "split":
            values = [value.replace("/", "-") for value in values]
        for value in values:
            if not any(value in names_of(r) for r in records):
                there = map(split_name, records) if what == "split" else (n for r in records for n in names_of(r))
                raise UnknownName(what, value, set(there), _where(results, records))
        records = [r for r in records if not values or names_of(r) & set(values)]
    done = [r for r in records if r.is_done]
    if not done:
        raise ZsarError(
            f"every run that fits has failed ({len(records)} in {_where(results, results)}); "
            f"{records[0].run}: {records[0].error_line}",
            "Run the benchmark again; failed runs are tried once more.",
        )
    rules = {name for r in done for by_rule in r.results.values() for name in by_rule}
    if rule not in rules:
        raise UnknownName("rule", rule, rules, _where(results, done))
    fitting = [r for r in done if any(rule in by_rule for by_rule in r.results.values())]
    return Selection(Results(fitting, results.scores), rule, mode)


def key_of(row: Row) -> tuple[str, ...]:
    """A row's `LABELS`."""
    return tuple(getattr(row, label) for label in LABELS)


def split_name(record: Record) -> str:
    """As a user writes it: "purls.22-5"."""
    return f"{record.split.family}.{record.split.name}"


def _split_names(record: Record) -> set[str]:
    split = record.split
    return {name.replace("/", "-") for name in (split.family, split.name, split_name(record), split.id)}


_NAMES: dict[str, Callable[[Record], set[str]]] = {
    "run": lambda r: {r.run},
    "dataset": lambda r: {r.dataset.id},
    "protocol": lambda r: {r.dataset.protocol},
    "method": lambda r: {r.method.name},
    "split": _split_names,
    "seed": lambda r: {str(r.seed)},
}
"""What runs are chosen by, in this order, and the names that a run goes by."""


def _where(results: Results, fitting) -> str:
    folders = ", ".join(map(str, results.scores.folders)) if results.scores else "the results"
    few = len(fitting) < len(results)
    return folders + (f", among the {len(fitting)} of {len(results)} runs that fit otherwise" if few else "")


def _order(record: Record) -> tuple:
    return natural(split_name(record)), record.method.name, record.seed, record.run
