"""How many seeds would tell the methods of some records apart."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from zsar.errors import RecordError, UnknownName
from zsar.evaluation.power import seeds_needed, upper_deviation
from zsar.protocol import RULES
from zsar.results.collection import Results

CONFIDENCE = 0.8
"""With which the true deviation lies below its upper bound."""


@dataclass(frozen=True)
class Spread:
    """One method's values over seeds, in percent, in one mode and rule on one split.

    ``deviation`` is None for a single seed. ``seeds_needed`` and, for the deviation's upper bound,
    ``seeds_needed_at_bound`` are for two methods of this spread; None for more than
    `zsar.evaluation.power.MOST_SEEDS`, and where the deviation is.
    """

    method: str
    mode: str
    rule: str
    configuration: str
    encoder: str
    text: str
    values: tuple[float, ...]
    deviation: float | None
    seeds_needed: int | None
    seeds_needed_at_bound: int | None


@dataclass(frozen=True)
class Power:
    """The methods on one split; ``seeds_needed`` tells any two of them apart, None as in `Spread`."""

    dataset: str
    version: str
    protocol: str
    family: str
    split: str
    evaluator: int
    spreads: tuple[Spread, ...]
    seeds_needed: int | None


def power(
    results: Results,
    difference: float,
    *,
    rules: Iterable[str] = ("last",),
    metric: str = "top1",
    power: float = 0.8,
    level: float = 0.95,
) -> list[Power]:
    """Seeds of each method with which a two-sided t-test finds ``difference``, in points, with chance ``power``.

    ``metric`` is a number of the records' results, dots lead into blocks: "gzsl.strategies.gate.harmonic". Only runs
    that differ in nothing but the seed share a spread. Raises `RecordError` when a seed occurs twice or no finished
    run has such a number, and `UnknownName` for a rule that doesn't exist.

    >>> first = Results.read("benchmarks/records/pku-sim").power(3)[0]
    >>> first.split, [(spread.method, spread.seeds_needed) for spread in first.spreads]
    ('split-7', [('dvta', 3), ('pgfa', 197), ('pgfa', 442), ('sadvae', 23)])
    """
    import pandas as pd

    rules = tuple(rules)
    for rule in rules:
        if rule not in RULES:
            raise UnknownName("selection rule", rule, RULES)
    values = [
        (record.run, record.split.hash, mode, rule, 100 * value)
        for record in results
        for mode, by_rule in record.results.items()
        for rule in rules
        if (value := _number(by_rule, f"{rule}.{metric}")) is not None
    ]
    if not values:
        raise RecordError(f"no finished run with {metric!r} under {', '.join(rules)}")
    runs = results.runs()
    frame = pd.DataFrame(values, columns=["run", "hash", "mode", "rule", "value"])
    frame = frame.merge(runs[runs["setting"] == "zsl"], on="run").sort_values("seed", kind="stable")
    cell = ["dataset", "version", "protocol", "family", "split", "hash", "evaluator"]
    row = ["method", "mode", "rule", "configuration", "encoder", "text"]
    again = frame.duplicated([*cell, *row, "seed"], keep=False)
    if again.any():
        one, other = (results[run] for run in frame.loc[again, "run"].iloc[:2])
        raise RecordError(
            f"runs {one.run} and {other.run} are the same method, split and seed {one.seed}: a seed counts once",
            "Move one of the two elsewhere.",
        )
    options = {"power": power, "level": level}
    splits = []
    for (*where, _, evaluator), of_split in frame.groupby(cell):
        spreads = tuple(
            _spread(key, tuple(of_row["value"]), difference, options) for key, of_row in of_split.groupby(row)
        )
        largest = sorted((s.deviation for s in spreads if s.deviation is not None), reverse=True)[:2]
        needed = seeds_needed(difference, largest[0], largest[-1], **options) if largest else None
        splits.append(Power(*where, int(evaluator), spreads, needed))
    return splits


def _spread(key: tuple, values: tuple[float, ...], difference: float, options: dict) -> Spread:
    if len(values) < 2:
        return Spread(*key, values, None, None, None)
    deviation = statistics.stdev(values)
    bound = upper_deviation(deviation, len(values), CONFIDENCE)
    needed = (seeds_needed(difference, sd, **options) for sd in (deviation, bound))
    return Spread(*key, values, deviation, *needed)


def _number(block, metric: str) -> float | None:
    for key in metric.split("."):
        block = block.get(key) if isinstance(block, dict) else None
    return float(block) if isinstance(block, (int, float)) and not isinstance(block, bool) else None
