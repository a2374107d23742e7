"""With `zsar/fast` deleted everything runs in its plain form: contract, golden values and poison."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ELSEWHERE = """
import sys
# A finder of an installation that can be edited would go on to find what was deleted from the copy.
sys.meta_path = [f for f in sys.meta_path if not str(getattr(f, "__module__", "")).startswith("__editable__")]
"""
TESTS = {
    "tests/learning/test_contract.py": "(dvta or sadvae or pgfa) and not gpu and (building or classifiers or resumed)",
    "tests/testing/test_golden.py": "every_value_of_every_file",
    "tests/harness/test_poison.py": "on_a_clip_or_text and (dvta-trajectory or sadvae-trajectory or pgfa)",
}


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """Run Python with a copy of the package that lacks the room."""
    copy = tmp_path_factory.mktemp("copy")
    leave = shutil.ignore_patterns("__pycache__", "fast")
    shutil.copytree(ROOT / "zsar", copy / "zsar", ignore=leave)
    for name in ("methods", "configs", "benchmarks"):
        shutil.copytree(ROOT / name, copy / "zsar" / name, ignore=shutil.ignore_patterns("__pycache__", "records"))
    (copy / "sitecustomize.py").write_text(ELSEWHERE)

    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(copy), "ZSAR_FAST": "1", "ZSAR_HOME": str(copy / "home")}
        return subprocess.run(
            [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
        )

    return run


def test_the_room_is_gone(without):
    code = "import zsar.methods.dvta as d; from zsar.learning.faster import enabled; print(enabled()); import zsar.fast"
    done = without("-c", code)
    assert done.stdout == "False\n" and "No module named 'zsar.fast'" in done.stderr, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("path", TESTS)
def test_all_the_same_runs(without, path):
    done = without("-m", "pytest", "-c", str(ROOT / "pyproject.toml"), str(ROOT / path), "-k", TESTS[path])
    assert done.returncode == 0 and " passed" in done.stdout.splitlines()[-1], done.stdout[-3000:] + done.stderr[-3000:]
