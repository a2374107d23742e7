"""Every clip format is recognised by its files' names, by one format module only, and writes nothing while it looks."""

import os
from pathlib import Path

import numpy as np
import pytest
from released_clips import generic_arrays, pyskl_content, write_ctrgcn, write_npz, write_pickle, write_smie

from zsar.data.cards import card
from zsar.data.importing.formats import available, recognise
from zsar.errors import DataError
from zsar.simulation.generate import generate
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.source import Source


@pytest.fixture
def sources(tmp_path):
    """A source of each clip format, by the format's name."""
    clips = list(generate(["pku/01", "pku/02"], clips_per_class=1, subjects=1))
    pairs = [(c.frames, i) for i, c in enumerate(clips)]
    (tmp_path / "pyskl").mkdir()
    named = [(f"S001C001P00{i + 1}R001A00{i + 1}", c.frames) for i, c in enumerate(clips)]
    write_pickle(tmp_path / "pyskl" / "ntu60_3danno.pkl", pyskl_content(named, {"1"}))
    data = np.ones((1, 3, 4, 25, 2), np.float32)
    return {
        "generic": write_npz(tmp_path / "a.npz", generic_arrays(clips, ["a", "b"], layout("kinect_v2").joints)),
        "ctrgcn": write_ctrgcn(tmp_path / "NTU60_CS.npz", pairs[:1], pairs[1:], 60),
        "pyskl": tmp_path / "pyskl",
        "smie": write_smie(tmp_path / "pku" / "split_7", {"seen_train": (data, [0]), "unseen": (data, [1])}),
    }


@pytest.mark.parametrize("name", ["generic", "ctrgcn", "pyskl", "smie"])
def test_one_format_recognises_it(sources, name):
    assert recognise(sources[name]) is available()[name]


def test_nothing_recognises_what_holds_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    assert recognise(tmp_path / "empty") is None


@pytest.mark.parametrize("endless", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("generic", ["a/frames.npy", "a/offsets.npy", "a/labels.npy"]),
        ("generic", ["a/card.yaml"]),
        ("generic", ["a.npz"]),
        ("ctrgcn", ["a/NTU60_CS.npz"]),
        ("ctrgcn", ["NTU60_CS.npz"]),
        ("pyskl", ["a/ntu60_3danno.pkl"]),
        ("pyskl", ["ntu60_3danno.pkl"]),
        ("smie", ["a/seen_train_label.npy", "a/seen_train_data.npy", "a/unseen_data.npy"]),
    ],
)
def test_pipes_and_devices_are_refused_unread_and_named(tmp_path, name, files, endless):
    for file in files:
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        endless(path)
    if files == ["a/card.yaml"]:
        for part in ("frames", "offsets", "labels"):
            np.save(tmp_path / "a" / f"{part}.npy", np.zeros(2))
    source = tmp_path / files[0].partition("/")[0]
    with pytest.raises(DataError, match=f"{Path(files[0]).name} is not a plain file"):
        available()[name].examine(source, "mine", card("ntu60") if name == "smie" else None)


@pytest.mark.parametrize("name", ["generic", "ctrgcn", "pyskl", "smie"])
def test_a_source_of_another_format_is_refused(sources, name):
    module = available()[name]
    assert module.TITLE
    for other, path in sources.items():
        if other != name:
            assert not module.recognises(Source(path))
            with pytest.raises(DataError):
                module.examine(path, "mine", None)
