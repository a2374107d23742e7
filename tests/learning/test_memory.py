"""Freed memory stays with a process that trains, and nothing breaks where the C library has no say in it."""

import subprocess
import sys

import pytest

from zsar.harness import run
from zsar.learning import memory

FAULTS = """
import resource, sys, torch
from zsar.learning.memory import keep_freed
if sys.argv[1] == "kept":
    keep_freed()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    torch.ones(12 * 2**20)
before = faults()
for _ in range(10):
    torch.ones(12 * 2**20)
print(faults() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's own setting")
def test_the_next_tensor_takes_the_last_ones_memory():
    """Without new pages: a fault each, or one for every few where the system has large ones."""
    found = {
        way: int(subprocess.run([sys.executable, "-c", FAULTS, way], capture_output=True, check=True).stdout)
        for way in ("kept", "given-back")
    }
    assert found["kept"] * 10 < found["given-back"]


class Missing:
    def __init__(self, name):
        if name is None:
            raise OSError


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", Missing)
    assert memory.keep_freed() is None
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    assert memory.keep_freed() is None


def test_a_run_keeps_it(monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr(run, "keep_freed", lambda: called.append(True))
    monkeypatch.setattr(run, "run_together", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run.run_recorded({0: None}, tmp_path, device="cpu", threads=1, on_event=lambda event: None)
    assert called
