"""`zsar check`: records against expected and published numbers."""

import argparse
import copy
from pathlib import Path
from statistics import fmean

import pytest
import yaml
from made_up import made_up as record

from zsar.commands import check as command
from zsar.errors import RecordError, UnknownName, ZsarError
from zsar.report.verdicts import markdown, short
from zsar.results import Results
from zsar.results import expected as expectations
from zsar.results.expected import read_expected
from zsar.results.record import write_record

BOTH = ("zsl", "gzsl")
HARMONIC = {s: 0.4 for s in ("none", "stacking", "gate", "oracle")}


def against_expected(records, folder=None):
    return Results(records).compare("expected", folder)


def against_published(records):
    return Results(records).compare("published")


def expected(records) -> dict:
    return expectations.expected(Results(records))


def runs(method="pgfa", top1=(0.50, 0.52, 0.54), **more):
    more = {"settings": BOTH, "harmonic": HARMONIC} | more
    return [record(method, seed=seed, top1=value, **more) for seed, value in enumerate(top1)]


@pytest.fixture
def made():
    return runs() + runs("dvta", (0.4, 0.4, 0.4))


def written(folder: Path, records) -> Path:
    for one in records:
        write_record(folder, one)
    return folder


def numbers(folder: Path, records) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    content = expected(records)
    (folder / f"{content['dataset']}.yaml").write_text(yaml.safe_dump(content))
    return folder


def run(*arguments) -> int:
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args([str(a) for a in arguments]))


def lowered(records, method, by, rule="last"):
    """The records with the accuracy of one method lowered under one rule."""
    changed = copy.deepcopy(records)
    for one in changed:
        if one["method"]["name"] == method:
            one["results"]["inductive"][rule]["top1"] -= by
    return changed


def test_green_on_the_records_that_the_numbers_were_made_from(made, tmp_path, capsys):
    against = numbers(tmp_path / "expected", made)
    assert run(written(tmp_path / "runs", made), "--expected", against) == 0
    said = capsys.readouterr()
    assert "8 cells against expected numbers: 8 reproduced." in said.out and said.err == ""


def test_red_and_names_the_cell_when_an_accuracy_falls_below_the_tolerance(made, tmp_path, capsys):
    against = numbers(tmp_path / "expected", made)
    cell = next(
        c
        for c in read_expected("utd-mhad", against)[0]
        if (c["method"], c["rule"], c["setting"]) == ("pgfa", "last", "zsl")
    )
    within = written(tmp_path / "within", lowered(made, "pgfa", cell["tolerance"] - 1e-4))
    assert run(within, "--expected", against) == 0
    capsys.readouterr()
    below = written(tmp_path / "below", lowered(made, "pgfa", cell["tolerance"] + 1e-4))
    assert run(below, "--expected", against, "--format", "md", "--out", tmp_path / "out") == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "regression: utd-mhad.purls.22-5 zsl PGFA, last:" in said[0]
    text = (tmp_path / "out" / "check.md").read_text()
    assert "8 cells against expected numbers: 7 reproduced, 1 below." in text
    (line,) = [line for line in text.splitlines() if "| below |" in line]
    assert line.startswith("| PGFA, last |")
    raised = written(tmp_path / "above", lowered(made, "pgfa", -cell["tolerance"] - 1e-3))
    assert run(raised, "--expected", against) == 0
    assert "1 above" in capsys.readouterr().out


def test_one_record_alone_turns_it_red(made, tmp_path):
    against = numbers(tmp_path / "expected", made)
    one = copy.deepcopy(made)
    one[-1]["results"]["inductive"]["last"]["top1"] -= 3 * 1.6 / 80  # a mean over three seeds
    assert run(written(tmp_path / "runs", one), "--expected", against) == 1


def test_a_lower_harmonic_mean_is_a_regression_too(made, tmp_path):
    worse = copy.deepcopy(made)
    for one in worse:
        if one["method"]["name"] == "dvta":
            one["results"]["inductive"]["last"]["gzsl"]["strategies"]["gate"]["harmonic"] -= 0.1
    compared = against_expected(worse, numbers(tmp_path, made))
    assert [(short(c), c.setting) for c in compared if c.verdict == "below"] == [("DVTA, last, gate", "gzsl")]
    (cell,) = [c for c in compared if c.verdict == "below"]
    assert cell.difference == pytest.approx(-0.1) and cell.reference == "40.0 ± 3.8"


def test_ours_is_the_mean_over_the_seeds(made, tmp_path):
    compared = against_expected(made, numbers(tmp_path, made))
    (cell,) = [c for c in compared if (c.method, c.rule, c.setting) == ("pgfa", "last", "zsl")]
    assert cell.mean == pytest.approx(fmean((0.50, 0.52, 0.54))) and cell.seeds == 3
    assert cell.difference == pytest.approx(0, abs=1e-6)


OTHER = {
    "seeds 3, expected 0,1,2": lambda r: [record("pgfa", seed=3, settings=BOTH, harmonic=HARMONIC)],
    "method keywords not as expected": lambda r: runs(keywords={"lr": 0.2}),
    "encoder not as expected": lambda r: runs(encoder="stgcn"),
    "text not as expected": lambda r: runs(text="another"),
    "evaluator 2, expected 1": lambda r: runs(evaluator=2),
    "dataset version 99, expected abababababababab": lambda r: [
        {**x, "dataset": {**x["dataset"], "version": "99"}} for x in r
    ],
}


@pytest.mark.parametrize("why", OTHER)
def test_what_does_not_compare_is_refused_with_the_reason(tmp_path, why):
    against = numbers(tmp_path / "expected", runs())
    other = OTHER[why](runs())
    compared = against_expected(other, against)
    assert len(compared) == 4 and {(c.verdict, c.why) for c in compared} == {("not comparable", why)}
    assert {c.difference for c in compared} == {None}
    with pytest.raises(ZsarError, match="nothing in .* could be compared") as caught:
        run(written(tmp_path / "runs", other), "--expected", against)
    assert why in str(caught.value)
    comparable = [*other, *runs("dvta")]
    if "evaluator" not in why:  # which would not go into one table
        numbers(tmp_path / "expected", runs() + runs("dvta"))
        assert run(written(tmp_path / "more", comparable), "--expected", against) == 0


def test_the_seeds_that_are_there_are_held_against_their_own_numbers(tmp_path):
    against = numbers(tmp_path / "expected", runs())
    last = lambda compared: next(c for c in compared if (c.rule, c.setting) == ("last", "zsl"))
    first_two = last(against_expected(runs()[:2], against))
    assert first_two.verdict == "reproduced" and first_two.difference == pytest.approx(0, abs=1e-6)
    assert first_two.reference == "51.0 ± 2.8" and first_two.seeds == 2  # 2 * 0.02 / sqrt(2)
    one_low = last(against_expected([*lowered(runs()[:1], "pgfa", 0.05), *runs()[2:]], against))
    assert one_low.reference == "52.0 ± 2.8" and one_low.difference == pytest.approx(-0.025)
    more = last(against_expected(runs(top1=(0.50, 0.52, 0.54, 0.9)), against))
    assert more.verdict == "reproduced" and more.seeds == 3 and more.difference == pytest.approx(0, abs=1e-6)
    assert run(written(tmp_path / "runs", runs()[:1]), "--expected", against) == 0


HERE = {"device": "cpu", "processor": "P1", "instructions": "AVX512", "threads": 1, "torch": "2.13.0"}


def on(machine: dict, records) -> list:
    return [{**r, "environment": machine} for r in records]


def test_another_machine_is_named_and_judged_as_other_draws(tmp_path, capsys):
    against = numbers(tmp_path / "expected", on(HERE, runs()))
    there = {**HERE, "processor": "P2", "instructions": "AVX2"}
    last = lambda compared: next(c for c in compared if (c.rule, c.setting) == ("last", "zsl"))
    same = last(against_expected(on(HERE, runs()), against))
    assert same.differs == () and same.reference == "52.0 ± 2.3"  # 2 * 0.02 / sqrt(3)
    lower = lowered(runs(), "pgfa", 0.028)
    assert last(against_expected(on(HERE, lower), against)).verdict == "below"
    other = last(against_expected(on(there, lower), against))
    assert other.verdict == "reproduced" and other.reference == "52.0 ± 3.3"  # times sqrt(2)
    assert other.differs == ("processor P2, expected P1", "instructions AVX2, expected AVX512")
    assert run(written(tmp_path / "runs", on(there, lower)), "--expected", against, "--format", "md") == 0
    line = "another machine (processor P2, expected P1; instructions AVX2, expected AVX512)"
    assert line in " ".join(capsys.readouterr().out.split())
    assert line in (tmp_path / "runs" / "check.md").read_text()
    assert last(against_expected(on(there, lowered(runs(), "pgfa", 0.034)), against)).verdict == "below"


def test_a_single_seed_has_no_tolerance(tmp_path):
    compared = against_expected(runs(top1=(0.5,)), numbers(tmp_path, runs(top1=(0.5,))))
    assert {c.verdict for c in compared} == {"not comparable"} and "single seed" in compared[0].why


def test_methods_without_expected_numbers_are_left_out(tmp_path):
    with pytest.raises(ZsarError, match="there are none for its methods and splits"):
        run(written(tmp_path / "runs", runs("dvta")), "--expected", numbers(tmp_path / "e", runs()))


def test_a_run_that_fails_now_is_a_regression(made, tmp_path):
    against = numbers(tmp_path, made)
    error = {"type": "ValueError", "message": "shapes"}
    some = [*made[:2], record("pgfa", seed=2, error=error, settings=BOTH), *made[3:]]
    below = [c for c in against_expected(some, against) if c.verdict == "below"]
    assert {c.method for c in below} == {"pgfa"} and len(below) == 4
    assert "1 of 3 runs failed, ValueError: shapes" in below[0].why
    another = [*made, record("pgfa", seed=7, error=error, settings=BOTH)]  # of which nothing is expected
    assert {c.verdict for c in against_expected(another, against)} == {"reproduced"}
    every = [record("pgfa", seed=s, error=error, settings=BOTH) for s in range(3)] + made[3:]
    below = [c for c in against_expected(every, against) if c.verdict == "below"]
    assert {c.method for c in below} == {"pgfa"} and len(below) == 4 and below[0].mean is None
    assert "3 of 3 runs failed" in below[0].why and "–" in markdown(below, "expected")


def test_evaluators_are_never_mixed(tmp_path, made):
    mixed = made + runs("dvta", (0.4,), evaluator=2)
    for compare in (against_expected, against_published):
        with pytest.raises(RecordError, match="different evaluator versions"):
            compare(mixed)
    with pytest.raises(RecordError, match="different evaluator versions"):
        expected(mixed)
    with pytest.raises(RecordError, match="runs: records of different evaluator versions"):
        run(written(tmp_path / "runs", mixed))


def revise(oracle, **more):
    """ReViSE on the split of UTD-MHAD for which PURLS printed 29.37."""
    rules = {"rules": ("last", "val", "oracle"), "oracle_adds": 0.1}
    return [
        record("revise", seed=seed, top1=value - 0.1, **rules, **{"title": "ReViSE", **more})
        for seed, value in enumerate(oracle)
    ]


@pytest.mark.parametrize(
    ("oracle", "verdict", "difference"),
    [
        ((0.29, 0.30, 0.28), "reproduced", -0.0037),
        ((0.20, 0.21, 0.19), "below", -0.0937),
        ((0.50, 0.51, 0.49), "above", 0.2063),
    ],
)
def test_published_numbers_compare_with_the_oracle_alone(oracle, verdict, difference):
    found = {c.rule: c for c in against_published(revise(oracle))}
    assert found["oracle"].verdict == verdict and found["oracle"].reference == "29.4"
    assert found["oracle"].difference == pytest.approx(difference) and "PURLS" in found["oracle"].source
    for rule in ("last", "val"):
        assert found[rule].verdict == "not comparable" and found[rule].difference is None
        assert found[rule].why.startswith(f"rule {rule}")


def test_an_interval_that_reaches_everything_reproduces_nothing():
    (oracle,) = [c for c in against_published(revise((0.2, 0.3, 0.4))) if c.rule == "oracle"]
    assert oracle.half > 0.2 and oracle.verdict == "not comparable"
    assert "too wide to tell" in oracle.why
    (far,) = [c for c in against_published(revise((0.7, 0.8, 0.9))) if c.rule == "oracle"]
    assert far.verdict == "above"


def test_below_published_is_no_regression(tmp_path, capsys):
    folder = written(tmp_path / "runs", revise((0.1, 0.1, 0.11)))
    assert run(folder, "--against", "published", "--format", "md") == 0
    said = capsys.readouterr()
    assert "1 below" in said.out and said.err == ""
    text = (folder / "check.md").read_text()
    assert text.count("not comparable: rule") == 2 and "not comparable: rule last" in text and "PURLS" in text


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (revise((0.3,)), "a single seed has no interval"),
        (revise((0.3, 0.31), protocol="cross-view"), "protocol cross-view, papers use cross-subject"),
    ],
)
def test_published_refuses_what_differs(records, why):
    (oracle,) = [c for c in against_published(records) if c.rule == "oracle"]
    assert (oracle.verdict, oracle.why) == ("not comparable", why)


def test_simulated_data_and_other_families_have_no_published_numbers():
    assert against_published(revise((0.3, 0.3), simulated=True)) == []
    assert against_published(revise((0.3, 0.3), family="smie")) == []


def test_published_harmonic_means_compare_with_calibrated_oracles():
    made = [
        record(
            "sadvae",
            "SA-DVAE",
            seed=s,
            settings=BOTH,
            dataset="ntu60",
            family="synse",
            harmonic={"none": 0.2, "stacking": 0.5 + s / 100, "gate": 0.66 + s / 500, "oracle": 0.9},
        )
        for s in range(3)
    ]
    for one in made:
        one["split"] = {**one["split"], "name": "55-5", "id": "ntu60.synse.55-5"}
    gzsl = [c for c in against_published(made) if c.setting == "gzsl"]
    oracle = {c.strategy: c for c in gzsl if c.rule == "oracle"}
    assert {c.reference for c in gzsl} == {"66.3"} and len(gzsl) == 8
    assert oracle["gate"].verdict == "reproduced"
    assert (oracle["stacking"].verdict, oracle["oracle"].verdict) == ("below", "above")
    assert oracle["none"].why == "published H is calibrated"
    assert all(c.why.startswith("rule last") for c in gzsl if c.rule == "last")


def test_a_transductive_number_is_not_held_against_the_inductive_mode():
    made = [
        record("sadvae", seed=s, modes=("inductive", "transductive"), dataset="ntu60", family="synse", top1=0.8)
        for s in range(2)
    ]
    for one in made:
        one["split"] = {**one["split"], "name": "55-5", "id": "ntu60.synse.55-5"}
    found = {c.mode: c for c in against_published(made) if c.rule == "oracle"}
    assert found["inductive"].why == "published with adaptation on the test clips"
    assert found["transductive"].why == ""


def test_a_folder_of_folders_and_wrong_arguments(made, tmp_path):
    against = numbers(tmp_path / "expected", made)
    written(tmp_path / "all" / "utd", made)
    assert run(tmp_path / "all", "--expected", against) == 0
    with pytest.raises(UnknownName, match="Did you mean published"):
        run(tmp_path / "all", "--against", "publishd")
    for name in ("html", "junit"):
        with pytest.raises(UnknownName, match=f"format '{name}'"):
            run(tmp_path / "all", "--format", name)
    with pytest.raises(ZsarError, match="there is no folder"):
        run(tmp_path / "all", "--expected", tmp_path / "nowhere")
    with pytest.raises(RecordError, match="no results folder"):
        run(tmp_path / "nowhere")


def test_a_malformed_file_of_expected_numbers_is_named(made, tmp_path):
    folder = numbers(tmp_path, made)
    path = folder / "utd-mhad.yaml"
    for old, new, said in (
        ("tolerance:", "tolerence:", "unknown key 'tolerence'"),
        ("dataset: utd-mhad", "dataset: other", "is about the dataset 'other'"),
        ("rule: last", "rule: 3", "'rule' should be"),
    ):
        text = yaml.safe_dump(expected(made)).replace(old, new)
        path.write_text(text)
        with pytest.raises(ZsarError, match=said):
            against_expected(made, folder)


def test_nothing_published_is_said(tmp_path, capsys):
    folder = written(tmp_path / "runs", runs("dvta"))
    assert run(folder, "--against", "published") == 0
    assert "no published numbers for these methods" in capsys.readouterr().out
