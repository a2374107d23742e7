"""How the values of shared options are read."""

import argparse

import pytest
from command_line import command

from zsar.commands.options import numbers


@pytest.mark.parametrize(
    ("text", "listed"),
    [("0", [0]), ("0,1,2", [0, 1, 2]), ("0-4", [0, 1, 2, 3, 4]), ("7, 0-2", [7, 0, 1, 2]), ("3-3,3", [3])],
)
def test_numbers_are_listed_one_by_one_or_as_ranges(text, listed):
    assert numbers(text) == listed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.5", "not a list"),
        ("0-", "not a list"),
        ("-1", "not a list"),
        ("a-b", "not a list"),
        ("4-0", "up to"),
        ("0-999999999", "up to"),
        (",", "names nothing"),
    ],
)
def test_other_words_are_refused(text, words):
    with pytest.raises(argparse.ArgumentTypeError, match=words):
        numbers(text)


def test_seeds_as_a_range_reach_the_plan(zsar, home):
    result = zsar(
        "bench", "--methods", "nearest", "--dataset", "pku-sim", "--splits", "split-7", "--seeds", "0-4", "--dry-run"
    )
    assert result.returncode == 0 and "5 runs" in result.stdout, result.stdout


ON = ["--dataset", "no-such"]
INTO_A_FOLDER = {
    "bench": ["bench", "--methods", "nearest", *ON, "--out"],
    "bench --dry-run": ["bench", "--methods", "nearest", *ON, "--dry-run", "--out"],
    "train": ["train", "--method", "nearest", *ON, "--split", "s", "--save"],
    "train encoder": ["train", "encoder", "--encoder", "stgcn", *ON, "--split", "s", "--out"],
    "report": ["report", "no-such", "--format", "md", "--out"],
    "the page": ["report", "no-such", "--format", "html", "--out"],
    "check": ["check", "no-such", "--format", "md", "--out"],
}
INTO_A_FILE = {
    "plot": ["plot", "seeds", "no-such", "--out"],
    "data show": ["data", "show", "no-such", "0", "--out"],
    "data export": ["data", "export", "no-such", "0", "--out"],
}


@pytest.mark.parametrize("place", ["a.png", "a.png/b/c.png"])
@pytest.mark.parametrize("arguments", INTO_A_FOLDER.values(), ids=INTO_A_FOLDER)
def test_a_file_where_a_folder_is_needed_is_named_before_anything_else(tmp_path, capsys, arguments, place):
    """Before the dataset or records, which don't exist, are missed."""
    (tmp_path / "a.png").write_text("dear to somebody")
    code, out, err = command(capsys, *arguments, tmp_path / place)
    assert code == 2 and not out
    assert err.endswith(f"error: argument {arguments[-1]}: {tmp_path / 'a.png'} is not a folder\n")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.png", "dear to somebody")]


@pytest.mark.parametrize(("place", "words"), [("a.png/b.png", "a.png is not a folder"), ("b.png", "b.png is a folder")])
@pytest.mark.parametrize("arguments", INTO_A_FILE.values(), ids=INTO_A_FILE)
def test_a_place_where_no_file_can_be_is_named_before_anything_else(tmp_path, capsys, arguments, place, words):
    (tmp_path / "a.png").write_text("dear to somebody")
    (tmp_path / "b.png").mkdir()
    code, out, err = command(capsys, *arguments, tmp_path / place)
    assert code == 2 and not out and err.endswith(f"{words}\n")


def test_where_nothing_is_named_the_place_is_looked_at_before_training(tmp_path, home, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").write_text("dear to somebody")
    on = ["--dataset", "pku-sim", "--split", "smie.split-7"]
    monkeypatch.setattr("zsar.commands.train_encoder._train", lambda *_, **__: pytest.fail("trained"))
    code, _, err = command(capsys, "train", "encoder", "--encoder", "stgcn", *on)
    assert code == 2 and err.startswith("error: results is not a folder")
    monkeypatch.setattr("zsar.harness.execute.run_recorded", lambda *_, **__: pytest.fail("run"))
    code, _, err = command(capsys, "bench", "--methods", "nearest", *on[:2], "--splits", "smie.split-7", "--jobs", "1")
    assert code == 2 and err.startswith("error: results is not a folder")
    assert (tmp_path / "results").read_text() == "dear to somebody"
