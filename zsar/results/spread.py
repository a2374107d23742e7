"""How many seeds would tell the methods of some records apart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from zsar.errors import RecordError, UnknownName
from zsar.evaluation.power import seeds_needed, upper_deviation
from zsar.protocol import RULES
from zsar.results.collection import Results

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.8
"""With which the true deviation lies below its upper bound."""
SPLIT = ["dataset", "version", "protocol", "family", "split", "hash", "evaluator"]
ROW = ["method", "mode", "rule", "configuration", "encoder", "text"]


def power(
    results: Results,
    difference: float,
    *,
    rules: Iterable[str] = ("last",),
    metric: str = "top1",
    power: float = 0.8,
    level: float = 0.95,
) -> pd.DataFrame:
    """Seeds of each method with which a two-sided t-test finds ``difference``, in points, with chance ``power``.

    ``metric`` is a number of the records' results, dots lead into blocks: "gzsl.strategies.gate.harmonic". Only runs
    that differ in nothing but the seed share a row of the pandas frame that comes back: `SPLIT` and `ROW`; ``seeds``
    that were run; ``mean`` and ``deviation`` over them, in percent; ``needed`` for two methods of this deviation,
    ``needed_at_bound`` for its upper bound, ``needed_for_any`` for any two methods of the split. The deviation of a
    single seed is missing, and so are numbers of more than `zsar.evaluation.power.MOST_SEEDS` seeds.

    Raises `RecordError` when a seed occurs twice or no finished run has such a number, and `UnknownName` for a rule
    that doesn't exist.

    >>> seeds = power(Results.read("benchmarks/records/pku-sim"), difference=3)
    >>> seeds[seeds["split"] == "split-7"].set_index("method")["needed"].to_list()
    [3, 14, 16, 23]
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
    again = frame.duplicated([*SPLIT, *ROW, "seed"], keep=False)
    if again.any():
        one, other = (results[run] for run in frame.loc[again, "run"].iloc[:2])
        raise RecordError(
            f"runs {one.run} and {other.run} are the same method, split and seed {one.seed}: a seed counts once",
            "Move one of the two elsewhere.",
        )
    table = frame.groupby([*SPLIT, *ROW])["value"].agg(seeds="count", mean="mean", deviation="std").reset_index()

    def needed(deviations: Iterable[float | None]) -> float:
        largest = sorted((sd for sd in deviations if sd is not None and not math.isnan(sd)), reverse=True)[:2]
        number = seeds_needed(difference, largest[0], largest[-1], power=power, level=level) if largest else None
        return math.nan if number is None else number

    bounds = [
        upper_deviation(sd, n, CONFIDENCE) if n > 1 else None
        for sd, n in zip(table["deviation"], table["seeds"], strict=True)
    ]
    table["needed"] = [needed([sd]) for sd in table["deviation"]]
    table["needed_at_bound"] = [needed([sd]) for sd in bounds]
    table["needed_for_any"] = table.groupby(SPLIT)["deviation"].transform(needed)
    return table.astype(dict.fromkeys(("needed", "needed_at_bound", "needed_for_any"), "Int64"))


def _number(block: Any, metric: str) -> float | None:
    for key in metric.split("."):
        block = block.get(key) if isinstance(block, dict) else None
    return float(block) if isinstance(block, (int, float)) and not isinstance(block, bool) else None
