"""``zsar data export``: a clip as a file, and what is read from it."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from zsar.cli import main
from zsar.data.cards import card
from zsar.data.datasets import open_dataset
from zsar.errors import ZsarError
from zsar.recognition.clip_files import READERS, read_clips
from zsar.recognition.clip_writing import WRITERS, write_clip
from zsar.recognition.clips import InputClip
from zsar.skeletons.layouts import layout

README = Path(__file__).parents[2] / "README.md"


def number_of(dataset, label):
    return dataset.labels.tolist().index(label)


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("label", ["pku/02", "pku/14"])
def test_what_predict_reads_is_the_clip(trained, tmp_path, capsys, ending, label):
    """One person, and two."""
    number = number_of(trained.dataset, label)
    out = tmp_path / f"clip{ending}"
    assert main(["data", "export", "pku-sim", str(trained.dataset.samples[number]), "--out", str(out)]) == 0
    [clip] = read_clips(out)
    assert clip.layout == "kinect_v2" and not clip.note
    np.testing.assert_array_equal(clip.frames, trained.dataset.frames(number))
    printed = capsys.readouterr().out
    assert "(simulated)" in printed.splitlines()[0] and card("pku-sim").note in printed
    assert card("pku-sim").licence in printed


def test_the_endings_are_those_that_are_read():
    assert WRITERS.keys() <= READERS.keys()


def test_the_file_says_that_it_is_simulated_where_its_format_allows_it(trained, tmp_path):
    for ending in (".npz", ".csv"):
        assert main(["data", "export", "pku-sim", "0", "--out", str(tmp_path / f"clip{ending}")]) == 0
    with np.load(tmp_path / "clip.npz") as arrays:
        assert "simulated" in str(arrays["about"]).lower() and str(arrays["labels"][0]) == "Bow (simulated)"
    assert "Bow (simulated)" in (tmp_path / "clip.csv").read_text()


def test_joints_of_kinect_v1_are_kept_and_not_called_ntu(tmp_path):
    frames = np.random.default_rng(0).normal(size=(20, 1, len(layout("kinect_v1").joints), 3)).astype(np.float32)
    clip = InputClip("one", frames, "kinect_v1")
    for ending in (".npz", ".npy", ".csv"):
        write_clip(tmp_path / f"clip{ending}", clip)
        [again] = read_clips(tmp_path / f"clip{ending}")
        assert again.layout == "kinect_v1" and np.array_equal(again.frames, frames)
    with pytest.raises(ZsarError, match="kinect_v2"):
        write_clip(tmp_path / "clip.skeleton", clip)
    assert not (tmp_path / "clip.skeleton").exists()


def test_a_clip_that_would_be_read_as_another_is_not_written(trained, tmp_path):
    """NTU's readers take the second person away who is there in a few frames only, and order people by motion."""
    frames = trained.dataset.frames(number_of(trained.dataset, "pku/14"))
    brief = frames.copy()
    brief[5:, 1] = 0
    for changed, words in (
        (brief, "dropped"),
        (frames[:, ::-1], "change places"),
        (np.pad(frames, 1)[:, 1:3, 1:26, 1:4], "cut"),
    ):
        clip = InputClip("shake", np.ascontiguousarray(changed), "kinect_v2")
        with pytest.raises(ZsarError, match=words) as refused:
            write_clip(tmp_path / "clip.skeleton", clip)
        assert ".npz" in refused.value.hint and not list(tmp_path.iterdir())
        write_clip(tmp_path / "clip.npz", clip)
        np.testing.assert_array_equal(read_clips(tmp_path / "clip.npz")[0].frames, clip.frames)
        (tmp_path / "clip.npz").unlink()


def test_a_real_recording_comes_with_its_licence_and_is_not_called_simulated(utd_archive, empty_home, tmp_path, capsys):
    assert main(["data", "prepare", "utd-mhad", "--source", str(utd_archive), "--jobs", "1"]) == 0
    capsys.readouterr()
    assert main(["data", "export", "utd-mhad", "3", "--out", str(tmp_path / "clip.npz")]) == 0
    printed, about = capsys.readouterr().out, card("utd-mhad")
    assert about.licence in printed and about.citation in printed and "simulated" not in printed
    [clip] = read_clips(tmp_path / "clip.npz")
    np.testing.assert_array_equal(clip.frames, open_dataset("utd-mhad").frames(3))


@pytest.mark.parametrize(
    ("clip", "out", "words"),
    [
        ("pku-sim/02/s02/v9/0001", "clip.npz", "Did you mean pku-sim/02/s02/v1/0001"),
        ("9999", "clip.npz", "numbered from 0"),
        ("0", "clip.mat", ".npz, .skeleton"),
        ("0", "clip", ".npz, .skeleton"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_nothing_written(trained, tmp_path, capsys, clip, out, words):
    assert main(["data", "export", "pku-sim", clip, "--out", str(tmp_path / out)]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.rglob("*"))


def test_the_readmes_way_to_recognise_anything_needs_no_download(trained, tmp_path, monkeypatch, capsys):
    """Its own commands, with a method that trains at once; the clip is one that the model has never seen."""
    block = re.search(r"## Recognise anything\n+```bash\n(.*?)```", README.read_text(encoding="utf-8"), re.S)[1]
    training, exporting, predicting, page = (shlex.split(line)[1:] for line in block.splitlines())
    assert [line[0] for line in (training, predicting, page)] == ["train", "predict", "demo"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("zsar.text.models.locate", lambda name: pytest.fail("a text model is needed"))
    assert main(["nearest" if word == "sadvae" else word for word in training]) == 0
    assert main(exporting) == 0
    capsys.readouterr()
    assert main(predicting) == 0
    printed = capsys.readouterr().out
    labels = predicting[predicting.index("--labels") + 1 :]
    assert exporting[-1] in printed and all(label in printed for label in labels) and "trained on" not in printed
    sample = exporting[exporting.index("pku-sim") + 1]
    number = trained.dataset.samples.tolist().index(sample)
    assert number in trained.subsets.unseen_test
    assert labels[0].lower() == card("pku-sim").classes[str(trained.dataset.labels[number])].lower()
