"""Recordings stay out of the page unless asked for, and those of another version always."""

import json

import pytest
from page_inputs import RECORDS

from zsar.data.datasets import open_dataset
from zsar.encoders.recorded import unseen_test_features
from zsar.errors import DataError
from zsar.page import payload
from zsar.results import Results


def test_recordings_stay_out_unless_asked_for(content):
    clips = [clip for group in content["groups"] for split in group["splits"] for clip in split["clips"]]
    assert clips and not any("skeleton" in clip for clip in clips)
    with pytest.raises(DataError, match="UTD-MHAD is not on the machine"):
        payload(Results.read(RECORDS / "utd-mhad"), features=None, clips=5)


def test_data_of_another_version_is_not_taken_for_the_records(simulated, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSAR_HOME", str(simulated.home))
    open_dataset.cache_clear()
    for path in simulated.folder.glob("*.np[z]"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for record in simulated.records:
        other = record.content | {"dataset": record["dataset"] | {"version": "0" * 16}}
        (tmp_path / f"{record['run']}.json").write_text(json.dumps(other), encoding="utf-8")
    [group] = payload(Results.read(tmp_path), features=unseen_test_features)["groups"]
    [split] = group["splits"]
    assert "the records were made from version 0000000000000000" in split["clipsSaid"]
    assert all("from version" in why for why in split["maps"]["features"].values())
    assert not any("skeleton" in clip for clip in split["clips"])
    open_dataset.cache_clear()
