"""Short tables between markers in documents, made from records."""

import pytest
from excerpts import fill, main

from zsar.errors import ZsarError
from zsar.results import Results
from zsar.results.record import write_record


def made(record):
    return [record("a", top1=top1, seed=seed) for seed, top1 in enumerate((0.2, 0.4))]


def test_the_excerpt_holds_the_mean_and_replaces_what_stood_there(record):
    text = "# T\n<!-- leaderboard:start -->\nold 99.9\n<!-- leaderboard:end -->\nend\n"
    filled = fill(text, Results(made(record)).tables(), "x.md")
    assert "old" not in filled and filled.startswith("# T\n") and filled.endswith("\nend\n")
    line = next(line for line in filled.splitlines() if line.startswith("| 1 |"))
    assert line.split("|")[3].strip().startswith("30.0 ± ")  # the mean of 20 and 40
    assert fill(filled, Results(made(record)).tables(), "x.md") == filled


def test_a_single_seed_has_no_interval(record):
    text = "<!-- leaderboard:start -->\n<!-- leaderboard:end -->"
    assert "20.0 ± n/a" in fill(text, Results(made(record)[:1]).tables(), "x.md")


@pytest.mark.parametrize("text", ["no marker", "<!-- leaderboard:start -->\nwithout an end"])
def test_a_document_without_markers_is_an_error(record, text):
    with pytest.raises(ZsarError, match="x.md"):
        fill(text, Results(made(record)).tables(), "x.md")


def test_the_command(record, tmp_path, capsys):
    for r in made(record):
        write_record(tmp_path / "records" / "some", r)
    document = tmp_path / "doc.md"
    document.write_text("<!-- oracle-gap:start -->\n<!-- oracle-gap:end -->\n")
    assert main([str(tmp_path / "records"), str(document)]) == 0
    assert "30.0 ± " in document.read_text()
    assert main([str(tmp_path / "nothing"), str(document)]) == 2
    assert "no folders of records" in capsys.readouterr().err
