"""Records -> leaderboard tables, the same for the same records in whatever order they come."""

from collections import defaultdict

from zsar.errors import RecordError, UnknownName
from zsar.evaluation.intervals import mean_interval
from zsar.report import labels
from zsar.report.published import published
from zsar.report.ranking import RULES, ranked
from zsar.report.table import (
    RANKING_RULES,
    Cell,
    Estimate,
    Failure,
    Reference,
    Row,
    Split,
    Table,
)

SETTINGS = ("zsl",)


def leaderboard(records: list[dict], rules=None) -> list[Table]:
    """One `Table` per dataset, dataset version, protocol, setting and split family.

    ``rules`` are the selection rules to make rows of, of ``last``, ``val`` and ``oracle``; None
    takes every ranking rule that the records hold, and ``oracle`` only where there is nothing else.
    Rows are ranked within their rule by the mean top-1 accuracy over all splits; a row that lacks a
    run, and every ``oracle`` row, is listed below without a rank.

    Raises `RecordError` when one table would mix evaluator versions or count a seed twice, and
    `UnknownName` for a rule that doesn't exist.
    """
    for rule in rules or ():
        if rule not in RULES:
            raise UnknownName("selection rule", rule, RULES)
    groups = defaultdict(list)
    for record in sorted(records, key=lambda r: r["run"]):
        dataset = record["dataset"]
        groups[
            dataset["simulated"],
            dataset["id"],
            str(dataset["version"]),
            dataset["protocol"],
            record["split"]["family"],
            "zsl",
        ].append(record)
    return [_table(groups[key], rules) for key in sorted(groups)]


def _table(records: list[dict], rules) -> Table:
    first = records[0]
    _one_evaluator(records)
    splits = _splits(records)
    done = [r for r in records if r["status"] == "done"]
    collected = defaultdict(dict)  # row key -> (split, seed) -> record
    for record in done:
        for mode, by_rule in record["results"].items():
            for rule in _chosen(done, rules):
                if rule in by_rule:
                    key = (*labels.identity(record), mode, rule)
                    _once(collected[key], record)
    seeds = defaultdict(set)  # a failed run's seed is missing from its rows, not unheard of
    for record in records:
        seeds[labels.configuration_of(record)].add(record["seed"])
    named = labels.telling_apart(done)
    rows = [_row(runs, key[-2], key[-1], splits, seeds, named) for key, runs in collected.items()]
    dataset = first["dataset"]
    return Table(
        dataset=dataset["id"],
        title=_title(dataset),
        version=str(dataset["version"]),
        simulated=dataset["simulated"],
        protocol=dataset["protocol"],
        setting="zsl",
        family=first["split"]["family"],
        evaluator=first["evaluator"],
        splits=splits,
        rows=ranked(rows),
        references=_references(records, splits),
        failures=_failures(records, splits),
        runs=len(records),
    )


def _title(dataset: dict) -> str:
    said = "(simulated)" in dataset["title"]
    return dataset["title"] + (" (simulated)" if dataset["simulated"] and not said else "")


def _one_evaluator(records: list[dict]) -> None:
    runs = {r["evaluator"]: r["run"] for r in reversed(records)}
    if len(runs) > 1:
        listed = ", ".join(f"version {v} (run {runs[v]})" for v in sorted(runs))
        raise RecordError(
            f"records of different evaluator versions don't go into one table "
            f"({records[0]['dataset']['id']}): {listed}",
            "Run the older ones again into another folder, or move them elsewhere.",
        )


def _splits(records: list[dict]) -> tuple[Split, ...]:
    """In the order of the papers: few unseen classes first, then by name."""
    found = {}
    for record in records:
        split = record["split"]
        other = found.setdefault(split["name"], record)["split"]
        if other["hash"] != split["hash"]:
            raise RecordError(
                f"the split {split['name']!r} has other classes in run {record['run']} than "
                f"in run {found[split['name']]['run']}",
                "The split file changed in between; run the older ones again into another folder.",
            )
    columns = [
        Split(
            name, 1 / len(r["split"]["unseen"]), len(r["split"]["seen"]), len(r["split"]["unseen"])
        )
        for name, r in found.items()
    ]
    return tuple(sorted(columns, key=lambda s: (s.unseen, labels.natural(s.name))))


def _chosen(done: list[dict], rules) -> tuple[str, ...]:
    present = {rule for r in done for by_rule in r["results"].values() for rule in by_rule}
    if rules is not None:
        return tuple(r for r in RULES if r in rules)
    return tuple(r for r in RANKING_RULES if r in present) or ("oracle",)


def _once(runs: dict, record: dict) -> None:
    where = record["split"]["name"], record["seed"]
    other = runs.setdefault(where, record)
    if other is not record:
        raise RecordError(
            f"runs {other['run']} and {record['run']} are both {record['method']['name']} on "
            f"{where[0]} with seed {where[1]}; they differ in "
            f"{', '.join(labels.differences(other, record)) or 'nothing'}",
            "A seed counts once: move one of the two elsewhere.",
        )


def _row(runs: dict, mode: str, rule: str, splits, seeds, named) -> Row:
    some = runs[min(runs)]
    expected = sorted(seeds[labels.configuration_of(some)])
    values = {where: _numbers(r, mode, rule) for where, r in runs.items()}
    cells = {}
    for split in splits:
        there = {
            seed: [values[split.name, seed]] for seed in expected if (split.name, seed) in values
        }
        if there:
            cells[split.name] = _cell(there)
    complete = all((s.name, seed) in values for s in splits for seed in expected)
    average = (
        _cell({seed: [values[s.name, seed] for s in splits] for seed in expected})
        if complete
        else None
    )
    return Row(
        rank=None,
        method=some["method"]["name"],
        title=some["method"]["title"],
        mode=mode,
        rule=rule,
        seeds=tuple(expected),
        cells=cells,
        average=average,
        **named[labels.identity(some)],
    )


def _numbers(record: dict, mode: str, rule: str) -> tuple[float, float, float | None]:
    """Top-1, mean per class, and oracle minus top-1."""
    by_rule = record["results"][mode]
    try:
        accuracy, per_class = by_rule[rule]["top1"], by_rule[rule]["mean_per_class"]
        gap = (
            by_rule["oracle"]["top1"] - accuracy
            if "oracle" in by_rule and rule != "oracle"
            else None
        )
    except KeyError as e:
        raise RecordError(
            f"run {record['run']} lacks {e.args[0]!r} in results.{mode}.{rule}"
        ) from e
    return accuracy, per_class, gap


def _cell(values: dict[int, list[tuple]]) -> Cell:
    """``values``: seed -> one triple per split, averaged first: the interval is over seeds."""

    def over_splits(which):
        return [sum(v[which] for v in triples) / len(triples) for triples in values.values()]

    known = all(v[2] is not None for triples in values.values() for v in triples)
    return Cell(
        top1=Estimate(*mean_interval(over_splits(0))),
        per_class=Estimate(*mean_interval(over_splits(1))),
        gap=mean_interval(over_splits(2))[0] if known else None,
        seeds=tuple(values),
    )


def _references(records: list[dict], splits) -> tuple[Reference, ...]:
    """Published numbers of the table's own methods; simulated data has none, whatever its id."""
    dataset = records[0]["dataset"]
    if dataset["simulated"]:
        return ()
    family, setting = records[0]["split"]["family"], "zsl"
    titles = {r["method"]["name"]: r["method"]["title"] for r in reversed(records)}
    found = []
    for method in sorted(titles):
        numbers = {
            s.name: published(dataset["id"], family, s.name, setting, "top1", method)
            for s in splits
        }
        numbers = {name: n for name, n in numbers.items() if n}
        if numbers:
            found.append(Reference(method, titles[method], numbers))
    return tuple(found)


def _failures(records: list[dict], splits) -> tuple[Failure, ...]:
    position = {s.name: i for i, s in enumerate(splits)}
    failed = [r for r in records if r["status"] == "failed"]
    failed.sort(
        key=lambda r: (r["method"]["name"], position[r["split"]["name"]], r["seed"], r["run"])
    )
    return tuple(
        Failure(r["run"], r["method"]["name"], r["split"]["name"], r["seed"], labels.error_line(r))
        for r in failed
    )
