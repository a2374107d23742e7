"""Prepared data that was damaged on the disk ends every command that needs it, with one error that names the file."""

import pytest
from command_line import command

from zsar.testing.small import small_dataset

ON = ["--dataset", "pku-sim"]
COMMANDS = {
    "bench": ["bench", "--methods", "nearest,eszsl", *ON, "--seeds", "0,1", "--jobs", "1", "--out", "out"],
    "bench in processes": ["bench", "--methods", "nearest", *ON, "--seeds", "0,1", "--jobs", "2", "--out", "out"],
    "tune": ["tune", "--method", "eszsl", *ON, "--grid", "trajectory.components=8,16", "--folds", "1", "--jobs", "1"],
    "train": ["train", "--method", "eszsl", *ON, "--split", "smie.split-7", "--folds", "1", "--save", "out"],
    "train encoder": ["train", "encoder", "--encoder", "stgcn", *ON, "--split", "smie.split-7", "--out", "out"],
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_flipped_bit_of_the_clips_ends_the_command(empty_home, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    path = small_dataset(empty_home, classes=None, clips_per_class=2).path
    frames = bytearray((path / "frames.npy").read_bytes())
    frames[len(frames) // 2] ^= 1
    (path / "frames.npy").write_bytes(frames)
    code, out, err = command(capsys, *arguments)
    assert code == 2
    assert (out + err).count("frames.npy is damaged: 1 of 102 clips") == 1
    assert err.startswith(f"error: {path / 'frames.npy'}") and f"Delete {path} and import" in err
    assert not list(tmp_path.glob("out/*"))
