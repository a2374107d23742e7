"""--precision: a keyword of those that have it, in record and run id only where it isn't float32."""

import json

import pytest

from zsar.errors import UnknownName, ZsarError
from zsar.harness import job as jobs
from zsar.harness import precision
from zsar.harness.plan import plan
from zsar.methods.pgfa import PGFA
from zsar.results.names import tell_apart
from zsar.results.record import Record


def planned(method="pgfa", encoder=None, **keywords):
    return plan([method], "pku-sim", None, [0], encoder=encoder, **keywords)[0]


def record(of):
    return jobs.identity(of, "0" * 16, "version", "hash")


def label(of, among) -> str:
    """What tells a job's rows apart from those of others in a table."""
    content = {"status": "failed", "error": {"type": "E"}, "run": "0" * 16}
    records = [Record.of(record(job) | content) for job in among]
    return tell_apart(records)[records[among.index(of)].configuration]["configuration"]


def test_float32_goes_without_saying(home):
    of, asked = planned(), planned(precision="float32")
    assert of == asked and of.precision == "float32" and of.keywords["precision"] == "float32"
    assert "precision" not in of.determined_by() and "precision" not in of.determined_by()["keywords"]
    assert "precision" not in record(of) and "precision" not in record(of)["method"]["keywords"]


def test_bf16_stands_in_run_id_record_and_label(home):
    full, low = planned(), planned(precision="bf16")
    assert low.precision == low.determined_by()["precision"] == record(low)["precision"] == "bf16"
    assert full.run_id("v", "t") != low.run_id("v", "t")
    assert low.run_id("v", "t") == planned(settings={"pgfa": {"precision": "bf16"}}).run_id("v", "t")
    for among in ([low], [full, low]):
        assert label(low, among) == "precision=bf16"
    assert label(full, [full, low]) == ""


def test_an_encoder_takes_it_for_a_method_that_has_none(home):
    low = planned("eszsl", "stgcn", precision="bf16")
    assert low.encoder.keywords["precision"] == record(low)["precision"] == "bf16"
    assert label(low, [low]) == "precision=bf16"


def test_what_nobody_computes_in_is_refused(home):
    with pytest.raises(ZsarError, match="none of these methods and encoders"):
        planned("eszsl", "trajectory", precision="bf16")
    with pytest.raises(UnknownName, match="precision 'bf61'"):
        planned(precision="bf61")
    with pytest.raises(UnknownName, match="value 'bf61' in precision"):
        PGFA(precision="bf61")
    assert planned("eszsl", "trajectory", precision="auto").precision == "float32"


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("fast", [False, True])
def test_auto_needs_a_measurement_and_a_device(home, monkeypatch, equal, fast):
    monkeypatch.setattr(PGFA, "bf16_measured_equal", equal, raising=False)
    monkeypatch.setattr("zsar.learning.precision.multiplies_bf16", lambda device: fast)
    assert planned(precision="auto").precision == ("bf16" if equal and fast else "float32")
    assert precision.asked_of(PGFA, None, "cpu") == {}


def test_a_run_in_bf16_says_so(home, zsar, tmp_path):
    options = ["--methods", "pgfa", "--dataset", "pku-sim", "--splits", "smie.split-7", "--rule", "last"]
    short = ["--set", "pgfa.epochs=1", "--set", "pgfa.hidden=2", "--set", "pgfa.width=4"]
    found = zsar("bench", *options, *short, "--precision", "bf16", "--device", "cpu", "--out", tmp_path)
    assert found.returncode == 0, found.stderr
    assert "precision=bf16" in found.stdout
    records = [json.loads(p.read_text()) for p in tmp_path.glob("*.json") if p.name != "leaderboard.json"]
    assert records and all(r["precision"] == "bf16" for r in records)
