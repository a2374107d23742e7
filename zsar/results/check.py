"""Records against what papers print, or against our own earlier numbers."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsar.evaluation.intervals import mean_interval
from zsar.protocol import RULES, STRATEGIES
from zsar.results.collection import Results
from zsar.results.expected import KEY, MACHINE, cells, machine, read_expected, tolerance
from zsar.results.naming import natural, tell_apart
from zsar.results.published import published, published_range
from zsar.results.record import Record

if TYPE_CHECKING:
    import pandas as pd

REPRODUCED, BELOW, ABOVE, NOT_COMPARABLE = "reproduced", "below", "above", "not comparable"
WIDE = 0.05
"""An interval of more than this to either side reaches a published number too easily to reproduce it."""
ROUNDING = 0.0005
"""Half of the last digit of a percentage printed with one decimal."""


@dataclass(frozen=True)
class Compared:
    """One cell of the records against its counterpart; accuracies are fractions.

    ``reference`` is the counterpart as text in percent, ``difference`` ours minus it (its nearest
    value, where sources differ); None where they don't compare. ``why`` is empty for a plain verdict. ``differs``
    says what of the machine is not as where the expected numbers are from: "instructions AVX2, expected AVX512".
    """

    dataset: str
    split: str
    setting: str
    method: str
    title: str
    mode: str
    rule: str
    strategy: str | None
    configuration: str
    reference: str
    mean: float | None
    half: float | None
    seeds: int
    difference: float | None
    verdict: str
    why: str = ""
    source: str = ""
    differs: tuple[str, ...] = ()


def against_expected(results: Results, folder: Path | None = None) -> list[Compared]:
    """Every cell of the records that has an expected number (``folder``: the shipped ones).

    Compared are the seeds that both have. `below` is a regression: lower than expected by more than the tolerance
    (`zsar.results.expected.tolerance`), or a run that failed. Cells of other dataset versions, evaluators or
    configurations, or without a common seed, are not comparable.
    Raises `RecordError` for records that don't go together and `ZsarError` for a malformed file.
    """
    expected = defaultdict(list)
    differing: dict[str, tuple[str, ...]] = {}
    for dataset in sorted({r.dataset.id for r in results}):
        expected_cells, machines = read_expected(dataset, folder)
        differing |= {r.run: _differences(r, machines) for r in results if r.dataset.id == dataset}
        for cell in expected_cells:
            expected[tuple(cell[k] for k in KEY)].append(cell)
    failed = defaultdict(list)
    for record in results.failures:
        failed[_same_but_seed(record)].append(record)
    compared, names = [], tell_apart(list(results))
    present = set()
    for name, first, runs in cells(results):
        present.add(_same_but_seed(first))
        if candidates := expected.get(name):
            same = [c for c in candidates if c["inputs"] == first.fingerprints]
            cell = (same or candidates)[0]
            compared.append(_expected(first, runs, name, cell, failed[_same_but_seed(first)], names, differing))
    for key in failed.keys() - present:  # all runs failed, which therefore have no cell in the records
        first = failed[key][0]
        for name, candidates in expected.items():
            if (name[0], name[1], name[4]) == key[:3] and name[2] in first.settings:
                for cell in candidates:
                    if cell["inputs"] == first.fingerprints:
                        compared.append(_expected(first, None, name, cell, failed[key], names, differing))
    return sorted(compared, key=_order)


def against_published(results: Results) -> list[Compared]:
    """Every cell of the records that has a published number of its dataset, split and setting.

    Papers keep the epoch that is best on the test classes, so only the rule `oracle` compares; in
    the generalized setting, where papers calibrate, only calibrated H does (S and U trade against
    one another). Reproduced: our 95% interval over seeds reaches the range of published values
    and is no wider than `WIDE` to either side.
    Raises `RecordError` for records that don't go together.
    """
    compared, names = [], tell_apart(list(results))
    for name, first, runs in cells(results):
        dataset, (_, _, setting, metric, method, *_) = first.dataset, name
        if dataset.simulated:
            continue
        split = first.split
        if numbers := published(dataset.base or dataset.id, split.family, split.name, setting, metric, method):
            compared.append(_published(first, runs, name, numbers, names))
    return sorted(compared, key=_order)


def _same_but_seed(record: Record) -> tuple:
    """Equal for runs that differ in the seed alone."""
    return record.split.id, record.dataset.protocol, record.method.name, *record.fingerprints.values()


def _differences(record: Record, machines: list[dict]) -> tuple[str, ...]:
    """What of a record's machine is not as on the likest of those that the expected numbers are from."""
    mine = machine(record)
    other = lambda theirs: [key for key in MACHINE if key in theirs and mine.get(key) != theirs[key]]
    lists = [tuple(f"{key} {mine.get(key, 'unknown')}, expected {m[key]}" for key in other(m)) for m in machines]
    return min(lists, key=len, default=())


def _expected(
    first: Record,
    runs: pd.DataFrame | None,
    name: tuple,
    cell: dict,
    failed: list[Record],
    names: dict,
    differing: dict[str, tuple[str, ...]],
) -> Compared:
    by_seed = {} if runs is None else dict(zip(runs["seed"].tolist(), runs["value"].tolist(), strict=True))
    references = dict(zip(cell["seeds"], cell["values"], strict=True))
    failed = [r for r in failed if r.seed in references]
    failed_seeds = {r.seed for r in failed}
    common = sorted(references.keys() & (by_seed.keys() | failed_seeds))
    references = {seed: references[seed] for seed in common or references}
    values = [by_seed[seed] for seed in common if seed in by_seed]
    reference, allowed = math.fsum(references.values()) / len(references), None
    differs = tuple(dict.fromkeys(d for run in (() if runs is None else runs["run"]) for d in differing[run]))
    if cell["spread"] is not None:
        allowed = tolerance(cell["spread"], len(references), first, name[2], same_machine=not differs)
    why, difference, verdict = "", None, NOT_COMPARABLE
    if cell["evaluator"] != first.evaluator:
        why = f"evaluator {first.evaluator}, expected {cell['evaluator']}"
    elif cell["dataset_version"] != first.dataset.version:
        why = f"dataset version {first.dataset.version}, expected {cell['dataset_version']}"
    elif other := [k for k, v in first.fingerprints.items() if cell["inputs"].get(k) != v]:
        why = f"{' and '.join(other)} not as expected"
    elif not common:
        why = f"seeds {_listed(sorted(by_seed.keys() | failed_seeds))}, expected {_listed(cell['seeds'])}"
    elif failed:
        why, verdict = f"{len(failed)} of {len(common)} runs failed, {failed[0].error_line}", BELOW
    elif allowed is None:
        why = "expected from a single seed, which has no tolerance"
    else:
        difference = math.fsum(values) / len(values) - reference
        verdict = _verdict(difference, allowed + 1e-6)  # both sides are rounded to six digits in the file
    return _compared(
        first,
        values,
        name,
        names,
        reference=f"{100 * reference:.1f} ± {'n/a' if allowed is None else f'{100 * allowed:.1f}'}",
        difference=difference,
        verdict=verdict,
        why=why,
        differs=differs,
    )


def _published(first: Record, runs: pd.DataFrame, name: tuple, numbers: list, names: dict) -> Compared:
    mode, rule, strategy = name[5:8]
    values = runs["value"].tolist()
    mean, half = mean_interval(values)
    low, high = numbers[0].value / 100, numbers[-1].value / 100
    difference = mean - min(max(mean, low), high)
    why = ""
    if rule != "oracle":
        why = f"rule {rule}, published numbers are chosen on the test classes"
    elif strategy == "none":
        why = "published H is calibrated"
    elif protocol := _other_protocol(first):
        why = f"protocol {first.dataset.protocol}, papers use {protocol}"
    elif first.method.transductive and mode == "inductive":
        why = "published with adaptation on the test clips"
    elif half is None:
        why = "a single seed has no interval"
    elif half > WIDE and _verdict(difference, half + ROUNDING) == REPRODUCED:
        why = f"our interval is too wide to tell (over ± {100 * WIDE:.0f} points), run more seeds"
    sources = (f"{n.source} ({', '.join(t for t in (n.encoder, n.text, n.source_kind) if t)})" for n in numbers)
    return _compared(
        first,
        values,
        name,
        names,
        reference=published_range(numbers),
        difference=None if why else difference,
        verdict=NOT_COMPARABLE if why or half is None else _verdict(difference, half + ROUNDING),
        why=why,
        source="; ".join(dict.fromkeys(sources)),
    )


def _compared(first: Record, values: list[float], name: tuple, names: dict, **verdict: Any) -> Compared:
    mean, half = mean_interval(values) if values else (None, None)
    split, _, setting, _, method, mode, rule, strategy = name
    return Compared(
        dataset=first.dataset.id,
        split=split,
        setting=setting,
        method=method,
        title=first.method.title,
        mode=mode,
        rule=rule,
        strategy=strategy,
        configuration=names[first.configuration]["configuration"],
        mean=mean,
        half=half,
        seeds=len(values),
        **verdict,
    )


def _verdict(difference: float, tolerance: float) -> str:
    return REPRODUCED if abs(difference) <= tolerance else BELOW if difference < 0 else ABOVE


def _other_protocol(record: Record) -> str | None:
    """The protocol of the papers, when a record of a known dataset was judged under another one."""
    from zsar import configuration
    from zsar.data.cards import card

    dataset = record.dataset
    if dataset.id not in configuration.names("datasets"):
        return None
    usual = card(dataset.id).default_protocol.name
    return None if usual == dataset.protocol else usual


def _listed(seeds: list[int]) -> str:
    return ",".join(map(str, seeds)) or "none"


def _order(c: Compared) -> tuple:
    strategy = list(STRATEGIES).index(c.strategy) if c.strategy else 0
    return (
        c.dataset,
        natural(c.split),
        c.setting == "gzsl",
        c.method,
        c.mode,
        list(RULES).index(c.rule),
        strategy,
        c.configuration,
        c.reference,
    )
