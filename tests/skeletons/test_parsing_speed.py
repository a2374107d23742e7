"""The measurement of the parser: its readers agree, it runs without the real samples, and the kept numbers are sane."""

import json
from pathlib import Path

import pytest

from zsar.benchmarks.speed import parsing

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "ntu_raw_samples"
KEPT = Path(__file__).parents[2] / "benchmarks" / "speed" / "results" / "parsing.json"


def test_the_plain_readers_find_what_zsar_finds():
    assert all(parsing.agree(content) for _, content in parsing.written(2))
    for file in sorted(SAMPLES.glob("*.skeleton"))[2:]:
        assert parsing.agree(file.read_bytes())


def test_a_disagreement_would_be_seen(monkeypatch):
    (_, content), *_ = parsing.written(1)
    monkeypatch.setitem(parsing.READERS, "wrong", lambda c: (*parsing.ours(c)[:2], parsing.ours(c)[2] + 1e-6))
    assert not parsing.agree(content)


def test_it_runs_without_the_samples_and_says_so(tmp_path, capsys):
    out = tmp_path / "out.json"
    assert parsing.main(["--samples", str(tmp_path), "--rounds", "1", "--copies", "6", "--out", str(out)]) == 0
    result = json.loads(out.read_text())
    assert result["files"] == "written in the same format" and set(result["milliseconds_per_file"]) == set(
        parsing.READERS
    )
    assert "written in the same format" in capsys.readouterr().out


def test_the_kept_numbers():
    if not KEPT.is_file():
        pytest.skip("results are not shipped with the tests")
    kept = json.loads(KEPT.read_text())
    assert kept["files"] == "real samples" and kept["times_as_fast_as_the_faster_plain_reader"] >= 3
    assert kept["ntu60"]["minutes_to_prepare_with_2_processes"] < 5
    rate = kept["prepared_files_per_second"]["2"]
    assert kept["ntu60"]["minutes_to_prepare_with_2_processes"] == pytest.approx(56880 / rate / 60, abs=0.01)
