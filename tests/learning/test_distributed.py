"""Two processes train as one does; on a CPU through gloo."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zsar.testing.small import small_dataset

SCRIPT = Path(__file__).parent / "two_processes.py"


spec = importlib.util.spec_from_file_location("two_processes", SCRIPT)
two_processes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(two_processes)


def together(processes: int, *command, expected: int = 0) -> list[str]:
    """What torchrun starts, and what each process printed; all should exit with ``expected``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    common = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, *map(str, command)],
            env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(processes)
    ]
    outputs = [process.communicate(timeout=200)[0] for process in started]
    assert [process.returncode for process in started] == [expected] * processes, "\n".join(outputs)
    return outputs


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    """A folder with what came out of two processes."""
    folder = tmp_path_factory.mktemp("two")
    together(2, SCRIPT, folder, "curve:stgcn", "curve:shiftgcn", "resumed:stgcn")
    return folder


@pytest.mark.parametrize("name", ["stgcn", "shiftgcn"])
def test_two_processes_have_the_loss_curve_of_one(name, of_two, tmp_path):
    two_processes.main(tmp_path, f"curve:{name}")
    found = []
    for folder in (tmp_path, of_two):
        with np.load(folder / f"curve-{name}.npz") as content:
            found.append({key: content[key] for key in content.files})
    one, two = found
    assert len(one["losses"]) == 3 and len(set(one["losses"].tolist())) == 3
    np.testing.assert_allclose(two["losses"], one["losses"], rtol=1e-4)
    assert one.keys() == two.keys()
    # Not the means: biases before a normalisation have no gradient but noise, and Adam makes steps of it.
    for key in (k for k in one if "running_var" in k):
        np.testing.assert_allclose(two[key], one[key], rtol=1e-2, err_msg=key)


def test_resuming_is_exact_in_every_process(of_two):
    with np.load(of_two / "resumed-stgcn.npz") as found:
        keys = [k.removeprefix("whole/") for k in found.files if k.startswith("whole/")]
        assert keys
        for key in keys:
            np.testing.assert_array_equal(found[f"resumed/{key}"], found[f"whole/{key}"], err_msg=key)


def train_encoder(name: str) -> tuple[str, ...]:
    where = ("--dataset", "pku-sim", "--split", "smie.split-7", "--frames", "8", "--device", "cpu")
    return ("-m", "zsar", "train", "encoder", "--encoder", name, *where)


def test_the_command_on_two_processes_prints_and_writes_once(tmp_path, home):
    small_dataset(home, classes=None, clips_per_class=2, subjects=2)
    tiny = ("hidden=4", "epochs=2", "batch=16", "absent_bodies=skip")
    earlier = set((home / "features").glob("*"))
    options = ("--out", tmp_path / "out", "--as", "synse")
    outputs = together(
        2, *train_encoder("shiftgcn"), *options, *(part for k in tiny for part in ("--set", f"shiftgcn.{k}"))
    )
    assert outputs[1] == "" and outputs[0].count("epoch 2/2") == 2 and "Encoder: " in outputs[0]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["encoder.json", "encoder.safetensors", "synse"]
    assert len(set((home / "features").iterdir()) - earlier) == 2


def test_too_many_processes_for_a_batch_are_refused(tmp_path, home):
    small_dataset(home, classes=None, clips_per_class=2, subjects=2)
    options = ("--set", "stgcn.batch=1", "--set", "stgcn.hidden=4")
    outputs = together(2, *train_encoder("stgcn"), *options, "--out", tmp_path / "out", expected=2)
    assert "a batch of 1 clips can't be shared by 2 processes" in outputs[0] and "Traceback" not in outputs[0]
