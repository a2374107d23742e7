"""The head of the page: date, commit, machines."""

import shutil
import subprocess

import pytest
from page_inputs import RECORDS

from zsar.page.making import commit, making
from zsar.results import Results


def test_the_date_can_be_set_and_machines_are_those_of_the_records(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    records = [r.content for r in Results.read(RECORDS / "pku-sim")]
    environment = {"device": "cpu", "processor": "X1", "instructions": "AVX2", "torch": "2", "threads": 2}
    records[0] = records[0] | {"environment": environment}
    records[1] = records[1] | {"environment": {}}
    made = making(Results(records))
    assert made["date"] == "2001-09-09"
    assert made["machines"] == [
        "cpu (AMD EPYC, AVX512), torch 2.13.0+cpu, Python 3.11.7, 1 thread per run",
        "cpu (X1, AVX2), torch 2, 2 threads per run",
    ]


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_a_checkouts_commit_and_whether_files_differ_from_it(tmp_path):
    assert commit(tmp_path) == ""
    git = lambda *a: subprocess.run(
        ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", *a], check=True, capture_output=True
    )
    git("init")
    assert commit(tmp_path) == ""  # nothing committed yet
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-m", "one")
    name = commit(tmp_path)
    assert len(name) == 10 and not name.endswith("+")
    (tmp_path / "file").write_text("2")
    assert commit(tmp_path) == f"{name}+"
    assert commit(tmp_path / "elsewhere") == ""
