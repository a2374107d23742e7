"""Records -> leaderboard tables, the same for the same records in whatever order they come."""

from collections import defaultdict
from dataclasses import replace

from zsar.errors import RecordError, UnknownName
from zsar.results import labels
from zsar.results.indistinct import letters
from zsar.results.published import METRICS, published
from zsar.results.ranking import RULES, ranked
from zsar.results.rows import rows
from zsar.results.table import Failure, Reference, Split, Table

SETTINGS = ("zsl", "gzsl")


def leaderboard(records: list[dict], rules=None, scores=None) -> list[Table]:
    """One `Table` per dataset, dataset version, protocol, split family and setting.

    ``rules`` are the selection rules to make rows of, of ``last``, ``val`` and ``oracle``; None
    takes every ranking rule that the records hold, and ``oracle`` only where there is nothing else.
    Rows are ranked within their rule by the mean over all splits, of top-1 accuracy in ZSL and of
    the harmonic mean in GZSL; a row that lacks a run, and every row whose epoch or calibration is
    the ``oracle``'s, is listed below without a rank. ``scores`` (run id, array names) -> arrays or
    None, as `zsar.results.record.scores_beside` gives it, adds groups of rows that can't be told apart.

    Raises `RecordError` when one table would mix evaluator versions or count a seed twice, and
    `UnknownName` for a rule that doesn't exist.
    """
    for rule in rules or ():
        if rule not in RULES:
            raise UnknownName("selection rule", rule, RULES)
    groups = defaultdict(list)
    for record in sorted(records, key=lambda r: r["run"]):
        dataset = record["dataset"]
        for setting in _settings(record):
            groups[
                dataset["simulated"],
                dataset["id"],
                str(dataset["version"]),
                dataset["protocol"],
                record["split"]["family"],
                SETTINGS.index(setting),
            ].append(record)
    return [_table(groups[key], SETTINGS[key[-1]], rules, scores) for key in sorted(groups)]


def _settings(record: dict) -> tuple[str, ...]:
    """Every run is judged among the unseen classes; some also among all."""
    for setting in record["settings"]:
        if setting not in SETTINGS:
            raise RecordError(
                f"run {record['run']} was judged under the setting {setting!r}; "
                f"this version of zsar reports {' and '.join(SETTINGS)}"
            )
    return SETTINGS if "gzsl" in record["settings"] else SETTINGS[:1]


def _table(records: list[dict], setting: str, rules, scores) -> Table:
    first = records[0]
    _one_evaluator(records)
    splits = _splits(records)
    made, behind, remarks = rows(records, splits, setting, rules)
    if scores is not None and setting == "zsl":
        of_row, remark = letters(made, behind, splits, scores)
        made = [replace(row, group=of_row.get(i)) for i, row in enumerate(made)]
        remarks += remark
    dataset = first["dataset"]
    return Table(
        dataset=dataset["id"],
        title=_title(dataset),
        version=str(dataset["version"]),
        simulated=dataset["simulated"],
        protocol=dataset["protocol"],
        setting=setting,
        family=first["split"]["family"],
        evaluator=first["evaluator"],
        splits=splits,
        rows=ranked(made),
        references=_references(records, splits, setting),
        failures=_failures(records, splits),
        runs=len(records),
        remarks=remarks,
    )


def _title(dataset: dict) -> str:
    said = "simulated" in dataset["title"]
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
        Split(name, 1 / len(r["split"]["unseen"]), len(r["split"]["seen"]), len(r["split"]["unseen"]))
        for name, r in found.items()
    ]
    return tuple(sorted(columns, key=lambda s: (s.unseen, labels.natural(s.name))))


def _references(records: list[dict], splits, setting: str) -> tuple[Reference, ...]:
    """Published numbers of the table's own methods; simulated data has none, whatever its id."""
    dataset = records[0]["dataset"]
    if dataset["simulated"]:
        return ()
    family = records[0]["split"]["family"]
    titles = {r["method"]["name"]: r["method"]["title"] for r in reversed(records)}
    found = []
    for method in sorted(titles):
        numbers = {
            s.name: [
                n
                for metric in METRICS[setting]
                for n in published(dataset.get("base") or dataset["id"], family, s.name, setting, metric, method)
            ]
            for s in splits
        }
        numbers = {name: n for name, n in numbers.items() if n}
        if numbers:
            found.append(Reference(method, titles[method], numbers))
    return tuple(found)


def _failures(records: list[dict], splits) -> tuple[Failure, ...]:
    position = {s.name: i for i, s in enumerate(splits)}
    failed = [r for r in records if r["status"] == "failed"]
    failed.sort(key=lambda r: (r["method"]["name"], position[r["split"]["name"]], r["seed"], r["run"]))
    return tuple(
        Failure(r["run"], r["method"]["name"], r["split"]["name"], r["seed"], labels.error_line(r)) for r in failed
    )
