"""pyskl's pickles give the clips that they were written from, with subject and camera, and run nothing."""

import os

import numpy as np
import pytest
from released_clips import all_clips, pyskl_content, write_pickle

from zsar.data.cards import card
from zsar.data.importing.formats import pyskl
from zsar.data.importing.writing import prepare
from zsar.errors import DataError
from zsar.simulation.generate import generate
from zsar.skeletons.readers.source import Source

NTU60 = card("ntu60")
TRAINS = NTU60.protocol("cross-subject").train


@pytest.fixture(scope="module")
def clips():
    """Pairs of a recording's name and frames; one class has two people."""
    made = generate(["pku/01", "pku/14"], clips_per_class=4, subjects=2)
    place = [(1, 1, 1), (1, 2, 3), (2, 3, 8), (2, 1, 40)]
    return [
        ("S{:03d}C{:03d}P{:03d}R001".format(*place[i % 4]) + ("A003" if c.label == "pku/01" else "A058"), c.frames)
        for i, c in enumerate(made)
    ]


@pytest.fixture
def content(clips):
    return pyskl_content(clips, TRAINS)


def examine(path, known=None):
    return pyskl.examine(path, "ntu60", known)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_clips_come_out_as_they_went_in(tmp_path, clips, content, protocol):
    path = write_pickle(tmp_path / "ntu60_3danno.pkl", content, protocol)
    assert pyskl.recognises(Source(tmp_path))
    found = examine(path)
    assert (found.of, found.card) == ("ntu60", {})
    store = prepare(NTU60, found.opener, tmp_path / "store", jobs=2)
    assert store.samples.tolist() == [name for name, _ in clips]
    for i, (name, frames) in enumerate(clips):
        assert np.array_equal(store.frames(i), frames.astype(np.float16).astype(np.float32))
        assert store.labels[i] == f"ntu/{name[-4:]}"
    assert store.subjects[:4].tolist() == ["1", "3", "8", "40"] and store.views[:4].tolist() == ["1", "2", "3", "1"]
    assert NTU60.protocol("cross-subject").trains(store)[:4].tolist() == [True, False, True, False]
    assert "xsub_train: 4 clips" in found.lines and "8 clips of 2 classes" in found.lines[0]


def test_a_folder_with_the_file_is_enough(tmp_path, clips, content):
    write_pickle(tmp_path / "ntu60_3danno.pkl", content)
    assert len(all_clips(examine(tmp_path))) == 8
    write_pickle(tmp_path / "ntu120_3danno.pkl", content)
    with pytest.raises(DataError, match="holds ntu120_3danno.pkl, ntu60_3danno.pkl"):
        examine(tmp_path)


def test_lists_tell_the_dataset(tmp_path, clips, content):
    path = write_pickle(tmp_path / "a.pkl", pyskl_content(clips, card("ntu120").default_protocol.train, "xset"))
    assert examine(path).of == "ntu120"
    write_pickle(path, {"annotations": content["annotations"]})
    with pytest.raises(DataError, match="doesn't say of which dataset"):
        examine(path)
    assert examine(path, NTU60).of == "ntu60"


def test_more_bodies_than_two(tmp_path, clips, content):
    one = content["annotations"][0]
    still = np.ones_like(one["keypoint"][:1])
    one["keypoint"] = np.concatenate([still, one["keypoint"], one["keypoint"] * 2])
    clip = all_clips(examine(write_pickle(tmp_path / "a.pkl", content)))[0]
    assert clip.note == "3 bodies, the 2 with most motion kept"
    assert np.array_equal(clip.frames[:, 1], one["keypoint"][2].astype(np.float32))


def annotation(**values):
    return lambda c: c["annotations"][1].update(values)


BAD = {
    "no dict": (lambda c: c.clear(), "is not a pickle of pyskl's"),
    "no names": (lambda c: c["annotations"].append({}), "annotation 8 should be a dict with a frame_dir"),
    "nothing": (lambda c: c.update(annotations=[], split={}), "holds no annotations"),
    "twice": (lambda c: c["annotations"].append(c["annotations"][0]), "holds S001C001P001R001A003 twice"),
    "lists": (lambda c: c["split"].update(xsub_val="all"), "should map names to lists"),
    "strange clips": (lambda c: c["split"]["xsub_val"].append("S9"), "xsub_val lists clips that aren't annotated: S9"),
    "label": (annotation(label=9), r"S001C002P003R001A003 has the label 9; by its name it should be 2"),
    "label from one": (annotation(label=3), r"should be 2 \(do its labels count from 1\?\)"),
    "label of text": (annotation(label="2"), "has the label '2', expected a class number"),
    "training list": (
        lambda c: c["split"]["xsub_train"].append("S001C002P003R001A003"),
        "xsub_train lists S001C002P003R001A003, though subject 3 tests in the protocol of ntu60",
    ),
    "no training": (
        lambda c: c["split"]["xsub_train"].remove("S001C001P001R001A003"),
        "xsub_train lacks S001C001P001R001A003, though subject 1 trains",
    ),
    "an action of NTU 120": (
        lambda c: c["annotations"].append(
            {**c["annotations"][0], "frame_dir": "S001C001P001R001A061", "label": 60},
        ),
        "holds clips of action A061, which ntu60 doesn't have",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_contradictions_are_refused(tmp_path, content, name):
    break_it, message = BAD[name]
    break_it(content)
    path = write_pickle(tmp_path / "a.pkl", content)
    with pytest.raises(DataError, match=message) as error:
        examine(path)
    assert str(path) in error.value.message


@pytest.mark.parametrize(("values", "reason"), [
    ({"keypoint": np.zeros((1, 5, 17, 2))}, "2-D keypoints, which zsar has no use for"),
    ({"keypoint": np.zeros((1, 5, 17, 3))}, r"keypoints of shape \[1, 5, 17, 3\], expected"),
    ({"keypoint": np.zeros((5, 25, 3))}, r"keypoints of shape \[5, 25, 3\]"),
    ({"keypoint": np.zeros((1, 5, 25, 3))}, "says it has .* frames, its keypoints have 5"),
    ({"keypoint": np.zeros((1, 0, 25, 3)), "total_frames": 0}, "has no frames"),
    ({"keypoint": np.zeros((0, 5, 25, 3)), "total_frames": 5}, "nothing but zeros"),
    ({"keypoint": np.full((1, 5, 25, 3), np.nan), "total_frames": 5}, "NaN"),
    ({"keypoint": np.full((1, 5, 25, 3), 1e300), "total_frames": 5}, "infinite"),
    ({"keypoint": [[1.0]]}, "has no array keypoint"),
    ({"keypoint": np.zeros((1, 5, 25, 3), "U1"), "total_frames": 5}, "keypoints of shape"),
])  # fmt: skip
def test_broken_clips_are_named(tmp_path, content, values, reason):
    content["annotations"][1].update(values)
    found = examine(write_pickle(tmp_path / "a.pkl", content))
    with pytest.raises(DataError, match=rf"a\.pkl: S001C002P003R001A003 .*{reason}"):
        prepare(NTU60, found.opener, tmp_path / "store")
    assert len(prepare(NTU60, found.opener, tmp_path / "store", skip_broken=True)) == 7


class Attack:
    def __reduce__(self):
        return os.system, ("exit 1",)


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path, content, monkeypatch):
    content["annotations"][0]["keypoint"] = Attack()
    path = write_pickle(tmp_path / "a.pkl", content)
    monkeypatch.setattr(os, "system", lambda *_: pytest.fail("was run"))
    with pytest.raises(DataError, match=r"a\.pkl asks for '(posix|nt)\.system'"):
        examine(path)


def test_an_array_of_objects_is_refused(tmp_path, content):
    content["annotations"][0]["keypoint"] = np.array([[1], [1, 2]], dtype=object)
    with pytest.raises(DataError, match="array of Python objects"):
        examine(write_pickle(tmp_path / "a.pkl", content))


def test_recordings_that_arent_ntus_need_their_dataset_named(tmp_path, content):
    for i, entry in enumerate(content["annotations"]):
        entry.update(frame_dir=f"clip{i}", label=i % 51)
    content["split"] = {"xsub_train": ["clip0", "clip2"], "xsub_val": ["clip1"]}
    path = write_pickle(tmp_path / "a.pkl", content)
    with pytest.raises(DataError, match="doesn't say of which dataset"):
        examine(path)
    read = all_clips(examine(path, card("pku")))
    assert [c.label for c in read[:2]] == ["pku/01", "pku/02"]
    assert [c.subject for c in read[:3]] == ["training", "validation", "training"]
    content["annotations"][3]["label"] = 51
    with pytest.raises(DataError, match="clip3 has the label 51, there are 51 classes"):
        examine(write_pickle(path, content), card("pku"))


def test_a_file_cut_short_is_refused(tmp_path, content):
    path = write_pickle(tmp_path / "a.pkl", content)
    for size in (0, 1, 1000, path.stat().st_size - 1):
        (tmp_path / "b.pkl").write_bytes(path.read_bytes()[:size])
        with pytest.raises(DataError, match=r"b\.pkl"):
            examine(tmp_path / "b.pkl")
