import copy
import dataclasses
import json
import os
from pathlib import Path

import pytest

from zsar.errors import RecordError
from zsar.results.record import EVALUATOR_VERSION, RECORD_FORMAT, Record, read_records, write_record

RECORD = {
    "format": RECORD_FORMAT,
    "evaluator": EVALUATOR_VERSION,
    "run": "0123456789abcdef",
    "status": "done",
    "error": None,
    "method": {"name": "made-up", "class": "a:B", "title": "Méthode", "keywords": {"lr": 0.1}},
    "dataset": {
        "id": "d",
        "title": "D",
        "version": "v",
        "simulated": False,
        "protocol": "cross-subject",
    },
    "split": {
        "id": "d.f.2-2",
        "family": "f",
        "name": "2/2",
        "hash": "h",
        "seen": ["a", "b"],
        "unseen": ["c", "d"],
    },
    "text": {"model": "m", "prompt_set": "p", "prompts": ["label"], "hash": "t"},
    "encoder": None,
    "seed": 0,
    "settings": ["zsl"],
    "results": {
        "inductive": {
            "last": {
                "top1": 0.1 + 0.2,
                "mean_per_class": 0.5,
                "per_class": {"c": None, "d": 0.5},
                "confusion": [[1, 2], [3, 4]],
            }
        }
    },
}


def changed(**changes):
    return {**copy.deepcopy(RECORD), **changes}


def test_comes_back_as_written_and_sorted(tmp_path):
    runs = ["ff" * 8, "0123456789abcdef", "aa" * 8]
    for run in runs:
        assert write_record(tmp_path / "new", changed(run=run)) == tmp_path / "new" / f"{run}.json"
    assert [r["run"] for r in read_records(tmp_path / "new")] == sorted(runs)
    assert read_records(tmp_path / "new")[0] == RECORD


def test_bytes_do_not_depend_on_the_order_of_keys(tmp_path):
    def backwards(value):
        return {k: backwards(value[k]) for k in reversed(value)} if isinstance(value, dict) else value

    first = write_record(tmp_path / "a", RECORD).read_bytes()
    assert write_record(tmp_path / "b", backwards(RECORD)).read_bytes() == first
    assert first.endswith(b"}\n") and "Méthode".encode() in first
    assert b"[1, 2]" in first  # a row of the confusion matrix stays on one line


def test_an_interrupted_write_leaves_the_old_record(tmp_path, monkeypatch):
    path = write_record(tmp_path, RECORD)
    before = path.read_bytes()

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write_record(tmp_path, changed(seed=1))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), {1, 2}])
def test_what_is_not_json_is_not_written(tmp_path, bad):
    with pytest.raises(RecordError, match="can't be written as JSON"):
        write_record(tmp_path, changed(environment={"threads": bad}))
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_and_an_empty_one(tmp_path):
    with pytest.raises(RecordError, match="no results folder .*nowhere"):
        read_records(tmp_path / "nowhere")
    (tmp_path / "leaderboard.json").write_text("{}")  # a report is no record
    with pytest.raises(RecordError, match="no records in"):
        read_records(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b'{"seed": NaN}'])
def test_a_damaged_record_is_named(tmp_path, content):
    write_record(tmp_path, RECORD)
    (tmp_path / ("ee" * 8 + ".json")).write_bytes(content)
    with pytest.raises(RecordError, match="eeee.json is damaged"):
        read_records(tmp_path)


def test_another_format_is_named_with_its_number(tmp_path):
    (tmp_path / "0123456789abcdef.json").write_text(json.dumps(changed(format=0)))
    with pytest.raises(
        RecordError,
        match=r"0123456789abcdef.json was written by another version of zsar "
        rf"\(format 0, this one reads {RECORD_FORMAT}\)",
    ):
        read_records(tmp_path)


def test_a_renamed_record_is_refused(tmp_path):
    write_record(tmp_path, RECORD).rename(tmp_path / ("dd" * 8 + ".json"))
    with pytest.raises(RecordError, match="dddd.json holds run 0123456789abcdef"):
        read_records(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "perhaps"}, "done or failed"),
        ({"results": None}, "says it is done, but has no results"),
        ({"status": "failed"}, "says it is failed, but has no error"),
        ({"method": {"name": "x"}}, "lacks the key 'method.class'"),
        ({"dataset": None}, "'dataset' should hold"),
        ({"split": {**RECORD["split"], "unseen": []}}, "split.unseen is empty"),
        ({"results": {"inductive": {"last": 0.5}}}, "results.inductive.last should hold"),
    ],
)
def test_an_incomplete_record_is_refused_in_both_directions(tmp_path, changes, said):
    with pytest.raises(RecordError, match=said):
        write_record(tmp_path, changed(**changes))
    (tmp_path / "0123456789abcdef.json").write_text(json.dumps(changed(**changes)))
    with pytest.raises(RecordError, match=said):
        read_records(tmp_path)


def test_a_file_that_is_no_record_is_refused(tmp_path):
    (tmp_path / "0123456789abcdef.json").write_text("[1]")
    with pytest.raises(RecordError, match="is not a record"):
        read_records(tmp_path)


COMMITTED = Path(__file__).parents[2] / "benchmarks" / "records"


@pytest.mark.parametrize("dataset", ["pku-sim", "utd-mhad", "nw-ucla"])
def test_committed_records_of_format_1_are_read_and_written_byte_for_byte(dataset, tmp_path):
    records = read_records(COMMITTED / dataset)
    assert records and {r["format"] for r in records} == {1} and {r.dataset.id for r in records} == {dataset}
    for record in records:
        path = write_record(tmp_path, record)
        assert path.read_bytes() == (COMMITTED / dataset / path.name).read_bytes()


def test_attributes_say_what_the_content_says():
    record = Record.of(RECORD)
    assert (record.method.name, record.method.cls, record.method.transductive) == ("made-up", "a:B", False)
    assert (record.dataset.protocol, record.dataset.base, record.split.unseen) == ("cross-subject", None, ["c", "d"])
    assert record.text == RECORD["text"] and record.encoder is None and record.error is None
    assert record == RECORD and dict(record) == RECORD and record["method"]["class"] == "a:B"
    assert record.counts == record.timings == record.environment == {}
    assert Record.of(record) is record


def test_a_record_can_not_be_changed():
    record = Record.of(RECORD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.seed = 1
    with pytest.raises(TypeError):
        record["seed"] = 1


def test_a_configuration_is_what_runs_share_that_differ_in_seed_and_split():
    one, seed = Record.of(RECORD), Record.of(changed(run="1", seed=1))
    split = Record.of(changed(split={**RECORD["split"], "name": "3/1", "hash": "i"}))
    assert one.configuration == seed.configuration == split.configuration
    assert one.fingerprints == seed.fingerprints != split.fingerprints
    for key, value in (
        ("method", {**RECORD["method"], "keywords": {"lr": 0.2}}),
        ("encoder", {"name": "e", "keywords": {}}),
        ("text", {**RECORD["text"], "prompts": ["description"]}),
    ):
        other = Record.of(changed(**{key: value}))
        assert other.configuration != one.configuration and other.configuration_id != one.configuration_id
        assert one.fingerprints != other.fingerprints
        assert all(difference.split(".")[0] == key for difference in one.differences(other))
