"""A method in a package of its own, installed by pip, runs in the benchmark with no change to zsar."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import zsar as library
from zsar.results.record import read_records

PACKAGE = Path(__file__).parents[1] / "third_party"
GUIDE = Path(__file__).parents[2] / "docs" / "add-a-method.md"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder that pip installed the package into."""
    source = tmp_path_factory.mktemp("source") / "package"
    shutil.copytree(PACKAGE, source)  # building leaves files beside it
    target = tmp_path_factory.mktemp("target")
    made = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "--disable-pip-version-check",
            "--target",
            str(target),
            str(source),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return target


@pytest.mark.slow
def test_it_runs_in_the_benchmark(home, site, zsar, tmp_path):
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    done = zsar(
        "bench",
        "--methods",
        "classmeans",
        "--dataset",
        "pku-sim",
        "--splits",
        "split-7",
        "--out",
        tmp_path / "out",
        "--set",
        "classmeans.ridge=0.5",
        cwd=tmp_path,
        PYTHONPATH=path,
    )
    assert done.returncode == 0, done.stderr
    (record,) = read_records(tmp_path / "out")
    assert record["status"] == "done" and record["method"]["class"] == "class_means:ClassMeans"
    assert record["method"]["keywords"] == {"ridge": 0.5} and record["counts"]["epochs"] == 1
    assert "Class means" in (tmp_path / "out" / "leaderboard.md").read_text()
    assert json.loads((tmp_path / "out" / "leaderboard.json").read_text())
    wrong = zsar("bench", "--methods", "clasmeans", "--dataset", "pku-sim", PYTHONPATH=path)
    assert wrong.returncode == 2 and "classmeans" in wrong.stderr


def test_it_is_small_and_zsar_doesnt_know_it():
    source = (PACKAGE / "class_means.py").read_text()
    assert len(source.splitlines()) < 40
    package = Path(library.__file__).parent
    assert not [p for p in package.rglob("*.py") if "class_means" in p.read_text() or "classmeans" in p.read_text()]


def test_the_guide_shows_exactly_these_files():
    guide = GUIDE.read_text()
    for name in ("class_means.py", "pyproject.toml"):
        assert (PACKAGE / name).read_text().strip() in guide, f"{name} and {GUIDE.name} differ"
