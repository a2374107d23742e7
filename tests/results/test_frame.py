"""Records as one tidy frame."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from made_up import made_up

from zsar.errors import RecordError, UnknownName
from zsar.protocol import METRICS, STRATEGIES
from zsar.results import Results, write_record
from zsar.results.frame import COLUMNS

RECORDS = Path(__file__).parents[2] / "benchmarks" / "records"


def test_every_number_of_the_records_stands_in_the_frame_once_and_no_other():
    results = Results.read(RECORDS / "utd-mhad")
    tidy = results.frame()
    assert list(tidy.columns) == list(COLUMNS)
    place = ["run", "mode", "rule", "setting", "strategy", "metric"]
    assert not tidy.duplicated(place).any()
    values = tidy.set_index(place)["value"].to_dict()
    for record in results:
        for mode, rules in record.results.items():
            for rule, numbers in rules.items():
                for metric in METRICS["zsl"]:
                    assert values.pop((record.run, mode, rule, "zsl", "", metric)) == numbers[metric]
                for strategy, of_strategy in numbers.get("gzsl", {}).get("strategies", {}).items():
                    for metric in METRICS["gzsl"]:
                        source = numbers["gzsl"] if metric.startswith("ausuc") else of_strategy
                        assert values.pop((record.run, mode, rule, "gzsl", strategy, metric)) == source[metric]
    assert values == {}


def test_the_gap_is_the_oracle_minus_the_rule_of_the_same_run():
    tidy = Results([made_up("a", top1=0.4, oracle_adds=0.05, modes=("inductive", "transductive"))]).frame()
    top1 = tidy[tidy["metric"] == "top1"].set_index(["mode", "rule"])["gap"]
    assert top1["inductive", "last"] == pytest.approx(0.05) == top1["transductive", "last"]
    assert top1.xs("oracle", level="rule").isna().all()
    without = Results([made_up("a", rules=("last",))]).frame()
    assert without["gap"].isna().all()


def test_what_has_no_number_says_why():
    one = made_up("a", settings=("zsl", "gzsl"), unavailable={"gate": "too few clips"})
    tidy = Results([one]).frame()
    missing = tidy[tidy["value"].isna()]
    assert set(missing["strategy"]) == {"gate"} and set(missing["missing"]) == {"too few clips"}
    assert set(tidy["strategy"]) == {"", *STRATEGIES}
    assert not tidy.loc[tidy["missing"] == "", "value"].isna().any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda last: last.pop("top1"), "lacks 'top1' in results.inductive.last"),
        (lambda last: last.update(top1=None), "no number under 'top1' in results.inductive.last"),
        (lambda last: last["gzsl"].pop("ausuc"), "lacks 'ausuc' in results.inductive.last.gzsl"),
        (lambda last: last["gzsl"]["strategies"]["gate"].pop("seen"), "lacks 'seen' in results.inductive.last.gzsl"),
    ],
)
def test_a_number_that_is_not_there_is_named(change, said):
    one = made_up("a", settings=("zsl", "gzsl"))
    change(one["results"]["inductive"]["last"])
    with pytest.raises(RecordError, match=f"run {one['run']}.*{said}"):
        Results([one]).frame()


def test_failed_runs_are_among_the_runs_and_not_in_the_frame():
    error = {"type": "ValueError", "message": "shapes\nmore"}
    results = Results([made_up("a"), made_up("b", error=error)])
    assert set(results.runs()["status"]) == {"done", "failed"} and set(results.frame()["method"]) == {"a"}
    assert [(r.method.name, r.error_line) for r in results.failures] == [("b", "ValueError: shapes")]
    assert len(results) == 2 and results[results.failures[0].run] is results.failures[0]
    with pytest.raises(UnknownName, match="unknown run 'nothing'"):
        results["nothing"]


def test_only_failures_make_an_empty_frame_with_its_columns():
    tidy = Results([made_up("a", error={"type": "E"})]).frame()
    assert len(tidy) == 0 and list(tidy.columns) == list(COLUMNS)


def test_names_are_those_of_the_leaderboard_that_a_run_belongs_to():
    rates = {"utd-mhad": (0.1, 0.2), "nw-ucla": (0.1,)}
    results = Results(
        made_up("a", dataset=dataset, keywords={"lr": lr}) for dataset, all_of in rates.items() for lr in all_of
    )
    names = results.frame().groupby("dataset")["configuration"].unique()
    assert sorted(names["utd-mhad"]) == ["lr=0.1", "lr=0.2"] and list(names["nw-ucla"]) == [""]


def test_what_is_done_to_a_frame_leaves_the_results_alone():
    results = Results([made_up("a", top1=0.5)])
    tidy = results.frame()
    tidy["value"] = 0.0
    assert results.frame()["value"].max() >= 0.5 and not math.isnan(results.tables()[0].rows[0].average.top1.mean)


def test_several_folders_are_read_as_one_and_a_run_counts_once(tmp_path):
    one, other = made_up("a"), made_up("b", seed=1)
    for folder, record in (("x", one), ("y", other)):
        write_record(tmp_path / folder, record)
    results = Results.read(tmp_path / "x", tmp_path / "y", tmp_path / "x")
    assert [r.run for r in results] == sorted([one["run"], other["run"]])
    write_record(tmp_path / "y", one)
    with pytest.raises(RecordError, match=f"run {one['run']} is in .*x and in .*y"):
        Results.read(tmp_path / "x", tmp_path / "y")


def test_records_are_read_without_pandas():
    code = (
        "import sys, zsar.results; results = zsar.results.Results.read(sys.argv[1]); "
        "assert results.records and not {'pandas', 'scipy', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, RECORDS / "pku-sim"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
