"""Killed in the middle and started again: the same leaderboard, byte for byte."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from living import alive

NAMES = ("leaderboard.md", "leaderboard.csv", "leaderboard.json", "leaderboard.tex")
ARGUMENTS = (
    "bench",
    "--methods",
    "sadvae,dvta",
    "--dataset",
    "pku-sim",
    "--splits",
    "smie.split-7",
    "--jobs",
    "1",
    "--device",
    "cpu",
    "--set",
    "sadvae.cycles=16",
    "--set",
    "sadvae.passes=3",
    "--set",
    "sadvae.draws=5",
    "--set",
    "sadvae.classifier_steps=5",
    "--set",
    "sadvae.lr=0.01",
    "--set",
    "dvta.epochs=12",
    "--set",
    "dvta.batch=16",
    "--set",
    "dvta.lr=0.001",
    "--set",
    "trajectory.components=8",
)


def start(*arguments, **environment) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", _SAVING_EVERY_EPOCH, *map(str, arguments)],
        text=True,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell's background job is born deaf to Ctrl-C, and so would be what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


# Epochs of milliseconds aren't worth saving; here they are, so that a kill in the middle leaves something behind.
_SAVING_EVERY_EPOCH = (
    "import sys, zsar.learning.resuming, zsar.cli; zsar.learning.resuming.SECONDS_BETWEEN_CHECKPOINTS = 0; "
    "sys.exit(zsar.cli.main(sys.argv[1:]))"
)


def wait_for_epoch(running: subprocess.Popen, folder, phase: str, epoch: int) -> None:
    """Until a run has been saved in the middle of a phase, after some epochs."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        for path in (folder / ".checkpoints").glob(f"[0-9a-f]*.{phase}.pt"):
            try:
                saved = torch.load(path, weights_only=True)
            except FileNotFoundError:  # the run ended meanwhile
                continue
            if saved["method"] is not None and saved["method"]["epoch"] >= epoch:
                return
        assert running.poll() is None, f"ended before it was killed:\n{running.communicate()}"
        time.sleep(0.005)
    raise AssertionError(f"no checkpoint in the {phase} phase")


@pytest.mark.slow
def test_a_run_killed_twice_ends_with_the_same_leaderboard(home, tmp_path, zsar, numbers):
    alone = zsar(*ARGUMENTS, "--out", tmp_path / "alone")
    assert alone.returncode == 0, alone.stderr
    folder = tmp_path / "killed"
    for phase in ("companion", "main"):
        running = start(*ARGUMENTS, "--out", folder)
        wait_for_epoch(running, folder, phase, 3)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert running.returncode == -signal.SIGKILL and not list(folder.glob("leaderboard.*"))
        assert list((folder / ".checkpoints").glob("*.pt"))
    again = zsar(*ARGUMENTS, "--out", folder)
    assert again.returncode == 0, again.stderr
    for name in NAMES:
        assert (folder / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    assert numbers(folder) == numbers(tmp_path / "alone")


def descendants(pid: int) -> set[int]:
    """Processes started by a process, and by those, as the kernel lists them."""
    found = set()
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as children:
            for child in map(int, children.read().split()):
                found |= {child} | descendants(child)
    return found


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children"), reason="needs Linux' /proc")
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_the_process_that_started_it(home, tmp_path, misbehaving, kill):
    running = start(
        "bench",
        "--methods",
        "slow",
        "--dataset",
        "pku-sim",
        "--splits",
        "smie.split-7",
        "--seeds",
        "0,1",
        "--jobs",
        "2",
        "--set",
        "slow.epochs=100000",
        "--rule",
        "last",
        "--out",
        tmp_path,
    )
    wait_for_epoch(running, tmp_path, "main", 2)
    workers = descendants(running.pid)
    assert len(workers) >= 2
    running.send_signal(kill)
    _, errors = running.communicate(timeout=120)
    end = time.monotonic() + 120
    while any(map(alive, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, workers))
    if kill == signal.SIGINT:
        assert running.returncode == 130 and "goes on from there" in errors and "Traceback" not in errors
