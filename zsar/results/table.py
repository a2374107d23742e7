"""What a leaderboard is made of, and who is ahead; every accuracy is a fraction in [0, 1]."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from zsar.protocol import RANKING_RULES, RULES, STRATEGIES
from zsar.results.published import PublishedNumber


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and the half width of its 95% interval; None when one seed says nothing."""

    mean: float
    half: float | None


@dataclass(frozen=True)
class Cell:
    """One row's numbers on one split, or on the average over the splits.

    ``gap`` is the mean of oracle minus this row's rule in top-1 accuracy; None without an oracle
    result for every seed.
    """

    top1: Estimate
    per_class: Estimate
    gap: float | None
    seeds: tuple[int, ...]

    @property
    def main(self) -> Estimate:
        """The number that rows are ranked by."""
        return self.top1


@dataclass(frozen=True)
class GeneralizedCell:
    """As `Cell`, in the generalized setting: seen and unseen accuracy and their harmonic mean.

    ``ausuc`` belongs to the method and its rule, whatever the strategy.
    """

    harmonic: Estimate
    seen: Estimate
    unseen: Estimate
    harmonic_per_class: Estimate
    seen_per_class: Estimate
    unseen_per_class: Estimate
    ausuc: Estimate
    ausuc_per_class: Estimate
    seeds: tuple[int, ...]

    @property
    def main(self) -> Estimate:
        """The number that rows are ranked by."""
        return self.harmonic


@dataclass(frozen=True)
class Row:
    """One method in one configuration, mode and rule, and in GZSL one calibration strategy.

    ``average`` is None when a run is missing, and so is ``rank``. ``configuration``, ``encoder``
    and ``text`` are labels; ``seeds`` are all seeds that were run, finished or not. ``group`` holds
    letters: rows that share one can't be told apart; None where that was not worked out.
    """

    rank: int | None
    method: str
    title: str
    mode: str
    rule: str
    configuration: str
    encoder: str
    text: str
    seeds: tuple[int, ...]
    cells: dict[str, Cell | GeneralizedCell]
    average: Cell | GeneralizedCell | None
    strategy: str | None = None
    group: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every split has every seed."""
        return self.average is not None

    @property
    def honest(self) -> bool:
        """Whether nothing was chosen on the test clips' labels, so that the row may be ranked."""
        return self.rule in RANKING_RULES and self.strategy != "oracle"

    @property
    def main(self) -> float:
        """The mean over all splits that rows are ranked by; 0 where a run is missing."""
        return self.average.main.mean if self.average else 0.0

    @property
    def may_rank(self) -> bool:
        """Whether the row is honest and complete."""
        return self.honest and self.complete

    @property
    def transductive(self) -> bool:
        """Whether the class vectors were adapted on the unlabelled test clips."""
        return self.mode == "transductive"


@dataclass(frozen=True)
class Split:
    """One column: its label, the chance level 1/candidates, the numbers of classes."""

    name: str
    chance: float
    seen: int
    unseen: int


@dataclass(frozen=True)
class Reference:
    """What papers print for one method: split name -> numbers of exactly that split and setting."""

    method: str
    title: str
    numbers: dict[str, list[PublishedNumber]]


@dataclass(frozen=True)
class Failure:
    """One run that failed, and the first line of its error."""

    run: str
    method: str
    split: str
    seed: int
    error: str


@dataclass(frozen=True)
class Table:
    """The leaderboard of one dataset, protocol, setting and split family.

    ``remarks`` are sentences about these very records: what could not be worked out, and why.
    """

    dataset: str
    title: str
    version: str
    simulated: bool
    protocol: str
    setting: str
    family: str
    evaluator: int
    splits: tuple[Split, ...]
    rows: tuple[Row, ...]
    references: tuple[Reference, ...]
    failures: tuple[Failure, ...]
    runs: int
    remarks: tuple[str, ...] = ()

    @property
    def chance(self) -> float:
        """The chance level of the average over the splits."""
        return sum(s.chance for s in self.splits) / len(self.splits)


def under_first_rule(table: Table) -> Table:
    """The table with the rows of one rule alone, the first that it has: `last` where there is such a row."""
    return replace(table, rows=tuple(row for row in table.rows if row.rule == table.rows[0].rule))


def rank(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows in the order they are shown, with ranks; equal means share a rank.

    Rules stay apart. Within one, complete rows come first, by their mean over the splits; rows that
    lack a run, and all rows of the `oracle` rule or strategy, get no rank.
    """
    ordered: list[Row] = []
    place = 0
    for row in sorted(rows, key=order):
        if not row.may_rank:
            ordered.append(row)
            continue
        above = ordered[-1] if ordered and ordered[-1].rule == row.rule else None
        place = place + 1 if above else 1
        tied = above is not None and above.main == row.main
        ordered.append(replace(row, rank=above.rank if above and tied else place))
    return tuple(ordered)


def order(row: Row) -> tuple:
    """The sorting key of `rank`."""
    return (
        list(RULES).index(row.rule),
        row.strategy == "oracle",
        not row.may_rank,
        -row.main,
        row.method,
        row.mode,
        row.configuration,
        row.encoder,
        row.text,
        list(STRATEGIES).index(row.strategy) if row.strategy else 0,
    )
