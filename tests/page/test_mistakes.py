"""Scores that do not belong to their record are refused."""

import json

import pytest
from page_inputs import RECORDS

from zsar.errors import RecordError
from zsar.page import write
from zsar.results import Results


def test_scores_that_belong_elsewhere_are_refused(tmp_path):
    chosen = [json.loads(p.read_text(encoding="utf-8")) for p in sorted((RECORDS / "utd-mhad").glob("*.json"))]
    one = next(r for r in chosen if r["split"]["name"] == "22-5" and r["seed"] == 0)
    other = next(r for r in chosen if r["split"]["name"] == "14-13" and r["seed"] == 0)
    (tmp_path / f"{one['run']}.json").write_text(json.dumps(one), encoding="utf-8")
    (tmp_path / f"{one['run']}.npz").write_bytes((RECORDS / "utd-mhad" / f"{other['run']}.npz").read_bytes())
    with pytest.raises(RecordError, match="don't belong"):
        write(Results.read(tmp_path), tmp_path, features=None)
    assert not (tmp_path / "leaderboard.html").exists()
