"""`import zsar` and `zsar --help` answer at once: what is heavy is imported where it is used."""

import json
import os
import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "sklearn", "sentence_transformers", "pandas", "scipy", "transformers")
LIMIT = 0.5
"""Seconds."""


def python(code: str) -> tuple[float, str]:
    """Seconds and output of a fresh interpreter."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    return time.perf_counter() - started, done.stdout


HELP = "import sys, zsar.cli\ntry: zsar.cli.main([{}])\nexcept SystemExit: pass\n"
LIGHT = {
    "import zsar": "import zsar",
    "zsar --help": HELP.format("'--help'"),
    "zsar": HELP.format(""),
    "zsar --version": HELP.format("'--version'"),
    "zsar bench --help": HELP.format("'bench', '--help'"),
    "import zsar.methods": "import zsar.methods",
    "import zsar.data.cards": "import zsar.data.cards",
}


@pytest.mark.parametrize("code", LIGHT.values(), ids=LIGHT)
def test_nothing_heavy_is_imported(code):
    _, output = python(f"{code}\nimport sys, json\nprint(); print(json.dumps(sorted(sys.modules)))")
    assert not set(HEAVY) & set(json.loads(output.splitlines()[-1]))


@pytest.mark.parametrize("code", [LIGHT["import zsar"], LIGHT["zsar --help"]], ids=["import zsar", "zsar --help"])
def test_the_answer_comes_in_half_a_second(code):
    assert min(python(code)[0] for _ in range(3)) < LIMIT


def test_no_method_is_imported_by_another_parts_import():
    _, output = python(
        "import zsar.harness.plan, zsar.report.leaderboard, zsar.results.record, sys, json\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = {m.removeprefix("zsar.methods.") for m in json.loads(output) if m.startswith("zsar.methods.")}
    assert not loaded
