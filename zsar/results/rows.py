"""Records of one table -> its rows: means and intervals over seeds."""

from collections import defaultdict

from zsar.errors import RecordError
from zsar.evaluation.intervals import mean_interval
from zsar.results import labels
from zsar.results.measured import AREAS, GZSL, ZSL, generalized, measured
from zsar.results.ranking import RULES
from zsar.results.table import RANKING_RULES, Cell, Estimate, GeneralizedCell, Row, Split


def rows(records: list[dict], splits: tuple[Split, ...], setting: str, rules):
    """The rows, unranked; the records behind each row; remarks on what has no number.

    The second is {position of the row: {(split, seed): record}}. Raises `RecordError` for a seed
    that counts twice and for missing numbers.
    """
    done = [r for r in records if r["status"] == "done"]
    collected = defaultdict(dict)  # row key -> (split, seed) -> record and its numbers
    missing = defaultdict(int)
    for record in done:
        for mode, by_rule in record["results"].items():
            for rule in _chosen(done, rules):
                if rule in by_rule:
                    for strategy, numbers, why in _numbers(record, mode, rule, setting):
                        if numbers is None:
                            missing[record["method"]["title"], strategy, why] += 1
                        else:
                            key = (*labels.identity(record), mode, rule, strategy)
                            _once(collected[key], record, numbers)
    seeds = defaultdict(set)  # a failed run's seed is missing from its rows, not unheard of
    for record in records:
        seeds[labels.configuration_of(record)].add(record["seed"])
    named = labels.telling_apart(done)
    made, behind = [], []
    for (*_, mode, rule, strategy), runs in collected.items():
        made.append(_row(runs, mode, rule, strategy, splits, seeds, named))
        behind.append({where: record for where, (record, _) in runs.items()})
    remarks = tuple(
        f"{title}: no numbers under {strategy} in {times} result{'s' * (times != 1)} (run, mode and rule): {why}."
        for (title, strategy, why), times in sorted(missing.items())
    )
    return made, behind, remarks


def _numbers(record: dict, mode: str, rule: str, setting: str):
    if setting == "gzsl":
        return generalized(record, mode, rule)
    return [(None, measured(record, mode, rule), "")]


def _chosen(done: list[dict], rules) -> tuple[str, ...]:
    present = {rule for r in done for by_rule in r["results"].values() for rule in by_rule}
    if rules is not None:
        return tuple(r for r in RULES if r in rules)
    return tuple(r for r in RANKING_RULES if r in present) or ("oracle",)


def _once(runs: dict, record: dict, numbers: dict) -> None:
    where = record["split"]["name"], record["seed"]
    other = runs.setdefault(where, (record, numbers))[0]
    if other is not record:
        raise RecordError(
            f"runs {other['run']} and {record['run']} are both {record['method']['name']} on "
            f"{where[0]} with seed {where[1]}; they differ in "
            f"{', '.join(labels.differences(other, record)) or 'nothing'}",
            "A seed counts once: move one of the two elsewhere.",
        )


def _row(runs: dict, mode: str, rule: str, strategy, splits, seeds, named) -> Row:
    some = runs[min(runs)][0]
    expected = sorted(seeds[labels.configuration_of(some)])
    values = {where: numbers for where, (_, numbers) in runs.items()}
    cell = _cell if strategy is None else _generalized_cell
    cells = {}
    for split in splits:
        there = {seed: [values[split.name, seed]] for seed in expected if (split.name, seed) in values}
        if there:
            cells[split.name] = cell(there)
    complete = all((s.name, seed) in values for s in splits for seed in expected)
    average = cell({seed: [values[s.name, seed] for s in splits] for seed in expected}) if complete else None
    return Row(
        rank=None,
        method=some["method"]["name"],
        title=some["method"]["title"],
        mode=mode,
        rule=rule,
        seeds=tuple(expected),
        cells=cells,
        average=average,
        strategy=strategy,
        **named[labels.identity(some)],
    )


def _cell(values: dict[int, list[dict]]) -> Cell:
    """``values``: seed -> one dictionary per split."""
    known = all(v["gap"] is not None for of_splits in values.values() for v in of_splits)
    top1, per_class = (_estimate(values, which) for which in ZSL[:2])
    gap = _estimate(values, "gap").mean if known else None
    return Cell(top1, per_class, gap, tuple(values))


def _generalized_cell(values: dict[int, list[dict]]) -> GeneralizedCell:
    found = {which: _estimate(values, which) for which in (*GZSL, *AREAS)}
    return GeneralizedCell(**found, seeds=tuple(values))


def _estimate(values: dict[int, list[dict]], which: str) -> Estimate:
    """Averaged over the splits first: the interval is over seeds."""
    by_seed = [sum(v[which] for v in of_splits) / len(of_splits) for of_splits in values.values()]
    return Estimate(*mean_interval(by_seed))
