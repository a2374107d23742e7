"""Run ids are those of all earlier versions: every committed record's comes out of a plan of what it says."""

import dataclasses
import json
from collections import defaultdict
from pathlib import Path

import pytest

from zsar.harness.plan import plan

RECORDS = Path(__file__).parents[2] / "benchmarks" / "records"
PATHS = sorted(p for p in RECORDS.glob("*/*.json") if p.name != "leaderboard.json")


def planned(record: dict):
    """The job of a record, by the words that a user would say."""
    method, encoder = record["method"], record["encoder"]
    keywords = {method["name"]: method["keywords"]}
    if encoder:
        keywords[encoder["name"]] = encoder["keywords"]
    [job] = plan(
        method["name"],
        record["dataset"]["id"],
        splits=f"{record['split']['family']}.{record['split']['name']}",
        seeds=[record["seed"]],
        settings=record["settings"],
        keywords=keywords,
        protocol=record["dataset"]["protocol"],
        encoder=encoder and encoder["name"],
        text=record["text"]["model"],
        prompts=record["text"]["prompt_set"],
    )
    return job


@pytest.mark.parametrize("folder", sorted({p.parent.name for p in PATHS}))
def test_every_committed_record_is_found_again_by_its_run_id(folder):
    wrong = defaultdict(list)
    for path in PATHS:
        if path.parent.name != folder:
            continue
        record = json.loads(path.read_text())
        run_id = planned(record).run_id(record["dataset"]["version"], record["text"]["hash"])
        if run_id != record["run"]:
            wrong[record["method"]["name"]].append((path.name, run_id))
    assert not wrong


def test_there_are_records_to_hold_run_ids_against():
    assert len(PATHS) > 200


def test_an_id_is_that_of_the_data_and_text_at_hand(tiny):
    job = tiny("sadvae")
    assert job.id == job.run_id(job.dataset.version, job.vectors.hash) == dataclasses.replace(job).id
    assert job.id != dataclasses.replace(job, seed=1).id
