"""Accuracy on real recordings, held against the expected numbers in benchmarks/expected."""

import json
from pathlib import Path

import pytest

from zsar.cli import main
from zsar.data.datasets import open_dataset

UTD = Path(__file__).parents[2].parent / "shared" / "data" / "utd_mhad" / "Skeleton.zip"
BENCH = ["bench", "--methods", "sadvae", "--dataset", "utd-mhad", "--splits", "22-5", "--seeds", "0,1,2,3,4"]


RECORDS = Path(__file__).parents[2] / "benchmarks" / "records"


def test_the_committed_records_are_what_is_expected(capsys):
    assert main(["check", str(RECORDS), "--against", "expected"]) == 0
    assert "reproduced" in capsys.readouterr().out


def test_the_documents_are_made_from_the_committed_records(tmp_path):
    import sys

    sys.path.insert(0, str(RECORDS.parents[1] / "docs" / "building"))
    import excerpts
    import results

    root = RECORDS.parents[1]
    assert results.main([str(RECORDS), str(tmp_path / "results.md"), str(tmp_path / "expected")]) == 0
    assert (tmp_path / "results.md").read_text() == (root / "docs" / "results.md").read_text()
    for path in (tmp_path / "expected").iterdir():
        assert path.read_text() == (root / "benchmarks" / "expected" / path.name).read_text(), path.name
    for name in ("README.md", "docs/protocol.md"):
        copy = tmp_path / "copy.md"
        copy.write_text((root / name).read_text())
        assert excerpts.main([str(RECORDS), str(copy)]) == 0
        assert copy.read_text() == (root / name).read_text(), name


@pytest.mark.slow
@pytest.mark.skipif(not UTD.is_file(), reason=f"the recordings of UTD-MHAD are not at hand ({UTD})")
def test_sadvae_on_utd_mhad_is_as_accurate_as_it_was(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "home"))
    open_dataset.cache_clear()
    results = tmp_path / "results"
    assert main(["data", "import", "utd-mhad", "--source", str(UTD)]) == 0
    assert main([*BENCH, "--setting", "zsl,gzsl", "--out", str(results)]) == 0
    assert main(["check", str(results), "--against", "expected"]) == 0

    for path in results.glob("*.json"):
        if path.name != "leaderboard.json":
            record = json.loads(path.read_text())
            record["results"]["inductive"]["last"]["top1"] -= 0.3
            path.write_text(json.dumps(record))
    capsys.readouterr()
    assert main(["check", str(results), "--against", "expected"]) == 1
    printed = capsys.readouterr()
    assert "utd-mhad.purls.22-5" in printed.out + printed.err and "below" in printed.out + printed.err
    open_dataset.cache_clear()
