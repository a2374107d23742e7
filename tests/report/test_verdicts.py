"""How a check reads on the screen and as Markdown."""

import io

import pytest
from rich.console import Console

from zsar.report.verdicts import markdown, print_verdicts, short, summary, uncompared, values
from zsar.results.check import BELOW, NOT_COMPARABLE, REPRODUCED, Compared

CELL = {
    "dataset": "utd-mhad",
    "split": "utd-mhad.purls.22-5",
    "setting": "zsl",
    "method": "pgfa",
    "title": "PGFA",
    "mode": "inductive",
    "rule": "last",
    "strategy": None,
    "configuration": "",
    "reference": "50.0 ± 1.9",
    "mean": 0.4,
    "half": 0.01,
    "seeds": 3,
    "difference": -0.1,
    "verdict": BELOW,
}


def cell(**changes) -> Compared:
    return Compared(**CELL | changes)


def other(why: str, **changes) -> Compared:
    return cell(verdict=NOT_COMPARABLE, why=why, difference=None, **changes)


def test_a_cell_reads_as_its_numbers():
    assert values(cell()) == ["50.0 ± 1.9", "40.0 ± 1.0", "-10.0", "below"]
    assert values(cell(half=None, difference=-0.0001, verdict=REPRODUCED))[1:3] == ["40.0 ± n/a", "0.0"]
    assert values(cell(mean=None, half=None, difference=None, why="2 of 3 runs failed"))[1:] == [
        "–",
        "–",
        "below: 2 of 3 runs failed",
    ]
    assert short(cell(mode="transductive", configuration="lr=1", strategy="gate")) == "PGFA (T) [lr=1], last, gate"


def test_reasons_are_counted_and_the_commonest_comes_first():
    cells = [
        other("text not as expected"),
        other("seeds 0, expected 0,1"),
        other("seeds 0, expected 0,1", title="DVTA"),
    ]
    assert uncompared([cell(), *cells]) == [
        "2 cells not comparable: seeds 0, expected 0,1 (DVTA, PGFA)",
        "1 cell not comparable: text not as expected (PGFA)",
    ]
    assert summary([cell(), *cells], "expected") == "4 cells against expected numbers: 1 below, 3 not comparable"


def test_markdown_holds_any_name_and_every_source_once():
    nasty = 'A_b <x> & "y" | *e*'
    text = markdown([cell(title=nasty, source="PURLS"), cell(title=nasty, rule="val", source="PURLS")], "published")
    assert r"A\_b \<x\>" in text and text.count("PURLS") == 1
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace(r"\|", "").count("|") for line in rows}) == 1


@pytest.mark.parametrize(("encoding", "sign"), [("ascii", "+-"), ("utf-8", "±")])
def test_a_terminal_without_unicode_and_a_narrow_one(encoding, sign):
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding=encoding), width=80)
    print_verdicts([cell(), cell(title="[red]"), other("text not as expected")], "expected", console)
    console.file.flush()
    shown = raw.getvalue().decode(encoding)
    assert sign in shown and "below" in shown and "[red]" in shown and "1 cell not comparable" in shown
    assert max(map(len, shown.splitlines())) <= 80
