"""Files of clips: every format gives the frames that were put in, and what is wrong is told with the file's name."""

import json
import os

import numpy as np
import pytest
from raw_files import ntu_file

from zsar.cli import main
from zsar.errors import DataError, UnknownName
from zsar.recognition import clip_files
from zsar.recognition.clip_files import read_clips
from zsar.skeletons.layouts import layout

V1, V2 = layout("kinect_v1").joints, layout("kinect_v2").joints
MAKERS = ["head", "top of spine", "middle of spine", "base of spine"]
UTD = [*MAKERS, *(f"{s} {p}" for s in ("left", "right") for p in ("shoulder", "elbow", "wrist", "hand")),
       *(f"{s} {p}" for s in ("left", "right") for p in ("hip", "knee", "ankle", "foot"))]  # fmt: skip


@pytest.fixture
def frames():
    """Somebody in Kinect v2's joints, [12, 25, 3] float32, for whom every number is another."""
    return np.random.default_rng(0).normal(size=(12, 25, 3)).astype(np.float32)


def table(frames, names, axes="_x _y _z", separator=",", extra=()):
    head = [f"{name}{axis}" for name in names for axis in axes.split(" ")]
    rows = [[*(f"{v:.9g}" for v in frame.ravel())] for frame in frames]
    for name, values in extra:
        head, rows = [name, *head], [[str(v), *row] for v, row in zip(values, rows, strict=True)]
    return "\n".join(separator.join(row) for row in [head, *rows]) + "\n"


def one(path, **options):
    [clip] = read_clips(path, **options)
    return clip


def test_ntu(tmp_path, frames):
    (tmp_path / "S001C001P001R001A001.skeleton").write_bytes(ntu_file(frames[:, None]))
    clip = one(tmp_path / "S001C001P001R001A001.skeleton")
    assert clip.layout == "kinect_v2" and np.array_equal(clip.frames[:, 0], frames)


def test_utd_mhad(tmp_path, frames):
    from scipy.io import savemat

    given = frames[:, :20]
    savemat(tmp_path / "anything.MAT", {"d_skel": given.transpose(1, 2, 0).astype(np.float64)})
    clip = one(tmp_path / "anything.MAT")
    assert clip.layout == "kinect_v1" and np.array_equal(clip.frames[:, 0], given[:, [UTD.index(j) for j in V1]])


def test_nw_ucla(tmp_path, frames):
    (tmp_path / "clip.json").write_text(json.dumps({"skeletons": frames[:, :20].tolist()}))
    clip = one(tmp_path / "clip.json")
    assert clip.layout == "kinect_v1" and np.array_equal(clip.frames[:, 0], frames[:, :20])


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8"])
def test_arrays(tmp_path, frames, dtype):
    np.save(tmp_path / "a.npy", frames.astype(dtype))
    np.savez(tmp_path / "a.npz", anything=frames.astype(dtype)[:, None])
    for name in ("a.npy", "a.npz"):
        clip = one(tmp_path / name)
        assert clip.layout == "kinect_v2" and np.array_equal(clip.frames[:, 0], frames)


def test_the_generic_form_holds_several_clips_of_named_joints(tmp_path, frames):
    order = np.random.default_rng(1).permutation(25)
    np.savez(
        tmp_path / "a.npz",
        frames=np.rint(frames * 1000).astype(np.int32)[:, order],
        offsets=[0, 5, 12],
        joints=np.array([V2[i] for i in order]),
        unit="mm",
        labels=[0, 0],
        samples=["first", "second"],
    )
    clips = read_clips(tmp_path / "a.npz")
    assert [c.name for c in clips] == ["a.npz#first", "a.npz#second"] and [len(c.frames) for c in clips] == [5, 7]
    assert np.allclose(np.concatenate([c.frames[:, 0] for c in clips]), frames, atol=6e-4)


@pytest.mark.parametrize(("axes", "separator"), [("_x _y _z", ","), (".X .Y .Z", ";"), ("X Y Z", "\t")])
def test_tables(tmp_path, frames, axes, separator):
    order = np.random.default_rng(1).permutation(20)
    names = [V1[i].title().replace(" ", "") for i in order]
    given = frames[:, :20]
    text = table(given[:, order], names, axes, separator, [("timestamp", range(12)), ("frame", range(100, 112))])
    (tmp_path / "a.csv").write_text("\ufeff" + text)
    clip = one(tmp_path / "a.csv")
    assert clip.layout == "kinect_v1" and np.array_equal(clip.frames[:, 0], given) and not clip.note


def test_tables_of_two_people_and_other_columns(tmp_path, frames):
    """The second person comes at the third frame; rows are in no order."""
    people = np.zeros((12, 2, 25, 3), np.float32)
    people[:, 0], people[2:, 1] = frames, frames[2:] + 1
    rows = [(t, m) for m in (0, 1) for t in range(12) if people[t, m].any()][::-1]
    text = table([people[t, m] for t, m in rows], V2, extra=[("body", [f"b{m}" for _, m in rows]),
                 ("mood", ["fine"] * len(rows)), ("frame", [t for t, _ in rows])])  # fmt: skip
    (tmp_path / "a.csv").write_text(text)
    clip = one(tmp_path / "a.csv")
    assert np.array_equal(clip.frames, people[:, ::-1]) and "mood" in clip.note


def test_of_many_bodies_those_with_most_motion_are_kept(tmp_path, frames):
    bodies = np.stack([frames * scale for scale in (0.1, 2.0, 0.2, 1.0)], 1)
    np.save(tmp_path / "a.npy", bodies)
    clip = one(tmp_path / "a.npy")
    assert np.array_equal(clip.frames, bodies[:, [1, 3]]) and "4 bodies" in clip.note


def test_layout_and_unit_can_be_said(tmp_path, frames):
    np.save(tmp_path / "a.npy", frames * 1000)
    with pytest.raises(DataError, match="--unit mm"):
        one(tmp_path / "a.npy")
    assert np.allclose(one(tmp_path / "a.npy", unit="mm", joints="kinect_v2").frames[:, 0], frames, rtol=1e-6)
    with pytest.raises(DataError, match="25 joints, the layout kinect_v1 has 20"):
        one(tmp_path / "a.npy", joints="kinect_v1", unit="mm")
    with pytest.raises(UnknownName, match="kinect_v2"):
        one(tmp_path / "a.npy", joints="kinect_v3")


def broken(tmp_path, frames):
    """Name, content (bytes or an array to save) and what is told."""
    good = table(frames, V2)
    yield "a.txt", b"1 2 3", "not of a known format"
    yield "a", b"", "not of a known format"
    yield "a.npy", b"", "is empty"
    yield "a.npy", b"\x93NUMPY", "a.npy"
    yield "a.npy", frames[:, :7], "has 7 joints"
    yield "a.npy", frames[0], "expected [frames, joints, 3]"
    yield "a.npy", frames[:0], "expected [frames, joints, 3]"
    yield "a.npy", np.where(frames > 0, np.nan, frames), "NaN"
    yield "a.npy", np.where(frames > 0, np.inf, frames), "NaN or infinite"
    yield "a.npy", frames + np.float32(101), "holds a coordinate of 1"
    yield "a.csv", table(frames + 101, V2).encode(), "beyond 100 m the unit is likely another"
    yield "a.npy", np.zeros_like(frames), "nothing but zeros"
    yield "a.npy", (frames * 1000).astype(np.int16), "in which unit"
    yield "a.npy", np.array([[["a"] * 3] * 25]), "a.npy"
    yield "a.npz", b"PK\x03\x04", "a.npz"
    yield "a.npz", {"a": frames, "b": frames}, "no array `frames`"
    yield "a.npz", {"frames": frames, "offsets": np.array([0, 5])}, "offsets that don't divide"
    yield "a.npz", {"frames": frames, "offsets": np.array([0, 0, 12])}, "offsets that don't divide"
    yield "a.npz", {"frames": frames, "joints": np.array(["head"] * 25)}, "no layout known"
    yield "a.npz", {"frames": frames, "joints": np.array(V1)}, "20 joints' names"
    yield "a.npz", {"frames": frames, "unit": "inch"}, "expected m or mm"
    yield "a.npz", {"frames": frames, "unit": ["m", "mm"]}, "'m and mm', expected m or mm"
    yield "a.json", b"{", "can't be parsed"
    yield "a.json", b"[" * 100000, "can't be parsed"
    yield "a.json", b'{"skeletons": [[[1, 2]]]}', "shape"
    yield "a.mat", b"MATLAB 5.0", "a.mat"
    yield "a.skeleton", b"3\n1\n", "a.skeleton"
    yield "a.csv", b"\xff\xfe\x00", "not text in UTF-8"
    yield "a.csv", b"frame,time\n1,2\n", "no columns of joints"
    yield "a.csv", good.split("\n")[0].encode(), "no rows"
    yield "a.csv", good.replace("head_x", "brow_x").encode(), "of the joint"
    yield "a.csv", good.replace("head_", "brow_").encode(), "lacks head"
    yield "a.csv", good.replace("neck_x", "head_x").encode(), "two columns for x of 'head'"
    yield "a.csv", good.replace("\n", ",\n", 2).encode(), "in row"
    yield "a.csv", (good.rsplit(",", 1)[0] + ",much\n").encode(), "'much' for"
    yield "a.csv", (good.rsplit(",", 1)[0] + ",\n").encode(), "'' for"
    yield "a.csv", (good.rsplit(",", 1)[0] + ",nan\n").encode(), "NaN"
    yield "a.csv", table(frames, V2, extra=[("frame", [0] * 12)]).encode(), "a frame twice"
    yield "a.csv", table(frames, V2, extra=[("body", range(12))]).encode(), "no column `frame`"


@pytest.mark.parametrize("number", range(len(list(broken(None, np.ones((12, 25, 3), np.float32))))))
def test_what_is_wrong_is_told_with_the_file(tmp_path, frames, number):
    name, content, words = list(broken(tmp_path, frames))[number]
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    else:
        np.save(path, content)
    with pytest.raises(DataError) as told:
        read_clips(path)
    assert told.value.message.startswith(str(path)) and words in str(told.value)


def test_of_several_clips_the_one_that_is_wrong_is_named(tmp_path, frames):
    frames[7, 3, 1] = -1e30
    clips = {"frames": frames, "offsets": np.array([0, 6, 12]), "samples": np.array(["first", "second"])}
    np.savez(tmp_path / "a.npz", **clips)
    with pytest.raises(DataError, match=r"/a\.npz#second holds a coordinate of 1e\+30 m; beyond 100 m") as error:
        read_clips(tmp_path / "a.npz")
    assert "--unit mm" in error.value.hint


def test_pickles_are_not_opened(tmp_path):
    ran = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return ran.touch, ()

    np.save(tmp_path / "a.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", frames=np.array([Bomb()], dtype=object))
    for name in ("a.npy", "a.npz"):
        with pytest.raises(DataError):
            read_clips(tmp_path / name)
    assert not ran.exists()


def test_large_files_folders_pipes_and_devices_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_files, "LARGEST", 10)
    (tmp_path / "a.csv").write_bytes(b"x" * 11)
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "endless.csv").symlink_to("/dev/zero")
    for name, words in {
        "a.csv": "too many",
        "folder.npz": "folder.npz is not a plain file",
        "pipe.npy": "pipe.npy is not a plain file",
        "endless.csv": "endless.csv is not a plain file",
        "none.npy": "no such file",
    }.items():
        with pytest.raises(DataError, match=words):
            read_clips(tmp_path / name)


def test_several_files_of_which_one_is_broken(trained, clip_file, tmp_path, capsys):
    """The others are predicted all the same, in order; the exit code is 2."""
    (tmp_path / "broken.npy").write_bytes(b"no")
    files = [clip_file, tmp_path / "broken.npy", clip_file, tmp_path / "nowhere.mat"]
    arguments = ["predict", str(trained.folder), *map(str, files)]
    assert main([*arguments, "--labels", "sit down", "stand up", "--json", "--top", "1"]) == 2
    found = json.loads(capsys.readouterr().out)["clips"]
    assert [f["file"] for f in found] == [str(f) for f in files]
    assert ["error" in f for f in found] == [False, True, False, True]
    assert all(len(f["predictions"]) == 1 for f in found[::2])
    assert main([*arguments, "--labels", "sit down", "stand up"]) == 2
    printed = capsys.readouterr()
    assert printed.out.count("stand up") == 2 and printed.err.count("error: ") == 2
    assert "The numbers are" in printed.out
    assert main(["predict", str(trained.folder), str(files[1]), "--labels", "sit down", "stand up"]) == 2
    assert not capsys.readouterr().out  # no numbers, so nothing to say of them
