"""Accuracy on real recordings, held against the expected numbers in benchmarks/expected."""

import json
from pathlib import Path

import pytest

from zsar.cli import main
from zsar.data.datasets import open_dataset

UTD = Path(__file__).parents[1].parent / "shared" / "data" / "utd_mhad" / "Skeleton.zip"
BENCH = ["bench", "--methods", "sadvae", "--dataset", "utd-mhad", "--splits", "22-5", "--seeds", "0,1,2"]


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
