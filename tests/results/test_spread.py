"""How many seeds would tell methods apart, from records and by ``zsar power``."""

import argparse

import pytest

from zsar.commands import power as command
from zsar.errors import RecordError, UnknownName, ZsarError
from zsar.evaluation.power import seeds_needed, upper_deviation
from zsar.results import Results
from zsar.results.record import RECORD_FORMAT, write_record


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
    assert list(Results([some, *others]).power(3)["seeds"]) == [1] * 5
    failed = record(5, status="failed", results=None, error={"type": "E", "message": "m"})
    with pytest.raises(RecordError, match="no finished run"):
        Results([failed]).power(3)
    with pytest.raises(RecordError, match="a seed counts once"):
        Results([some, record(0, run="another")]).power(3)


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
