import csv as csv_reader
import io
import json
import random
import re
from statistics import fmean

import pytest
from command_line import command
from made_up import leaderboards
from rich.console import Console

from zsar.errors import UnknownName
from zsar.report.data import as_json, csv
from zsar.report.latex import latex
from zsar.report.leaderboard import Leaderboard
from zsar.report.markdown import markdown
from zsar.report.terminal import print_tables
from zsar.results import Results
from zsar.results.record import write_record

NASTY = r"A_b [red]& 50% $x$ #1 {y} ~z^ <b> | `c` \d *e*"


def screen(tables, width=100, encoding="utf-8"):
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding=encoding), width=width)
    print_tables(tables, console)
    console.file.flush()
    return raw.getvalue().decode(encoding)


RENDERED = {"terminal": screen, "markdown": markdown, "latex": latex, "csv": csv, "json": as_json}


@pytest.mark.parametrize("name", RENDERED)
def test_identical_bytes_in_any_order_and_no_timings(records, name):
    expected = RENDERED[name](leaderboards(records))
    for seed in range(3):
        shuffled = random.Random(seed).sample(records, len(records))
        for r in shuffled:
            r["timings"] = {"train_s": random.random()}
        assert RENDERED[name](leaderboards(shuffled)) == expected
    assert "train_s" not in expected


@pytest.mark.parametrize("name", ["terminal", "markdown", "latex"])
def test_shown_numbers_are_the_recomputed_ones(records, name):
    shown = RENDERED[name](leaderboards(records))
    by_seed = [
        fmean(
            r["results"]["inductive"]["last"]["top1"]
            for r in records
            if r["method"]["name"] == "dvta" and r["seed"] == seed
        )
        for seed in range(3)
    ]
    line = next(line for line in shown.splitlines() if "DVTA" in line)
    assert f" {100 * fmean(by_seed):.1f} " in line
    assert re.search(r"^\W*chance\b.* 20\.0 .* 11\.1 .* 7\.7 ", shown, re.M)


def test_a_single_seed_prints_na_and_never_zero(record):
    tables = leaderboards([record("dvta", top1=0.42, split=s) for s in ("22/5", "18/9")])
    for name in ("terminal", "markdown", "latex"):
        shown = RENDERED[name](tables)
        assert "n/a" in shown and "0.0" not in shown.replace("20.0", ""), name
    assert {line["top1_half_width"] for line in csv_reader.DictReader(io.StringIO(csv(tables)))} == {""}
    assert json.loads(as_json(tables))["tables"][0]["rows"][0]["average"]["top1"]["half"] is None


@pytest.mark.parametrize("name", RENDERED)
def test_simulated_says_so_everywhere(record, name):
    assert "(simulated)" in RENDERED[name](leaderboards([record("dvta", simulated=True)]))


@pytest.mark.parametrize("width", [80, 120])
def test_the_screen_is_not_overrun(records, record, width):
    error = {"type": "RuntimeError", "message": "something long " * 20}
    shown = screen(leaderboards(records + [record("revise", "ReViSE", seed=0), record("x", error=error)]), width)
    assert max(map(len, shown.splitlines())) <= width
    for needed in (
        "PGFA (T)",
        "transductive",
        "+3.0",
        "3 seeds",
        "published (oracle): 22/5 29.4 [1]",
        "1 of 29 runs failed",
        "RuntimeError: something long",
    ):
        assert needed in shown, needed
    assert len([line for line in shown.splitlines() if line.startswith("  [1] PURLS")]) == 1
    assert "is not stated there" not in shown  # cut to one line; the Markdown has it in full


def test_the_first_screen_is_short_and_wraps_nothing(record):
    made = [
        record(method, split=split, rules=("last", "val", "oracle"), simulated=True, encoder=encoder)
        for split in ("22/5", "18/9", "14/13")
        for method, encoder in (("pgfa", None), ("dvta", "trajectory"))
    ]
    board = Leaderboard(leaderboards(made), every_rule=False)
    raw = io.StringIO()
    board.print(Console(file=raw, width=1000))
    screen = raw.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in screen) <= 80  # so nothing wraps at 80
    assert [line.split()[:2] for line in screen if re.match(r" *\d ", line)] == [["1", "DVTA"], ["2", "PGFA"]]
    assert "rule last, 1 seed" in screen[1] and len(screen) < 17 and "val" not in raw.getvalue().split()
    assert sum("n/a" in line for line in screen) == 1
    files = board.to_markdown()
    assert "| val |" in files and "trajectory" in files and "dataset version" in files  # which keep all
    board.every_rule = True
    raw = io.StringIO()
    board.print(Console(file=raw, width=80))
    assert {"last", "val"} <= set(raw.getvalue().split())


def test_inputs_are_on_the_screen_where_rows_look_alike_without_them(record):
    alike = screen(leaderboards([record("dvta"), record("dvta", encoder="stgcn"), record("pgfa", encoder=None)]), 80)
    assert "trajectory" in alike and "stgcn" in alike and "end-to-end" not in alike


def test_more_splits_than_the_screen_has_room_for_go_on_below(record):
    made = []
    for i in range(1, 15):
        one = record("dvta", split="22/5", top1=i / 100)
        one["split"] = {**one["split"], "name": f"split_{i}"}
        one["run"] = f"{i:016x}"
        made.append(one)
    shown = screen(leaderboards(made), 80)
    assert max(map(len, shown.splitlines())) <= 80
    assert re.findall(r"split_\d+", shown) == [f"split_{i}" for i in range(1, 15)]
    assert all(re.search(rf"\b{i}\.0\b", shown) for i in range(1, 15))


def test_a_terminal_without_unicode(records):
    shown = screen(leaderboards(records), 80, "ascii")
    assert "+-" in shown and "±" not in shown


def test_names_with_markup_are_shown_as_they_are(record):
    tables = leaderboards([record("dvta", NASTY, keywords={"k": "[bold]"}), record("dvta", NASTY)])
    shown = " ".join(screen(tables, 200).split())
    assert NASTY in shown and "k=[bold]" in shown
    row = next(line for line in markdown(tables).splitlines() if line.startswith("| 1 |"))
    assert len(re.findall(r"(?<!\\)\|", row)) == len(re.findall(r"(?<!\\)\|", markdown(tables).splitlines()[4]))
    assert r"A\_b \[red\]&" in row and r"\<b\> \| \`c\`" in row


def test_latex_is_escaped_and_balanced(record):
    text = latex(leaderboards([record("revise", NASTY), record("a", "A", error={"type": "E_r", "message": "5%"})]))
    assert (
        r"A\_b [red]\& 50\% \$x\$ \#1 \{y\} \textasciitilde{}z\textasciicircum{} "
        r"\textless{}b\textgreater{} | `c` \textbackslash{}d *e*"
    ) in text
    body = [line for line in text.splitlines() if not line.startswith("%")]
    assert not any(re.search(r"(?<!\\)[%#~^±–]|(?<!\\)_", line.replace(r"\label{tab:", "")) for line in body)
    columns = len(re.search(r"\\begin{tabular}{([lr]+)}", text)[1])
    cells = [line for line in body if line.endswith(r"\\")]
    assert cells and {len(re.findall(r"(?<!\\)&", line)) + 1 for line in cells} == {columns}
    assert not any(line.startswith("[") for line in body)  # would be read as an argument of the line above
    bare = "\n".join(body).replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")


def test_failed_runs_are_listed(record):
    made = [
        record("a"),
        record("b", seed=3, error={"type": "ValueError", "message": "first [red]line\nsecond"}),
    ]
    for name in ("terminal", "markdown"):
        shown = RENDERED[name](leaderboards(made)).replace("\\", "")
        assert "1 of 2 runs failed:" in shown and "ValueError: first [red]line" in shown, name
        assert "second" not in shown, name
    assert "1 of the runs failed" in latex(leaderboards(made))


def test_nothing_to_rank_is_said(record):
    tables = leaderboards([record("a")], rules=["val"])
    for name in ("terminal", "markdown", "latex"):
        assert "nothing to rank" in RENDERED[name](tables)


def test_csv_and_json_hold_every_number(records, record):
    tables = leaderboards(records + [record("revise", seed=0), record("revise", seed=1)])
    lines = list(csv_reader.DictReader(io.StringIO(csv(tables))))
    assert {line["split"] for line in lines} == {"22/5", "18/9", "14/13", "average"}
    one = next(x for x in lines if (x["method"], x["split"]) == ("dvta", "18/9"))
    expected = fmean(
        r["results"]["inductive"]["last"]["top1"]
        for r in records
        if r["method"]["name"] == "dvta" and r["split"]["name"] == "18/9"
    )
    assert float(one["top1"]) == pytest.approx(100 * expected, abs=1e-3)
    assert float(one["oracle_gap"]) == pytest.approx(3)
    printed = {line["published_oracle"] for line in lines if line["method"] == "revise"}
    assert printed == {"29.4"}
    loaded = json.loads(as_json(tables))
    assert [r["rank"] for r in loaded["tables"][0]["rows"]] == [1, 2, 3, 4, None]


def test_reports_are_written_beside_the_records_or_elsewhere(tmp_path, records):
    for r in records:
        write_record(tmp_path / "runs", r)
    paths = Leaderboard(Results.read(tmp_path / "runs").tables()).write(tmp_path / "runs")
    assert [p.name for p in paths] == [
        "leaderboard.md",
        "leaderboard.csv",
        "leaderboard.tex",
        "leaderboard.json",
    ]
    again = Leaderboard(Results.read(tmp_path / "runs").tables())
    again = again.write(tmp_path / "elsewhere", ["md", "csv", "tex", "json"])
    for one, other in zip(paths, again, strict=True):  # the first report is not a record of the second
        assert one.read_bytes() == other.read_bytes() and one.read_bytes().endswith(b"\n")
    tables = leaderboards(records, arrays={})  # there are none beside them
    assert paths[0].read_text(encoding="utf-8") == markdown(tables)


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path, records, capsys):
    write_record(tmp_path, records[0])
    with pytest.raises(UnknownName, match="Did you mean latex"):
        Leaderboard(Results.read(tmp_path).tables()).write(tmp_path, ["md", "latx"])
    code, _, err = command(capsys, "report", tmp_path, "--format", "md,htlm")
    assert code == 2 and "Did you mean html" in err
    assert len(list(tmp_path.iterdir())) == 1
    code, _, err = command(capsys, "report", tmp_path / "nowhere", "--format", "md")
    assert code == 2 and "no results folder" in err


def test_sources_are_whole_in_the_files(record):
    tables = leaderboards([record("revise", "ReViSE")])
    for name in ("markdown", "latex"):
        assert "is not stated there" in RENDERED[name](tables), name
