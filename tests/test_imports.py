"""`import zsar` and `zsar --help` answer at once: what is heavy is imported where it is used."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "pandas",
    "scipy",
    "sklearn",
    "transformers",
    "sentence_transformers",
    "matplotlib",
    "starlette",
    "uvicorn",
)
LIMIT = 0.1
"""Seconds of the processor, beyond what the interpreter's own start takes."""


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    ).stdout


def seconds(code: str) -> float:
    """Processor time that the code takes in a fresh interpreter: others' work on the machine does not count."""
    timed = f"import time\nstarted = time.process_time()\n{code}\nprint(); print(time.process_time() - started)"
    return float(python(timed).splitlines()[-1])


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
    output = python(f"{code}\nimport sys, json\nprint(); print(json.dumps(sorted(sys.modules)))")
    assert not set(HEAVY) & set(json.loads(output.splitlines()[-1]))


@pytest.mark.parametrize("code", [LIGHT["import zsar"], LIGHT["zsar --help"]], ids=["import zsar", "zsar --help"])
def test_the_answer_comes_at_once(code):
    assert min(seconds(code) for _ in range(3)) < LIMIT


def test_no_method_is_imported_by_another_parts_import():
    output = python(
        "import zsar.harness.plan, zsar.report.leaderboard, zsar.results.record, sys, json\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = {m.removeprefix("zsar.methods.") for m in json.loads(output) if m.startswith("zsar.methods.")}
    assert not loaded


def test_a_run_is_repeatable_without_torchs_compiler():
    """Loading it takes every process a second."""
    output = python(
        "import sys, torch\nfrom zsar.harness.run import run_recorded\n"
        "from zsar.harness import run\n"
        "run._run_recorded = lambda *_: print(torch.are_deterministic_algorithms_enabled())\n"
        "run_recorded({}, None, device='cpu', threads=1, on_event=None)\n"
        "print(torch.are_deterministic_algorithms_enabled(), 'torch._inductor' in sys.modules)"
    )
    assert output.splitlines()[-2:] == ["True", "False False"]
