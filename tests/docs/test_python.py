"""The scripts of docs/python.md run as a user would run them, in a process of their own and without a main guard."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from zsar.data.datasets import open_dataset
from zsar.testing.small import small_dataset

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
SCRIPTS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


@pytest.fixture
def run(tmp_path):
    """Run a script in an empty folder, on a few simulated clips of every class."""
    small_dataset(tmp_path / "home", None, clips_per_class=4, subjects=2)
    open_dataset.cache_clear()

    def run(script: str) -> str:
        path = tmp_path / "script.py"
        path.write_text(script, encoding="utf-8")
        environment = {**os.environ, "ZSAR_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, path], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.slow
def test_three_methods_and_three_seeds_become_one_frame(run):
    [script] = [s for s in SCRIPTS if "zsar.bench(" in s]
    assert len(script.strip().splitlines()) <= 20 and script.count("import") == 1
    printed = run(script).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in printed[-3:]}
    assert rows.keys() == {"nearest", "dvta", "sadvae"}
    assert all(0 <= float(value) <= 100 for values in rows.values() for value in values) and len(rows["dvta"]) == 3


@pytest.mark.slow
def test_a_model_is_trained_kept_and_asked(run):
    [script] = [s for s in SCRIPTS if "zsar.train(" in s]
    assert run(script).splitlines()[-1] in [f"['{label}']" for label in ("drink water", "wave hand", "fall down")]
