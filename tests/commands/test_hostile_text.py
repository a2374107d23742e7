"""Whatever a file holds is printed as text: no markup, no control code, in every command that prints."""

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from command_line import command
from made_up import made_up
from raw_files import own_arrays

from zsar.data.cards import card
from zsar.printing import as_text, print_line, screen, visible
from zsar.results.record import write_record
from zsar.simulation.generate import generate

CODES = "\x1b[2J\x9b31m\u202e\x07"
SHOWN = "\\u001b[2J\\u009b31m\\u202e\\u0007"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
CLASSES = [f"drink[/] {CODES}water", "[red]wave[/red] hands", "[link=file:///etc/passwd]bow", "clap :smile: now"]


def require_text(*printed: str, markup: str = "[/]") -> None:
    for text in printed:
        assert not RAW.search(text), RAW.search(text)
    assert markup in "".join(printed)


@pytest.fixture
def dataset(empty_home, tmp_path, capsys):
    """A dataset whose card, classes, clips, splits and texts are hostile."""
    clips = list(generate(["pku/01", "pku/14", "pku/40", "pku/08"], clips_per_class=2, subjects=2))
    samples = np.array([f"[/]{CODES}{i}" for i in range(len(clips))])
    np.savez(tmp_path / "mine.npz", **own_arrays(clips, CLASSES, samples=samples))
    hostile = f"[/] [red]{CODES}"
    content = {
        "title": hostile,
        "descriptions": {name: f"{hostile} somebody moves {i}" for i, name in enumerate(CLASSES)},
        "splits": {"[/]": [CLASSES[0]]},
        "licence": hostile,
        "citation": hostile,
        "homepage": hostile,
        "note": hostile,
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    code, *printed = command(capsys, "data", "import", "mine", "--source", tmp_path / "mine.npz")
    assert code == 0, printed
    require_text(*printed)
    return "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ["data", "list"],
        ["data", "info", "mine"],
        ["data", "show", "mine", "--list"],
        ["data", "show", "mine", "0"],
        ["text", "mine"],
        ["bench", "--methods", "eszsl", "--dataset", "mine", "--dry-run"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_hostile_dataset_is_printed_as_text(dataset, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = command(capsys, *arguments)
    assert code == 0, err
    require_text(out, err)
    if "--dry-run" not in arguments:
        assert SHOWN in out


def test_an_error_about_a_hostile_dataset_is_text(dataset, capsys):
    for arguments in (["data", "show", dataset, "no clip"], ["text", dataset, "--classes", f"mine/[/]{CODES}"]):
        code, out, err = command(capsys, *arguments)
        assert code == 2
        require_text(out, err)


@pytest.fixture
def records(tmp_path):
    """A results folder whose records are hostile."""
    hostile = f"[/] [red]{CODES}"
    for seed in range(3):
        for name in ("one", "two"):
            record = made_up(name, f"{name}{hostile}", seed=seed, keywords={"words": hostile}, family=f"purls{hostile}")
            record["dataset"] |= {"title": hostile, "version": hostile}
            write_record(tmp_path / "records", record)
    write_record(tmp_path / "records", made_up("three", error={"type": "Bad[/]", "message": hostile}))
    return tmp_path / "records"


@pytest.mark.parametrize(
    "arguments",
    [
        ["report"],
        ["check", "--against", "published"],
        ["check"],
        ["power", "--difference", "3"],
        ["plot", "oracle-gap", "--rule", "last"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_hostile_records_are_printed_as_text(records, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.setenv("COLUMNS", "200")
    name, *options = arguments
    if name == "plot":
        options = [options[0], records, *options[1:], "--out", tmp_path / "a.svg"]
    else:
        options = [records, *options]
    code, out, err = command(capsys, name, *options)
    assert out or err
    require_text(out, err, markup="[/]" if name in ("report", "power", "plot") else "")
    if name == "plot":
        ElementTree.parse(tmp_path / "a.svg")


def test_a_hostile_name_of_a_file_is_printed_as_text(tmp_path, capsys):
    place = tmp_path / f"[{CODES}"
    place.mkdir()
    (place / "a.json").write_text("{")
    for arguments in (["report", place], ["predict", place, "clip.npy", "--labels", "a", "b"]):
        code, out, err = command(capsys, *arguments)
        assert code == 2
        require_text(out, err, markup=SHOWN)


def test_a_hostile_file_of_texts_is_printed_as_text(empty_home, tmp_path, capsys):
    names = list(card("nw-ucla").classes.values())
    content = {"prompts": {name: f"[/] [red]{CODES} somebody moves {i}" for i, name in enumerate(names)}}
    (tmp_path / "texts.yaml").write_text(yaml.safe_dump(content))
    code, *printed = command(
        capsys, "text", "import", "mine", "--dataset", "nw-ucla", "--source", tmp_path / "texts.yaml"
    )
    assert code == 0, printed
    require_text(*printed)
    code, *printed = command(capsys, "text", "nw-ucla", "--prompts", "mine")
    assert code == 0
    require_text(*printed)


def test_a_console_reads_no_markup():
    stream = io.StringIO()
    console = screen(file=stream, width=60, force_terminal=True)
    console.print(f"[/] [red]x[/red] {CODES}\r")
    console.print(as_text(console, "[bold]y :smile:"))
    assert stream.getvalue() == f"[/] [red]x[/red] {SHOWN}\\r\n[bold]y :smile:\n"


def test_what_a_stream_cannot_write_is_shown():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    print_line("5 ± 1 · é", file=stream)
    assert stream.buffer.getvalue() == b"5 +- 1 | \\xe9\n"


def test_ordinary_text_is_not_changed():
    for text in ("wave both hands", "喝水", "сесть", "نوشیدن آب", "5 ± 1 · é 🙂", "a\\u001b"):
        assert visible(text) == text
