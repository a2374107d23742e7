"""The tidy frame -> leaderboard tables, the same for the same records in whatever order they come."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from zsar.errors import RecordError, UnknownName
from zsar.evaluation.intervals import mean_interval
from zsar.protocol import RANKING_RULES, RULES
from zsar.results.collection import Results
from zsar.results.frame import ROW, TABLE
from zsar.results.naming import natural
from zsar.results.published import PRINTED, published
from zsar.results.record import Record
from zsar.results.scores import Scores
from zsar.results.significance import letters
from zsar.results.table import Cell, Estimate, Failure, GeneralizedCell, Reference, Row, Split, Table, rank


def leaderboards(results: Results, rules: Iterable[str] | None = None, scores: Scores | None = None) -> list[Table]:
    """One `Table` per dataset, dataset version, protocol, split family and setting of some `Results`.

    ``rules`` are the selection rules to make rows of; None takes every ranking rule that the records hold, and
    ``oracle`` only where there is nothing else. Rows are ranked within their rule by the mean over all splits, of
    top-1 accuracy in ZSL and of the harmonic mean in GZSL; a row that lacks a run, and every row whose epoch or
    calibration is the ``oracle``'s, is listed below without a rank. ``scores`` adds groups of rows that can't be
    told apart.

    Raises `RecordError` when one table would mix evaluator versions or count a seed twice, and
    `UnknownName` for a rule that doesn't exist.
    """
    return [_table(setting, runs, numbers, scores) for setting, runs, numbers in parts(results, rules)]


def parts(results: Results, rules: Iterable[str] | None = None) -> Iterator[tuple[str, list[Record], pd.DataFrame]]:
    """Per leaderboard: its setting, its runs by id, and its rows of the frame under the rules to show.

    Raises as `leaderboards` does: what comes out of here goes into one table.
    """
    rules = None if rules is None else list(rules)
    for rule in rules or ():
        if rule not in RULES:
            raise UnknownName("selection rule", rule, RULES)
    frame = results.frame()
    numbers = dict(list(frame.groupby(list(TABLE), sort=False)))
    for key, runs in results.runs().groupby(list(TABLE), sort=False):
        records = [results[run] for run in runs["run"]]
        _require_one_evaluator(records)
        _require_same_splits(records)
        part = numbers.get(key, frame.iloc[:0])
        part = part[part["rule"].isin(_shown(part, rules))]
        _require_each_seed_once(part, results)
        yield str(key[-1]), records, part


def _shown(part: pd.DataFrame, rules: Iterable[str] | None) -> list[str]:
    if rules is not None:
        return [rule for rule in RULES if rule in rules]
    present = set(part["rule"])
    return [rule for rule in RANKING_RULES if rule in present] or ["oracle"]


def _table(setting: str, records: list[Record], part: pd.DataFrame, scores: Scores | None) -> Table:
    first, splits = records[0], _splits(records)
    rows, runs_of_row = _rows(part, records, splits, setting)
    remarks = _remarks(part)
    if scores is not None and setting == "zsl":
        by_row, remark = letters(rows, runs_of_row, splits, scores)
        rows = [replace(row, group=by_row.get(i)) for i, row in enumerate(rows)]
        remarks += remark
    return Table(
        dataset=first.dataset.id,
        title=_title(first),
        version=first.dataset.version,
        simulated=first.dataset.simulated,
        protocol=first.dataset.protocol,
        setting=setting,
        family=first.split.family,
        evaluator=first.evaluator,
        splits=splits,
        rows=rank(rows),
        references=_references(records, splits, setting),
        failures=_failures(records, splits),
        runs=len(records),
        remarks=remarks,
    )


def _rows(part: pd.DataFrame, records: list[Record], splits: tuple[Split, ...], setting: str) -> tuple:
    """The rows, unranked, and for each {(split, seed): record} in the order of run ids."""
    by_run = {r.run: r for r in records}
    seeds_of = defaultdict(set)  # a failed run's seed is missing from its rows, not unheard of
    for record in records:
        seeds_of[record.configuration.method].add(record.seed)
    part = part[part["missing"] == ""]
    metrics = list(dict.fromkeys(part["metric"]))
    if setting == "zsl":
        gaps = part[part["metric"] == "top1"].assign(metric="gap", value=lambda of: of["gap"])
        part, metrics = pd.concat([part, gaps]), [*metrics, "gap"]
    wide = part.pivot(index=[*ROW, "metric", "split"], columns="seed", values="value")
    rows, runs_of_row = [], []
    for key, runs in part[part["metric"] == metrics[0]].groupby(list(ROW), sort=False) if len(part) else ():
        by_place = {(split, int(seed)): by_run[run] for split, seed, run in runs[["split", "seed", "run"]].values}
        first = by_place[min(by_place)]
        expected = sorted(seeds_of[first.configuration.method])
        index = pd.MultiIndex.from_tuples([(*key, metric, split.name) for metric in metrics for split in splits])
        values = wide.reindex(index=index, columns=expected).to_numpy().reshape(len(metrics), len(splits), -1)
        ran = ~np.isnan(values[0])  # [splits, seeds]
        cell = _cell if setting == "zsl" else _generalized_cell
        ids = np.array(expected)
        cells = {
            split.name: cell(dict(zip(metrics, values[:, i, ran[i]], strict=True)), ids[ran[i]])
            for i, split in enumerate(splits)
            if ran[i].any()
        }
        # Averaged over the splits first: the interval is over seeds.
        average = cell(dict(zip(metrics, values.mean(axis=1), strict=True)), ids) if ran.all() else None
        rows.append(
            Row(
                rank=None,
                method=first.method.name,
                title=first.method.title,
                mode=key[2],
                rule=key[3],
                configuration=runs["configuration"].iloc[0],
                encoder=runs["encoder"].iloc[0],
                text=runs["text"].iloc[0],
                seeds=tuple(expected),
                cells=cells,
                average=average,
                strategy=key[4] or None,
            )
        )
        runs_of_row.append(by_place)
    return rows, runs_of_row


def _cell(values: dict[str, np.ndarray], seeds: np.ndarray) -> Cell:
    """``values``: a value per seed of every metric."""
    gap = None if np.isnan(values["gap"]).any() else _estimate(values["gap"]).mean
    return Cell(_estimate(values["top1"]), _estimate(values["mean_per_class"]), gap, tuple(seeds.tolist()))


def _generalized_cell(values: dict[str, np.ndarray], seeds: np.ndarray) -> GeneralizedCell:
    estimates = {metric.replace("mean_per_class", "per_class"): _estimate(of) for metric, of in values.items()}
    return GeneralizedCell(**estimates, seeds=tuple(seeds.tolist()))


def _estimate(values: np.ndarray) -> Estimate:
    return Estimate(*mean_interval(values))


def _remarks(part: pd.DataFrame) -> tuple[str, ...]:
    """Sentences on what has no number, and why."""
    missing = part[part["missing"] != ""].drop_duplicates(["run", *ROW])
    times = Counter(zip(missing["title"], missing["strategy"], missing["missing"], strict=True))
    return tuple(
        f"{title}: no numbers under {strategy} in {n} result{'s' * (n != 1)} (run, mode and rule): {why}."
        for (title, strategy, why), n in sorted(times.items())
    )


def _require_each_seed_once(part: pd.DataFrame, results: Results) -> None:
    part = part[part["missing"] == ""]
    place = [*ROW, "metric", "split", "seed"]
    again = part[part.duplicated(place)]
    if len(again):
        same = part[(part[place] == again[place].iloc[0]).all(axis=1)]
        one, other = (results[run] for run in same["run"].iloc[:2])
        raise RecordError(
            f"runs {one.run} and {other.run} are both {one.method.name} on {one.split.name} with seed {one.seed}; "
            f"they differ in {', '.join(one.differences(other)) or 'nothing'}",
            "A seed counts once: move one of the two elsewhere.",
        )


def _require_one_evaluator(records: list[Record]) -> None:
    runs = {r.evaluator: r.run for r in reversed(records)}
    if len(runs) > 1:
        listed = ", ".join(f"version {v} (run {runs[v]})" for v in sorted(runs))
        raise RecordError(
            f"records of different evaluator versions don't go into one table ({records[0].dataset.id}): {listed}",
            "Run the older ones again into another folder, or move them elsewhere.",
        )


def _require_same_splits(records: list[Record]) -> None:
    first: dict[str, Record] = {}
    for record in records:
        other = first.setdefault(record.split.name, record)
        if other.split.hash != record.split.hash:
            raise RecordError(
                f"the split {record.split.name!r} has other classes in run {record.run} than in run {other.run}",
                "The split file changed in between; run the older ones again into another folder.",
            )


def _splits(records: list[Record]) -> tuple[Split, ...]:
    """In the order of the papers: few unseen classes first, then by name."""
    columns = {
        r.split.name: Split(r.split.name, 1 / len(r.split.unseen), len(r.split.seen), len(r.split.unseen))
        for r in reversed(records)
    }
    return tuple(sorted(columns.values(), key=lambda s: (s.unseen, natural(s.name))))


def _title(record: Record) -> str:
    title = record.dataset.title
    return title + (" (simulated)" if record.dataset.simulated and "simulated" not in title else "")


def _references(records: list[Record], splits: tuple[Split, ...], setting: str) -> tuple[Reference, ...]:
    """Published numbers of the table's own methods; simulated data has none, whatever its id."""
    dataset, family = records[0].dataset, records[0].split.family
    if dataset.simulated:
        return ()
    titles = {r.method.name: r.method.title for r in reversed(records)}
    references = []
    for method in sorted(titles):
        numbers = {
            s.name: [
                number
                for metric in PRINTED[setting]
                for number in published(dataset.base or dataset.id, family, s.name, setting, metric, method)
            ]
            for s in splits
        }
        if numbers := {split: of for split, of in numbers.items() if of}:
            references.append(Reference(method, titles[method], numbers))
    return tuple(references)


def _failures(records: list[Record], splits: tuple[Split, ...]) -> tuple[Failure, ...]:
    position = {s.name: i for i, s in enumerate(splits)}
    failed = [r for r in records if not r.is_done]
    failed.sort(key=lambda r: (r.method.name, position[r.split.name], r.seed, r.run))
    return tuple(Failure(r.run, r.method.name, r.split.name, r.seed, r.error_line) for r in failed)
