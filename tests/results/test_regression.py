"""Accuracy on real recordings, held against the expected numbers in benchmarks/expected."""

import hashlib
import json
from pathlib import Path

import pytest

from zsar.cli import main
from zsar.data.datasets import open_dataset
from zsar.report.leaderboard import Leaderboard
from zsar.results import Results

UTD = Path(__file__).parents[2].parent / "shared" / "data" / "utd_mhad" / "Skeleton.zip"
BENCH = ["bench", "--methods", "sadvae", "--dataset", "utd-mhad", "--splits", "22-5", "--seeds", "0,1,2,3,4"]


RECORDS = Path(__file__).parents[2] / "benchmarks" / "records"


def test_the_committed_records_are_what_is_expected(capsys):
    assert main(["check", str(RECORDS), "--against", "expected"]) == 0
    assert "reproduced" in capsys.readouterr().out


def test_the_documents_are_made_from_the_committed_records(tmp_path):
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


LEADERBOARDS = {
    "nw-ucla": {
        "markdown": "af7483b8cf447e11975a4ad91693243ca67fdd27dcfbf4aedeceb5185a19fa98",
        "csv": "34981b5898f2f64803cac0b00856538f79b409885f21bcd6c821f60e4fb2bffd",
        "latex": "93cbe4c5dc02555ce715a2f2782a909bb828ae9cf22b60ec4a886bde50a05c52",
        "json": "f3c423f5c4e31cbf4bfdcb966326078d2458dc049fd641bf0426e3e4852745f3",
    },
    "pku-sim": {
        "markdown": "773ab8064c2c38b9d84063366d51d6e8e2d4dfe3b02a606e338525a87300a049",
        "csv": "c513d30584bceec5e63115207783269683c6e6e12a7ab1037f1c65574eaa811b",
        "latex": "c6ffc6e8ef1f648989d83f4b2d2ed87b19aad034070064eddd0dc590e38e19fc",
        "json": "5d8a58bbc7bc68a4dc3bfde5f29fbe447ad9183f4a090cc729302275a8c0be2e",
    },
    "utd-mhad": {
        "markdown": "8e9e28c76ced8efbd1c8894b71efc6b0a302040a76bba4860b09e8e6f6bff52a",
        "csv": "909a7317209bc022012b47d8ac1edd65d6e8c4449f2a828c78a038ec1cae1c8d",
        "latex": "200730186cb4eb32253a538fdd2af44ee04fed3ea859b6f9be369d7babce9cda",
        "json": "b2756f1d830ab352e5663b08ec6f3fb54814b8f684c9ce6f8451a0035ea72974",
    },
}
"""SHA-256 of the committed records' leaderboards, as the version of commit b8d93e4 wrote them.

JSON holds numbers in full, whose last digits are another library's; they are rounded to ten.
"""


@pytest.mark.parametrize("dataset", LEADERBOARDS)
def test_the_leaderboards_of_the_committed_records_are_digit_for_digit_those_of_before(dataset):
    board = Leaderboard(Results.read(RECORDS / dataset).tables())
    texts = {name: getattr(board, f"to_{name}")() for name in LEADERBOARDS[dataset]}
    texts["json"] = json.dumps(json.loads(texts["json"], parse_float=lambda f: round(float(f), 10)), sort_keys=True)
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    assert hashes == LEADERBOARDS[dataset]


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
