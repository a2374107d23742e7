import argparse
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zsar.commands import power as command
from zsar.errors import RecordError, UnknownName, ZsarError
from zsar.evaluation.power import power_of, seeds_needed, upper_deviation
from zsar.results.record import RECORD_FORMAT, write_record


@settings(max_examples=80, deadline=None)
@given(st.floats(0.1, 5), st.floats(0.3, 5), st.integers(2, 40), st.floats(0.8, 0.99))
def test_power_agrees_with_scipy(difference, sd, seeds, level):
    shift, freedom = difference / sd * np.sqrt(seeds / 2), 2 * seeds - 2
    critical = stats.t.ppf((1 + level) / 2, freedom)
    expected = stats.nct.sf(critical, freedom, shift)
    if shift < 6:  # beyond, the other tail is nothing, and scipy's noncentral t not a number
        expected += stats.nct.cdf(-critical, freedom, shift)
    assert power_of(difference, sd, sd, seeds, level) == pytest.approx(expected, abs=1e-6)


def test_power_agrees_with_statsmodels():
    statistics = pytest.importorskip("statsmodels.stats.power")
    for effect, seeds in ((0.5, 10), (1.0, 17), (2.0, 5), (3.0, 3)):
        expected = statistics.TTestIndPower().power(effect, seeds, 0.05)
        assert power_of(effect, 1, 1, seeds) == pytest.approx(expected)
        needed = statistics.TTestIndPower().solve_power(effect, power=0.8, alpha=0.05)
        assert seeds_needed(effect, 1) == int(np.ceil(needed))


@pytest.mark.parametrize(
    ("difference", "sd_a", "sd_b", "seeds"),
    [
        (3, 2, 2, 8),
        (1, 2, 2, 5),
        (3, 1, 3, 10),
        (4, 1, 1, 3),
    ],
)
def test_power_agrees_with_simulation(difference, sd_a, sd_b, seeds):
    rng = np.random.default_rng(0)
    a = rng.normal(difference, sd_a, (20_000, seeds))
    b = rng.normal(0, sd_b, (20_000, seeds))
    found = stats.ttest_ind(a, b, axis=1, equal_var=sd_a == sd_b).pvalue
    assert power_of(difference, sd_a, sd_b, seeds) == pytest.approx(np.mean(found < 0.05), abs=0.015)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.2, 10), st.floats(0.1, 5), st.floats(0.1, 5), st.floats(0.5, 0.95))
def test_one_seed_less_is_not_enough(difference, sd, other, power):
    needed = seeds_needed(difference, sd, other, power=power)
    assert power_of(difference, sd, other, needed) >= power
    assert needed == 2 or power_of(difference, sd, other, needed - 1) < power


def test_the_ends():
    assert seeds_needed(3, 0) == 2 and seeds_needed(-3, 1) == seeds_needed(3, 1)
    assert seeds_needed(1e9, 1e-9) == 2
    assert seeds_needed(0.001, 5) is None
    assert power_of(0, 1, 1, 9) == pytest.approx(0.05) == power_of(0, 0, 0, 9)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: seeds_needed(0, 1), "no number of seeds"),
        (lambda: seeds_needed(float("nan"), 1), "difference should be a finite number"),
        (lambda: seeds_needed(1, -1), "not negative"),
        (lambda: seeds_needed(1, 1, power=1.0), "power lies between 0 and 1"),
        (lambda: power_of(1, 1, 1, 1), "two seeds"),
        (lambda: power_of(1, 1, 1, 5, level=0), "level lies between"),
        (lambda: upper_deviation(1, 5, 2), "confidence lies"),
    ],
)
def test_senseless_input_is_refused(call, said):
    with pytest.raises(ZsarError, match=said):
        call()


@pytest.mark.parametrize("seeds", [2, 3, 5, 20])
def test_the_bound_of_a_deviation_holds_as_often_as_it_says(seeds):
    found = np.random.default_rng(0).normal(0, 2, (20_000, seeds)).std(axis=1, ddof=1)
    factor = upper_deviation(1.0, seeds, 0.8)
    assert np.mean(found * factor >= 2) == pytest.approx(0.8, abs=0.01)
    assert upper_deviation(1.0, 1) is None


def record(seed: int, method="pgfa", top1=0.5, split="split_1", **changed) -> dict:
    return {
        "format": RECORD_FORMAT,
        "evaluator": 1,
        "run": f"{method}-{split}-{seed}",
        "status": "done",
        "error": None,
        "seed": seed,
        "settings": ["zsl"],
        "encoder": None,
        "method": {"name": method, "class": "m:M", "title": method, "keywords": {}},
        "dataset": {
            "id": "d",
            "title": "D",
            "version": "1",
            "simulated": False,
            "protocol": "xsub",
        },
        "split": {
            "id": "d",
            "family": "f",
            "name": split,
            "hash": "h",
            "seen": ["a"],
            "unseen": ["b"],
        },
        "text": {"model": "t", "prompt_set": "p", "prompts": ["label"]},
        "results": {
            "inductive": {
                "last": {"top1": top1, "block": {"harmonic": top1 / 2}},
                "oracle": {"top1": 0.9},
            }
        },
    } | changed


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args(arguments))


VALUES = {"pgfa": [0.50, 0.52, 0.54], "dvta": [0.40, 0.41, 0.42], "once": [0.7]}


@pytest.fixture
def folder(tmp_path):
    for method, values in VALUES.items():
        for seed, value in enumerate(values):
            write_record(tmp_path, record(seed, method, value))
    return tmp_path


def row(text: str, method: str) -> list[str]:
    line = next(line for line in text.splitlines() if method in line)
    return [part.strip() for part in line.strip("│┃ ").split("│")]


def test_records_give_the_spread_and_a_single_seed_gives_none(folder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert run(str(folder), "--difference", "3") == 0
    text = capsys.readouterr().out
    expected = [seeds_needed(3, sd) for sd in (2.0, upper_deviation(2.0, 3, 0.8))]
    assert row(text, "pgfa") == ["pgfa", "last", "3", "52.0", "2.00", *map(str, expected)]
    assert row(text, "dvta")[4] == "1.00"
    assert row(text, "once") == ["once", "last", "1", "70.0", "n/a", "n/a", "n/a"]
    assert f"Any two of these: {seeds_needed(3, 2.0, 1.0)} seeds" in text


def test_another_metric_and_rule(folder, capsys):
    assert run(str(folder), "--difference", "3", "--metric", "block.harmonic") == 0
    assert row(capsys.readouterr().out, "pgfa")[3:5] == ["26.0", "1.00"]
    assert run(str(folder), "--difference", "3", "--rule", "oracle") == 0
    assert row(capsys.readouterr().out, "pgfa")[3:5] == ["90.0", "0.00"]
    with pytest.raises(UnknownName, match="selection rule 'lst'"):
        run(str(folder), "--difference", "3", "--rule", "lst")
    with pytest.raises(RecordError, match="no finished run with 'nothing'"):
        run(str(folder), "--difference", "3", "--metric", "nothing")


def test_what_differs_in_more_than_the_seed_is_kept_apart():
    some = record(0)
    others = [
        record(1, evaluator=2),
        record(2, split="split_2"),
        record(3, dataset=some["dataset"] | {"version": "2"}),
        record(4, method="pgfa") | {"encoder": {"name": "e", "keywords": {}}},
    ]
    found = command.spreads([some, *others], ["last"], "top1")
    assert sorted(len(v) for rows in found.values() for v in rows.values()) == [1] * 5
    failed = record(5, status="failed", results=None)
    assert command.spreads([failed], ["last"], "top1") == {}
    with pytest.raises(RecordError, match="a seed counts once"):
        command.spreads([some, record(0, run="another")], ["last"], "top1")


def test_given_numbers(capsys):
    assert run("--sd", "2", "--difference", "3") == 0
    assert capsys.readouterr().out.startswith(f"{seeds_needed(3, 2)} seeds of each method")
    assert run("--sd", "2", "--other-sd", "1", "--difference", "3") == 0
    assert capsys.readouterr().out.startswith(f"{seeds_needed(3, 2, 1)} seeds")
    assert run("--sd", "5", "--difference", "0.001") == 0
    assert capsys.readouterr().out.startswith("more than 10,000 seeds")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--difference", "3"],
        ["somewhere", "--sd", "1", "--difference", "3"],
        ["somewhere", "--other-sd", "1", "--difference", "3"],
    ],
)
def test_either_records_or_numbers(arguments):
    with pytest.raises(ZsarError):
        run(*arguments)


def test_public_names_need_nothing_heavy():
    code = (
        "import sys, zsar.evaluation as e; [getattr(e, name) for name in e.__all__]; "
        "heavy = {'torch', 'sklearn', 'scipy', 'pandas'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
