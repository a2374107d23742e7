"""Leaderboards of the generalized setting, in every format."""

import csv as csv_reader
import io
import json
import random
import re

import pytest
from made_up import leaderboards
from rich.console import Console

from zsar.report.data import as_json, csv
from zsar.report.latex import latex
from zsar.report.markdown import markdown
from zsar.report.terminal import print_tables
from zsar.results.published import published_numbers

SPLITS = ("22/5", "18/9", "14/13")
BOTH = ("zsl", "gzsl")


def screen(tables, width=100):
    raw = io.StringIO()
    print_tables(tables, Console(file=raw, width=width))
    return raw.getvalue()


RENDERED = {"terminal": screen, "markdown": markdown, "latex": latex, "csv": csv, "json": as_json}


def test_a_strategy_that_could_not_be_fitted_says_why(record):
    why = {"gate": "too few clips: 3"}
    made = [
        record("a", seed=0, settings=BOTH, unavailable=why),
        record("a", seed=1, settings=BOTH),
        record("b", seed=0, settings=BOTH, unavailable=why),
        record("b", seed=1, settings=BOTH, unavailable=why),
    ]
    table = leaderboards(made)[1]
    of_gate = [r for r in table.rows if r.strategy == "gate"]
    assert [(r.method, r.rank, r.average) for r in of_gate] == [("a", None, None)]
    for name in ("terminal", "markdown", "latex"):
        shown = " ".join(RENDERED[name](leaderboards(made)).replace("\\", "").split())
        assert "A: no numbers under gate in 1 result (run, mode and rule): too few clips" in shown
        assert "B: no numbers under gate in 2 results" in shown, name


@pytest.mark.parametrize("name", RENDERED)
def test_identical_bytes_in_any_order(both, name):
    expected = RENDERED[name](leaderboards(both))
    for seed in range(3):
        shuffled = random.Random(seed).sample(both, len(both))
        assert RENDERED[name](leaderboards(shuffled)) == expected


def test_seen_unseen_and_harmonic_stand_in_one_cell(both):
    table = leaderboards(both)[1]
    first = table.rows[0].average
    h, half, s, u = (
        f"{100 * x:.1f}" for x in (first.harmonic.mean, first.harmonic.half, first.seen.mean, first.unseen.mean)
    )
    assert f"{h} ± {half} ({s}/{u})" in markdown([table])
    assert rf"{h} $\pm$ {half} ({s}/{u})" in latex([table])
    lines = screen([table]).splitlines()
    at = next(i for i, line in enumerate(lines) if f"{h} ±{half}" in line)
    assert f"{s}/{u}" in lines[at + 1]
    row = next(line for line in csv_reader.DictReader(io.StringIO(csv([table]))))
    cell = table.rows[0].cells["22/5"]
    assert float(row["harmonic"]) == pytest.approx(100 * cell.harmonic.mean, abs=1e-3)
    assert float(row["ausuc"]) == pytest.approx(100 * cell.ausuc.mean, abs=1e-3)
    assert row["strategy"] == table.rows[0].strategy and row["top1"] == row["chance"] == ""
    loaded = json.loads(as_json([table]))["tables"][0]
    assert loaded["setting"] == "gzsl"
    assert loaded["rows"][0]["average"]["seen"]["mean"] == first.seen.mean


@pytest.mark.parametrize("width", [80, 120])
def test_the_screen_is_not_overrun(both, width):
    shown = screen(leaderboards(both), width)
    assert max(map(len, shown.splitlines())) <= width
    assert re.search(r"^ *1 +(PGFA|DVTA) · (none|stacking|gate)", shown, re.M)
    assert "AUSUC" in shown and "14/13" in shown


def test_a_single_seed_has_no_interval(record):
    for name in ("terminal", "markdown", "latex"):
        shown = RENDERED[name](leaderboards([record("a", settings=BOTH)])[1:])
        assert "n/a" in shown and "±0.0" not in shown and "± 0.0" not in shown


def test_latex_has_as_many_cells_as_columns(both):
    text = latex(leaderboards(both))
    columns = 0
    for line in text.splitlines():
        if line.startswith(r"\begin{tabular}"):
            columns = len(line.split("{")[-1].rstrip("}"))
        elif line.endswith(r"\\"):
            assert len(re.findall(r"(?<!\\)&", line)) + 1 == columns


def ntu60(record, method, title, split):
    one = record(method, title, settings=BOTH, dataset="ntu60", family="synse")
    one["split"] = {**one["split"], "name": split, "id": f"ntu60.synse.{split}"}
    return one


def test_published_triples_of_exactly_that_split_stand_beside(record):
    table = leaderboards([ntu60(record, "sadvae", "SA-DVAE", "55-5")])[1]
    printed = [
        n
        for n in published_numbers("ntu60")
        if (n.family, n.split, n.setting, n.method) == ("synse", "55/5", "gzsl", "sadvae")
    ]
    (reference,) = table.references
    assert {n.metric for n in reference.numbers["55-5"]} == {"seen", "unseen", "harmonic"}
    assert sorted(n.value for n in reference.numbers["55-5"]) == sorted(n.value for n in printed)
    plain = markdown([table]).replace("\\", "")
    for number in printed:
        shown = f"{number.value:.1f}"
        assert re.search(rf"\| SA-DVAE \|.*\b{shown}\b", plain), number
    row = next(csv_reader.DictReader(io.StringIO(csv([table]))))
    assert row["published_oracle"] == "66.3"  # the harmonic mean
    simulated = {**record("sadvae", settings=BOTH, simulated=True)}
    assert leaderboards([simulated])[1].references == ()
    assert leaderboards([ntu60(record, "sadvae", "S", "50-10")])[1].references == ()
