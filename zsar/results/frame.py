"""Records as one tidy pandas frame: a row per run, mode, rule, setting, strategy and metric."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from zsar.errors import RecordError
from zsar.protocol import METRICS, RULES, SETTINGS, STRATEGIES
from zsar.results.naming import tell_apart
from zsar.results.record import Record

if TYPE_CHECKING:
    import pandas as pd

TABLE = ("simulated", "dataset", "version", "protocol", "family", "setting")
"""Columns whose values a leaderboard's runs share."""
ROW = ("method", "configuration_id", "mode", "rule", "strategy")
"""Columns whose values a leaderboard's row is about; the other ones are averaged over: split and seed."""
COLUMNS = {
    "run": "the run's id, which names its record",
    "dataset": "the dataset's id",
    "version": "the prepared data's hash",
    "simulated": "whether the motions are simulated",
    "protocol": "which clips train and which test",
    "family": "splits that were drawn in one way",
    "split": "the split's name within its family",
    "evaluator": "the version of the evaluator; scores of different ones don't compare",
    "method": "the method's name",
    "title": "the method's name in its paper",
    "configuration": "the keywords that differ between the method's rows of a leaderboard",
    "encoder": "the encoder, with the keywords that differ",
    "text": "the text model, prompt set and prompts",
    "configuration_id": "equal for runs that differ in dataset, split, protocol or seed alone",
    "seed": "the random seed",
    "mode": "inductive or transductive",
    "rule": "which epoch counts: last, val or oracle",
    "setting": "zsl or gzsl",
    "strategy": "gzsl: how seen and unseen scores are made comparable; empty under zsl",
    "metric": "what was measured, a key of `zsar.protocol.METRICS`",
    "value": "a fraction in [0, 1]; missing where ``missing`` says why",
    "gap": "the same number under the rule oracle minus this one; missing for oracle itself, and without it",
    "missing": "why a strategy has no numbers; empty where it has",
}
"""The columns of `frame`."""


def runs(records: Iterable[Record]) -> pd.DataFrame:
    """A pandas frame with a row per run and setting, failed ones too: a run's columns of `COLUMNS`, and ``status``.

    In the order of leaderboards and, within one, of run ids. Names are those of the leaderboard that a run belongs to.
    Raises `RecordError` for a setting that this version doesn't know.
    """
    import pandas as pd

    tables = defaultdict(list)
    for record in sorted(records, key=lambda r: r.run):
        for setting in _settings(record):
            tables[_table(record, setting)].append(record)
    lines = []
    for key in sorted(tables):
        names = tell_apart([r for r in tables[key] if r.is_done])
        table = {**dict(zip(TABLE, key, strict=True)), "setting": list(SETTINGS)[key[-1]]}
        lines += [{**table, **_line(record), **names.get(record.configuration, {})} for record in tables[key]]
    of_numbers = ("mode", "rule", "strategy", "metric", "value", "gap", "missing")
    return pd.DataFrame(lines, columns=[*(name for name in COLUMNS if name not in of_numbers), "status"])


def frame(records: Iterable[Record]) -> pd.DataFrame:
    """The finished runs' numbers as a pandas frame with `COLUMNS`, in the order of `runs`.

    Raises `RecordError` for a record that lacks a number, and as `runs` does.

    >>> from zsar.results.record import read_records
    >>> tidy = frame(read_records("benchmarks/records/pku-sim"))
    >>> last = tidy[(tidy.metric == "top1") & (tidy.rule == "last") & (tidy["mode"] == "inductive")]
    >>> last.groupby("method")["value"].mean().round(3).to_dict()
    {'dvta': 0.751, 'pgfa': 0.599, 'sadvae': 0.513}
    """
    import pandas as pd

    by_run = {record.run: record for record in records}
    table = runs(by_run.values())
    done = table[table["status"] == "done"].drop(columns="status")
    lines = [
        (run, setting, *line)
        for run, setting in zip(done["run"], done["setting"], strict=True)
        for line in numbers(by_run[run], setting)
    ]
    values = pd.DataFrame(lines, columns=["run", "setting", "mode", "rule", "strategy", "metric", "value", "missing"])
    values["value"] = values["value"].astype(float)
    place = ["run", "setting", "mode", "strategy", "metric"]
    oracle = values[values["rule"] == "oracle"].drop_duplicates(place)
    values = values.merge(oracle[[*place, "value"]], on=place, how="left", suffixes=("", "_oracle"))
    values["gap"] = (values["value_oracle"] - values["value"]).where(values["rule"] != "oracle")
    return values.merge(done, on=["run", "setting"], how="left")[list(COLUMNS)]


def numbers(record: Record, setting: str) -> Iterator[tuple[str, str, str, str, float | None, str]]:
    """(mode, rule, strategy, metric, value, why it is missing) of a finished run under one setting.

    Raises `RecordError` that names the run and the key where a number is missing without a reason.
    """
    for mode, rules in record.results.items():
        for rule in (r for r in RULES if r in rules):
            where = f"results.{mode}.{rule}"
            if setting == "zsl":
                for metric in METRICS["zsl"]:
                    yield mode, rule, "", metric, _number(rules[rule], metric, record, where), ""
                continue
            block = _block(rules[rule], "gzsl", record, where)
            strategies = _block(block, "strategies", record, f"{where}.gzsl")
            for strategy in (s for s in STRATEGIES if s in strategies):
                for metric, value, why in _generalized(block, strategies[strategy], record, f"{where}.gzsl"):
                    yield mode, rule, strategy, metric, value, why


def _generalized(block: dict, strategy: dict, record: Record, where: str) -> Iterator[tuple[str, float | None, str]]:
    """The metrics of one strategy; areas under the curve belong to the rule, whatever the strategy."""
    metrics = METRICS["gzsl"]
    if "not_available" in strategy:
        yield from ((metric, None, strategy["not_available"]) for metric in metrics)
        return
    values = {m: _block(block if m.startswith("ausuc") else strategy, m, record, where) for m in metrics}
    if any(value is None for value in values.values()):
        side = "seen" if values["seen"] is None else "unseen"
        yield from ((metric, None, f"no test clip of {side} classes") for metric in metrics)
        return
    yield from ((metric, value, "") for metric, value in values.items())


def _number(block: dict, key: str, record: Record, where: str) -> float:
    value = _block(block, key, record, where)
    if value is None:
        raise RecordError(f"run {record.run} has no number under {key!r} in {where}")
    return value


def _block(block: dict, key: str, record: Record, where: str) -> Any:
    try:
        return block[key]
    except KeyError:
        hint = "It says that it was judged under gzsl; run it again." if "gzsl" in (key, where[-4:]) else None
        raise RecordError(f"run {record.run} lacks {key!r} in {where}", hint) from None


def _settings(record: Record) -> tuple[str, ...]:
    """Every run is judged among the unseen classes; some also among all."""
    for setting in record.settings:
        if setting not in SETTINGS:
            raise RecordError(
                f"run {record.run} was judged under the setting {setting!r}; "
                f"this version of zsar reports {' and '.join(SETTINGS)}"
            )
    return tuple(s for s in SETTINGS if s == "zsl" or s in record.settings)


def _table(record: Record, setting: str) -> tuple:
    dataset = record.dataset
    place = list(SETTINGS).index(setting)
    return dataset.simulated, dataset.id, dataset.version, dataset.protocol, record.split.family, place


def _line(record: Record) -> dict:
    return {
        "run": record.run,
        "split": record.split.name,
        "evaluator": record.evaluator,
        "method": record.method.name,
        "title": record.method.title,
        "configuration_id": record.configuration_id,
        "seed": record.seed,
        "status": record.status,
    }
