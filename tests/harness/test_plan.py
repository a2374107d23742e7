"""From names to jobs: what is resolved, what is refused, and what a run id depends on."""

import json

import pytest

from zsar.errors import UnknownName, ZsarError
from zsar.harness.plan import plan
from zsar.harness.record import identity as identity_of
from zsar.methods.pgfa import PGFA
from zsar.results.naming import tell_apart
from zsar.results.record import Record


def test_what_is_set_overrides_the_recipe_and_nothing_else():
    (plain,) = plan(["pgfa"], "pku-sim", splits=["smie.split-7"])
    (other,) = plan(["pgfa"], "pku-sim", splits=["smie.split-7"], keywords={"pgfa": {"lr": "1e-3"}})
    assert other.keywords == {**plain.keywords, "lr": 0.001}
    assert plain.run_id("d", "t") != other.run_id("d", "t")


def test_what_changes_a_number_changes_the_run_id():
    ids = set()
    for seed in (0, 1):
        for settings in ({}, {"sadvae": {"lr": 0.5}}, {"trajectory": {"components": 9}}):
            for encoder in (None, "stgcn"):
                if encoder and "trajectory" in settings:
                    continue
                jobs = plan("sadvae", "pku-sim", seeds=[seed], keywords=settings, encoder=encoder)
                ids |= {j.run_id("d", "t") for j in jobs}
    assert len(ids) == 2 * 5 * len(plan(["sadvae"], "pku-sim"))
    (job,) = plan(["sadvae"], "pku-sim", splits=["smie.split-7"])
    assert len({job.run_id("d", "t"), job.run_id("e", "t"), job.run_id("d", "u")}) == 3


@pytest.mark.parametrize(
    ("settings", "near"),
    [({"sadvae": {"cyles": 3}}, "cycles"), ({"trajectory": {"component": 3}}, "components"), ({"sadve": {}}, "sadvae")],
)
def test_an_unknown_keyword_or_owner_is_an_error(settings, near):
    with pytest.raises(UnknownName, match=f"Did you mean .*{near}"):
        plan(["sadvae"], "pku-sim", keywords=settings)


@pytest.mark.parametrize("settings", [{"sadvae": {"lr": "fast"}}, {"sadvae": {"cycles": 1.5}}, {"pgfa": {"lr": True}}])
def test_a_value_of_the_wrong_type_is_an_error(settings):
    with pytest.raises(ZsarError, match="should be a"):
        plan(list(settings), "pku-sim", keywords=settings)


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        ({"methods": ["pfga"], "dataset": "pku-sim"}, "pgfa"),
        ({"methods": ["pgfa"], "dataset": "pku-sin"}, "pku-sim"),
        ({"methods": ["pgfa"], "dataset": "pku-sim", "splits": ["smei"]}, "smie"),
        ({"methods": ["pgfa"], "dataset": "pku-sim", "rules": ["lats"]}, "last"),
        ({"methods": ["pgfa"], "dataset": "pku-sim", "protocol": "cross-subjects"}, "cross-subject"),
        ({"methods": ["sadvae"], "dataset": "pku-sim", "encoder": "trajectories"}, "trajectory"),
    ],
)
def test_a_name_that_doesnt_exist_is_an_error_that_names_the_nearest(arguments, near):
    with pytest.raises(UnknownName, match=near):
        plan(**arguments)


def test_seeds_and_methods_given_twice_are_run_once():
    jobs = plan(["pgfa", "pgfa"], "pku-sim", splits=["smie", "smie.split-7"], seeds=[0, 1, 0])
    assert len(jobs) == len({j.run_id("d", "t") for j in jobs}) == 2 * len(plan(["pgfa"], "pku-sim", splits=["smie"]))


def planned(method="pgfa", encoder=None, **keywords):
    return plan(method, "pku-sim", encoder=encoder, **keywords)[0]


def record(of):
    error = {"status": "failed", "error": {"type": "None", "message": "a record of its configuration only"}}
    return Record.of(identity_of(of, "0" * 16, "version", "hash") | error)


def test_float32_goes_without_saying(home):
    of, asked = planned(), planned(precision="float32")
    assert of == asked and of.precision == "float32" and of.keywords["precision"] == "float32"
    assert "precision" not in of.determined_by() and "precision" not in of.determined_by()["keywords"]
    assert "precision" not in record(of) and "precision" not in record(of)["method"]["keywords"]


def test_bf16_stands_in_run_id_record_and_label(home):
    full, low = planned(), planned(precision="bf16")
    assert low.precision == low.determined_by()["precision"] == record(low)["precision"] == "bf16"
    assert full.run_id("v", "t") != low.run_id("v", "t")
    assert low.run_id("v", "t") == planned(keywords={"pgfa": {"precision": "bf16"}}).run_id("v", "t")
    for records in ([record(low)], [record(full), record(low)]):
        assert tell_apart(records)[record(low).configuration]["configuration"] == "precision=bf16"
    assert tell_apart([record(full), record(low)])[record(full).configuration]["configuration"] == ""


def test_an_encoder_takes_it_for_a_method_that_has_none(home):
    low = planned("eszsl", "stgcn", precision="bf16")
    assert low.encoder.keywords["precision"] == record(low)["precision"] == "bf16"
    label = tell_apart([record(low)])[record(low).configuration]["configuration"]
    assert label == "precision=bf16"


def test_what_nobody_computes_in_is_refused(home):
    with pytest.raises(ZsarError, match="none of these methods and encoders"):
        planned("eszsl", "trajectory", precision="bf16")
    with pytest.raises(UnknownName, match="precision 'bf61'"):
        planned(precision="bf61")
    with pytest.raises(UnknownName, match="value 'bf61' in precision"):
        PGFA(precision="bf61")


def test_a_run_in_bf16_says_so(home, zsar, tmp_path):
    options = ["--methods", "pgfa", "--dataset", "pku-sim", "--splits", "smie.split-7", "--rule", "last"]
    short = ["--set", "pgfa.epochs=1", "--set", "pgfa.hidden=2", "--set", "pgfa.width=4"]
    found = zsar("bench", *options, *short, "--precision", "bf16", "--device", "cpu", "--out", tmp_path)
    assert found.returncode == 0, found.stderr
    assert "precision=bf16" in found.stdout
    records = [json.loads(p.read_text()) for p in tmp_path.glob("*.json") if p.name != "leaderboard.json"]
    assert records and all(r["precision"] == "bf16" for r in records)
