"""The results page and the expected numbers are made from records alone."""

import math
from statistics import fmean, stdev

import pytest
import results
import yaml

from zsar.results.record import write_record

BOTH = ("zsl", "gzsl")


@pytest.fixture
def folders(record, tmp_path):
    for dataset, methods in (("utd-mhad", ("pgfa", "dvta")), ("nw-ucla", ("dvta",))):
        for method in methods:
            for seed in range(3):
                one = record(method, seed=seed, dataset=dataset, settings=BOTH)
                write_record(tmp_path / "records" / dataset, one)
    return tmp_path


def made(folder, name="one"):
    page, numbers = folder / name / "results.md", folder / name / "expected"
    assert results.main([str(folder / "records"), str(page), str(numbers)]) == 0
    return page.read_text(encoding="utf-8"), numbers


def test_the_page_has_both_settings_and_the_commands(folders):
    page, _ = made(folders)
    for dataset, methods in (("utd-mhad", "dvta,pgfa"), ("nw-ucla", "dvta")):
        command = f"zsar bench --methods {methods} --dataset {dataset} --setting zsl,gzsl --seeds 0,1,2"
        assert command in page.splitlines()
    assert page.count("ZSL top-1 accuracy") == 2 and page.count("GZSL harmonic mean") == 2
    assert "no .npz of scores" in page
    assert page.startswith("# Results\n") and "# Leaderboard" not in page


def test_expected_numbers_are_recomputed(folders):
    from zsar.results.record import read_records

    _, numbers = made(folders)
    records = read_records(folders / "records" / "utd-mhad")
    content = yaml.safe_load((numbers / "utd-mhad.yaml").read_text())
    assert sorted(p.name for p in numbers.iterdir()) == ["nw-ucla.yaml", "utd-mhad.yaml"]
    assert len(content["cells"]) == 2 * (2 + 2)  # methods; rules in ZSL, strategies in GZSL
    for cell in content["cells"]:
        runs = [r for r in records if r["method"]["name"] == cell["method"]]
        found = [r["results"]["inductive"][cell["rule"]] for r in runs]
        if cell["setting"] == "gzsl":
            assert cell["rule"] == "last" and cell["strategy"] in ("stacking", "gate")
            values = [f["gzsl"]["strategies"][cell["strategy"]]["harmonic"] for f in found]
            least = 1.5 * 2 / 80
        else:
            values, least = [f["top1"] for f in found], 1.5 / 80
        assert cell["value"] == pytest.approx(fmean(values), abs=1e-6)
        wanted = max(2 * stdev(values) / math.sqrt(3), least)
        assert cell["tolerance"] == pytest.approx(wanted, abs=1e-6)
        assert cell["seeds"] == [0, 1, 2]


def test_the_same_records_give_the_same_files(folders):
    first, numbers = made(folders)
    again, others = made(folders, "two")
    assert first == again
    for path in numbers.iterdir():
        assert path.read_bytes() == (others / path.name).read_bytes()


def test_nothing_to_make_it_from_is_an_error(tmp_path, capsys):
    assert results.main([str(tmp_path / "nowhere"), "a.md", "b"]) == 2
    assert "no folders of records" in capsys.readouterr().err
    (tmp_path / "records" / "empty").mkdir(parents=True)
    assert results.main([str(tmp_path / "records"), str(tmp_path / "a.md"), "b"]) == 2
    assert "no records in" in capsys.readouterr().err and not (tmp_path / "a.md").exists()
    assert results.main(["one"]) == 2


def test_records_of_the_bench_itself(nine, tmp_path):
    from zsar.harness.execute import execute
    from zsar.results import Results
    from zsar.testing.small import job

    jobs = [job(nine, m, seed, settings=BOTH) for m in ("nearest", "random") for seed in (0, 1)]
    folder = tmp_path / "records" / "pku-sim"
    done = execute(jobs, folder)
    assert {r["status"] for r in done} == {"done"}
    tables = Results.read(folder).tables()
    assert [t.setting for t in tables] == ["zsl", "gzsl"]
    assert {bool(r.group) for r in tables[0].rows if r.rule == "last"} == {True}
    for row in tables[1].rows:
        mine = [r for r in done if r["method"]["name"] == row.method]
        blocks = [r["results"][row.mode][row.rule]["gzsl"] for r in mine]
        values = [b["strategies"][row.strategy]["harmonic"] for b in blocks]
        assert row.average.harmonic.mean == pytest.approx(fmean(values))
    page, numbers = made(tmp_path)
    assert "say nothing about real recordings" in page
    cells = yaml.safe_load((numbers / "pku-sim.yaml").read_text())["cells"]
    assert {c["method"] for c in cells} == {"nearest", "random"}
