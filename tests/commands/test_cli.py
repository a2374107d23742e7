"""The command line: what it prints, what it refuses, and with which exit code."""

import json
import os
import subprocess
import sys

import pytest
from command_line import command

from zsar.plugins import available, find

TINY = ("--set", "sadvae.cycles=2", "--set", "sadvae.draws=5", "--set", "sadvae.classifier_steps=5")
BENCH = (
    "bench",
    "--methods",
    "sadvae",
    "--dataset",
    "pku-sim",
    "--splits",
    "smie.split-7",
    "--jobs",
    "1",
    "--device",
    "cpu",
    *TINY,
)


@pytest.fixture
def done(home, tmp_path, capsys):
    """A results folder with one run."""
    code, out, err = command(capsys, *BENCH, "--out", tmp_path / "results")
    assert code == 0, err
    return tmp_path / "results"


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["benhc"], "bench"),
        (["bench", "--methods", "pfga", "--dataset", "pku-sim"], "pgfa"),
        (["bench", "--methods", "pgfa,sadve", "--dataset", "pku-sim"], "sadvae"),
        (["bench", "--methods", "pgfa", "--dataset", "pku-smi"], "pku-sim"),
        (["bench", "--methods", "pgfa", "--dataset", "pku-sim", "--splits", "smei"], "smie"),
        (["bench", "--methods", "pgfa", "--dataset", "pku-sim", "--set", "pgfa.momentun=1"], "momentum"),
        (["bench", "--methods", "pgfa", "--dataset", "pku-sim", "--set", "pfga.lr=1"], "pgfa"),
        (["bench", "--methods", "pgfa", "--dataset", "pku-sim", "--rule", "oracel"], "oracle"),
        (["bench", "--methods", "sadvae", "--dataset", "pku-sim", "--encoder", "stgnc"], "stgcn"),
        (["bench", "--methods", "pgfa", "--dataset", "pku-sim", "--protocol", "cross-subjct"], "cross-subject"),
        (["methods", "dtva"], "dvta"),
        (["data", "info", "utd-mahd"], "utd-mhad"),
        (["data", "import", "utd-mahd", "--source", "x"], "utd-mhad"),
        (["text", "nw-ulca"], "nw-ucla"),
        (["tune", "--method", "pfga", "--dataset", "pku-sim", "--grid", "lr=1,2"], "pgfa"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(empty_home, tmp_path, monkeypatch, capsys, arguments, near):
    monkeypatch.chdir(tmp_path)
    code, _, err = command(capsys, *arguments)
    assert code == 2 and "unknown" in err and near in err.splitlines()[-1]
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["bench"],
        ["bench", "--dataset", "pku-sim"],
        ["bench", "--methods", ",", "--dataset", "pku-sim"],
        [*BENCH, "--seeds", "zero"],
        [*BENCH, "--seeds", ","],
        [*BENCH, "--rule", ","],
        [*BENCH, "--set", "sadvae.lr"],
        [*BENCH, "--set", "lr=3"],
        [*BENCH, "--set", "sadvae.lr=fast"],
        [*BENCH, "--set", "sadvae.lr=[1"],
        [*BENCH, "--device", "gpu0"],
        [*BENCH, "--jobs", "-1"],
        [*BENCH, "--threads", "0"],
        [*BENCH, "--seed-s", "0"],
        ["data"],
        ["tune", "--method", "sadvae", "--dataset", "pku-sim", "--grid", "lr"],
        ["report"],
        ["report", "nowhere"],
    ],
)
def test_what_makes_no_sense_is_refused(home, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    code, _, err = command(capsys, *arguments)
    assert code == 2 and "error" in err and not list(tmp_path.rglob("*.json"))


def test_a_dataset_that_is_not_here_says_what_to_do(empty_home, zsar, tmp_path):
    done = zsar("bench", "--methods", "pgfa", "--dataset", "pku", cwd=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr and not done.stdout
    for words in ("PKU-MMD", "makers", str(empty_home / "data" / "pku"), "--dataset pku-sim"):
        assert words in done.stderr
    assert not list(tmp_path.rglob("*.json"))


def test_no_command_and_help_print_the_commands(capsys):
    for arguments in ([], ["--help"]):
        code, out, _ = command(capsys, *arguments)
        assert code == 0 and all(name in out for name in ("bench", "methods", "data", "text", "tune", "report"))
    for name in ("bench", "methods", "data", "text", "tune", "report"):
        code, out, _ = command(capsys, name, "--help")
        assert code == 0 and "usage: zsar" in out


def test_a_precision_that_users_have_learnt_is_understood(empty_home, capsys):
    arguments = ("bench", "--methods", "pgfa", "--dataset", "pku-sim", "--precision", "auto", "--dry-run")
    code, out, err = command(capsys, *arguments)
    assert code == 0 and "auto is float32" in err and "precision=float32" in out.replace("\n", "")


def test_the_version(capsys):
    import zsar

    assert command(capsys, "--version")[:2] == (0, f"zsar {zsar.__version__}\n")


def test_methods_are_listed_a_line_each_and_described(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = command(capsys, "methods")
    lines = out.splitlines()
    assert code == 0 and all(any(line.startswith(f"{name} ") for line in lines) for name in available("method"))
    assert len(lines) <= len(available("method")) + 4 and max(map(len, lines)) <= 80
    assert any(line.split() == ["pgfa", "PGFA", "(T)", "clips", "IEEE", "TIP", "2025"] for line in lines)
    code, out, _ = command(capsys, "methods", "pgfa")
    assert code == 0 and "transductive" in out and "pgfa.support=0.9" in out and "TIP 2025" in out
    assert out.splitlines()[1] == find("method", "pgfa").link


def test_datasets_are_listed_and_described(home, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = command(capsys, "data", "list")
    assert code == 0 and all(name in out for name in ("pku-sim", "utd-mhad", "nw-ucla", "simulated"))
    code, out, _ = command(capsys, "data", "info", "pku-sim")
    assert code == 0 and "102 simulated clips" in out and "smie.split-7" in out and "pku/08" in out
    code, out, _ = command(capsys, "data", "info", "pku")
    assert code == 0 and "not on this machine" in out


def test_prompts_are_printed(capsys):
    code, out, _ = command(capsys, "text", "pku-sim", "--classes", "pku/08,pku/10")
    assert code == 0 and [line for line in out.splitlines() if line.startswith("pku/")] == ["pku/08", "pku/10"]
    assert "label: " in out and "description: " in out
    assert command(capsys, "text", "pku-sim", "--classes", "pku/99")[0] == 2


def test_a_dry_run_prints_and_runs_nothing(empty_home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = command(capsys, *BENCH, "--methods", "sadvae,pgfa", "--seeds", "0,1,2", "--dry-run")
    assert code == 0 and out.startswith("6 runs") and "cycles=2" in out and "split-7" in out and "trajectory" in out
    code, out, _ = command(capsys, "bench", "--methods", "pgfa", "--dataset", "pku", "--dry-run")
    assert code == 0 and not list(tmp_path.iterdir())


def test_a_benchmark_writes_records_and_leaderboards(done):
    names = {p.name for p in done.iterdir()}
    assert {"leaderboard.md", "leaderboard.csv", "leaderboard.tex", "leaderboard.json"} <= names
    assert len(names) == 6 and "simulated" in (done / "leaderboard.md").read_text()
    assert not [n for n in names if n.startswith(".")]


def test_the_same_command_again_runs_nothing_and_changes_nothing(done, capsys):
    before = {p.name: p.read_bytes() for p in done.iterdir()}
    code, out, _ = command(capsys, *BENCH, "--out", done)
    assert code == 0 and "1 of them from earlier" in out
    assert {p.name: p.read_bytes() for p in done.iterdir()} == before


def test_reports_of_a_folder(done, tmp_path, capsys):
    written = {p.name: p.read_bytes() for p in done.glob("leaderboard.*")}
    code, out, _ = command(capsys, "report", done)
    assert code == 0 and "SA-DVAE" in out and "rule last" in out
    code, out, _ = command(capsys, "report", done, "--rule", "last,oracle")
    assert code == 0 and "oracle: the epoch" in out
    code, out, _ = command(capsys, "report", done, "--format", "md,csv,latex,json", "--out", tmp_path / "again")
    assert code == 0 and out.splitlines() == [
        f"1 record from {done}",
        "",
        *(f"Wrote {tmp_path / 'again' / f'leaderboard.{e}'}" for e in ("md", "csv", "tex", "json")),
    ]
    assert {p.name: p.read_bytes() for p in (tmp_path / "again").iterdir()} == written
    code, _, err = command(capsys, "report", done, "--format", "markdwon")
    assert code == 2 and "markdown" in err
    code, _, err = command(capsys, "report", done, "--rule", "lst")
    assert code == 2 and "last" in err
    code, _, err = command(capsys, "report", tmp_path)
    assert code == 2 and "no records" in err


def test_what_to_look_at_next_is_a_command_that_works(done, tmp_path, capsys):
    _, bench, _ = command(capsys, *BENCH, "--out", done)
    _, report, _ = command(capsys, "report", done)
    lines = [line for line in (bench + report).splitlines() if "zsar report" in line]
    assert len(lines) == 3
    for line in lines:
        arguments = line.partition("zsar ")[2].partition("   ")[0].replace("--out page", f"--out {tmp_path / 'page'}")
        assert command(capsys, *arguments.split())[0] == 0, line
    assert list((tmp_path / "page").glob("*.html"))


def test_a_report_imports_no_more_than_it_needs(done):
    code = """if True:
        import sys
        from zsar.cli import main
        main(sys.argv[1:])
        print([name for name in ("scipy.stats", "torch") if name in sys.modules])"""
    command_line = [sys.executable, "-c", code, "report", done]
    shown = subprocess.run(command_line, capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_a_results_folder_of_another_version_is_refused(done, capsys):
    path = next(p for p in done.glob("*.json") if p.name != "leaderboard.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    for arguments in ([*BENCH, "--seeds", "1", "--out", done], ["report", done]):
        code, _, err = command(capsys, *arguments)
        assert code == 2 and "another version of zsar" in err and path.name in err


def test_a_failing_run_gives_exit_code_1_and_a_summary(home, misbehaving, tmp_path, capsys):
    code, out, _ = command(capsys, *BENCH, "--methods", "raising,sadvae", "--out", tmp_path)
    assert code == 1 and "1 of 2 runs failed" in out and "the second epoch went wrong" in out
    assert "the second epoch went wrong" in (tmp_path / "leaderboard.md").read_text()
    assert "SA-DVAE" in (tmp_path / "leaderboard.md").read_text()


def test_the_only_run_failing_still_makes_a_report(home, misbehaving, tmp_path, capsys):
    code, out, _ = command(
        capsys, "bench", "--methods", "raising", "--dataset", "pku-sim", "--splits", "smie.split-7", "--out", tmp_path
    )
    assert code == 1 and "1 of 1 runs failed" in out


def test_a_folder_that_cant_be_written(home, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    code, _, err = command(capsys, *BENCH, "--out", tmp_path / "file")
    assert code == 2 and str(tmp_path / "file") in err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(home, tmp_path, capsys):
    tmp_path.chmod(0o500)
    code, _, err = command(capsys, *BENCH, "--out", tmp_path / "results")
    tmp_path.chmod(0o700)
    assert code == 2 and "no permission" in err


@pytest.mark.slow
def test_from_another_folder_and_piped(home, zsar, tmp_path):
    done = zsar(*BENCH, cwd=tmp_path)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert (tmp_path / "results" / "pku-sim" / "leaderboard.md").is_file()
    assert "1/1 sadvae" in done.stdout and "\x1b" not in done.stdout
