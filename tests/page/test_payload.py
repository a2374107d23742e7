"""Pages of records that lack something."""

import json

from page_inputs import RECORDS

from zsar.encoders.recorded import unseen_test_features
from zsar.page import document, payload
from zsar.results import Results


def test_failed_runs_are_told_and_nothing_breaks_without_finished_ones(tmp_path):
    source = next(iter(sorted((RECORDS / "utd-mhad").glob("*.json"))))
    record = json.loads(source.read_text(encoding="utf-8"))
    record |= {"status": "failed", "results": None, "error": {"type": "RuntimeError", "message": "it went wrong"}}
    (tmp_path / source.name).write_text(json.dumps(record), encoding="utf-8")
    content = payload(Results.read(tmp_path), features=unseen_test_features)
    assert (content["runs"], content["failed"]) == (1, 1)
    assert any(
        "RuntimeError: it went wrong" in line for board in content["groups"][0]["boards"] for line in board["failures"]
    )
    assert document(content)


def test_records_without_scores_or_confusions_still_make_a_page(tmp_path):
    for source in sorted((RECORDS / "utd-mhad").glob("*.json"))[:6]:
        record = json.loads(source.read_text(encoding="utf-8"))
        for rules in record["results"].values():
            for numbers in rules.values():
                del numbers["confusion"], numbers["per_class"]
        (tmp_path / source.name).write_text(json.dumps(record), encoding="utf-8")
    [group] = payload(Results.read(tmp_path), features=unseen_test_features)["groups"]
    details = [d for entry in group["entries"].values() for d in entry["splits"].values()]
    assert details and all(d["confusion"] is None and not d["mistakes"] and d["curve"] is None for d in details)
