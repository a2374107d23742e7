"""Watching a folder: files are predicted once they are complete, broken ones told, and Ctrl-C ends it."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from zsar.cli import main
from zsar.errors import ZsarError
from zsar.recognition.watching import appearing


class Steps:
    """In place of sleeping: the next thing happens in the folder; after the last one watching ends."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def __call__(self, _):
        if not self.steps:
            raise KeyboardInterrupt
        self.steps.pop(0)()


def seen(folder, *steps, **options):
    found = []
    with pytest.raises(KeyboardInterrupt):
        for path in appearing(folder, wait=Steps(*steps), **options):
            found.append((path.name, path.read_bytes()))
    return found


def nothing():
    pass


def test_a_file_counts_once_it_stops_growing(tmp_path):
    def write(content):
        return lambda: (tmp_path / "a.csv").write_bytes(content)

    steps = [write(b""), nothing, write(b"one"), write(b"one, two"), nothing, nothing]
    assert seen(tmp_path, *steps) == [("a.csv", b"one, two")]


def test_earlier_files_only_when_they_change(tmp_path):
    (tmp_path / "old.npy").write_bytes(b"old")
    (tmp_path / "older.npy").write_bytes(b"older")
    steps = [nothing, nothing, lambda: (tmp_path / "old.npy").write_bytes(b"changed"), nothing, nothing]
    assert seen(tmp_path, *steps) == [("old.npy", b"changed")]
    assert [name for name, _ in seen(tmp_path, nothing, nothing, existing=True)] == ["old.npy", "older.npy"]


def test_other_files_are_left_alone(tmp_path):
    def write():
        for name in ("notes.txt", ".hidden.npy", "b.npy.part"):
            (tmp_path / name).write_bytes(b"x")
        (tmp_path / "folder.npy").mkdir()

    assert seen(tmp_path, write, nothing, nothing) == []


def test_a_file_that_comes_back_counts_again(tmp_path):
    path = tmp_path / "a.npy"
    steps = [lambda: path.write_bytes(b"1"), nothing, path.unlink, lambda: path.write_bytes(b"1"), nothing, nothing]
    assert len(seen(tmp_path, *steps)) == 2


def test_a_folder_that_is_not_there_is_told(tmp_path, trained, capsys):
    with pytest.raises(ZsarError, match="can't watch"):
        next(appearing(tmp_path / "nowhere"))
    (tmp_path / "going").mkdir()
    with pytest.raises(ZsarError, match="can't watch"):
        next(appearing(tmp_path / "going", wait=Steps((tmp_path / "going").rmdir)))
    arguments = ["predict", str(trained.folder), "--watch", str(tmp_path / "nowhere"), "--labels", "sit", "stand"]
    assert main(arguments) == 2 and "can't watch" in capsys.readouterr().err
    assert main([*arguments[:2], "a.npy", *arguments[2:]]) == 2 and "not both" in capsys.readouterr().err


def test_a_sensor_pipeline(trained, tmp_path, clip_file):
    """The command in a process of its own: two clips and a broken file appear, then Ctrl-C."""
    folder = tmp_path / "sensor"
    folder.mkdir()
    arguments = ["predict", str(trained.folder), "--watch", str(folder), "--json", "--top", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "zsar.cli", *arguments, "--labels", "sit down", "wave both hands"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job is born deaf to Ctrl-C
    )
    try:
        while "Watching" not in process.stderr.readline():
            assert process.poll() is None
        content = np.load(clip_file)
        np.save(folder / "first.npy", content)
        first = json.loads(process.stdout.readline())
        (folder / "broken.npy").write_bytes(b"no numpy")
        broken = json.loads(process.stdout.readline())
        np.save(folder / "far.npy", content * np.float32(1e9))
        far = json.loads(process.stdout.readline())
        np.save(folder / "second.npy", content)
        second = json.loads(process.stdout.readline())
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130 and out == "" and "2 clips predicted" in err and "Traceback" not in err
    assert first["predictions"] == second["predictions"] and len(first["predictions"]) == 1
    assert "broken.npy" in broken["error"] and "far.npy holds" in far["error"]
