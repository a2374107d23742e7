"""CTR-GCN's arrays give the clips that they were written from, without padding and repeated bodies."""

import io
import shutil
import zipfile

import numpy as np
import pytest
from released_clips import all_clips, write_ctrgcn, write_npz

from zsar.data.cards import card
from zsar.data.importing.formats import ctrgcn
from zsar.data.importing.writing import prepare
from zsar.errors import DataError
from zsar.simulation.generate import generate
from zsar.skeletons.readers.source import Source


@pytest.fixture(scope="module")
def clips():
    """Pairs of frames and a class number of NTU 60; the second class has two people."""
    made = list(generate(["pku/01", "pku/14"], clips_per_class=5, subjects=2))
    assert any(c.frames[:, 1].any() for c in made) and not all(c.frames[:, 1].any() for c in made)
    return [(c.frames, 3 + 55 * (c.label == "pku/14")) for c in made]


@pytest.fixture
def file(tmp_path, clips):
    return write_ctrgcn(tmp_path / "NTU60_CS.npz", clips[:6], clips[6:], 60)


def examine(path, known=None):
    return ctrgcn.examine(path, "ntu60", known)


def test_clips_come_out_as_they_went_in(tmp_path, file, clips):
    assert ctrgcn.recognises(Source(file))
    found = examine(file)
    assert (found.of, found.card, found.prompts) == ("ntu60", {}, {})
    read = all_clips(found)
    assert len(read) == 10
    for clip, (frames, number) in zip(read, clips, strict=True):
        assert np.array_equal(clip.frames, frames) and clip.label == f"ntu/A{number + 1:03d}"
    assert [c.subject for c in read] == ["training"] * 6 + ["validation"] * 4 and {c.view for c in read} == {""}
    assert [c.sample for c in read[5:7]] == ["NTU60_CS_train_000005", "NTU60_CS_test_000000"]
    text = "\n".join(found.lines)
    assert "train: 6 clips of 2 classes, up to 96 frames; no clip of ntu/A001" in text and "divided by subject" in text
    store = prepare(card("ntu60"), found.opener, tmp_path / "store", jobs=2)
    assert card("ntu60").default_protocol.trains(store).tolist() == [True] * 6 + [False] * 4


@pytest.mark.parametrize(("name", "classes", "of", "by"), [
    ("NTU60_CV.npz", 60, "ntu60", "view"),
    ("NTU120_CSub.npz", 120, "ntu120", "subject"),
    ("NTU120_CSet.npz", 120, "ntu120", "view"),
    ("NTU_CS_cut.npz", 120, "ntu120", "subject"),
])  # fmt: skip
def test_names_tell_dataset_and_division(tmp_path, clips, name, classes, of, by):
    found = examine(write_ctrgcn(tmp_path / name, clips[:6], clips[6:], classes))
    clip = all_clips(found)[0]
    assert found.of == of and getattr(clip, by) == "training" and {clip.subject, clip.view} == {"training", ""}


def test_a_body_that_repeats_the_first_is_absent(tmp_path, clips):
    path = write_ctrgcn(tmp_path / "NTU120_CSub.npz", clips[:6], clips[6:], 120, repeated=True)
    for clip, (frames, _) in zip(all_clips(examine(path)), clips, strict=True):
        assert np.array_equal(clip.frames, frames)


def test_frames_of_zeros_in_the_middle_stay(tmp_path, clips):
    gap = clips[0][0].copy()
    gap[5:8] = 0
    path = write_ctrgcn(tmp_path / "NTU60_CS.npz", [(gap, 0)], clips[:1], 60)
    assert np.array_equal(all_clips(examine(path))[0].frames, gap)


@pytest.mark.parametrize("kind", ["<f2", "<f8", ">f4"])
def test_other_floating_point_numbers_and_packed_files(tmp_path, file, clips, kind):
    with np.load(file) as arrays:
        changed = {k: v.astype(kind) if k[0] == "x" else v.astype("u1") for k, v in arrays.items()}
    path = write_npz(tmp_path / "NTU60_xsub.npz", changed, packed=True)
    assert np.array_equal(all_clips(examine(path))[7].frames, clips[7][0].astype(kind).astype(np.float32))


def test_a_folder_with_one_such_file(tmp_path, file):
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(file, folder)
    assert ctrgcn.recognises(Source(folder)) and len(all_clips(examine(folder))) == 10
    shutil.copy(file, folder / "NTU60_CV.npz")
    with pytest.raises(DataError, match=r"holds NTU60_CS\.npz, NTU60_CV\.npz"):
        examine(folder)


def test_a_dataset_that_is_named_needs_no_telling_name(tmp_path, clips):
    path = write_ctrgcn(tmp_path / "mine_xsub.npz", clips[:6], clips[6:], 60)
    with pytest.raises(DataError, match="of which dataset.*\n.*--of ntu60"):
        examine(path)
    assert examine(path, card("ntu60")).of == "ntu60"


@pytest.mark.parametrize(("name", "known", "message"), [
    ("NTU120_CS.npz", None, "y_train has 60 columns, ntu120 has 120 classes"),
    ("NTU60_CS.npz", "ntu120", "named as one of ntu60, not of ntu120"),
    ("mine_xsub.npz", "utd-mhad", "y_train has 60 columns, utd-mhad has 27 classes"),
    ("arrays.npz", "ntu60", "name doesn't say whether its clips are divided by subject or by view"),
])  # fmt: skip
def test_another_dataset_is_refused(tmp_path, clips, name, known, message):
    path = write_ctrgcn(tmp_path / name, clips[:6], clips[6:], 60)
    with pytest.raises(DataError, match=message):
        examine(path, known and card(known))


def two_hot(y):
    y[2, 7] = 1
    return y


BAD = {
    "two classes": ({"y_train": two_hot}, "row 2 of y_train isn't one-hot"),
    "no class": ({"y_test": lambda y: y * 0}, "row 0 of y_test isn't one-hot"),
    "soft": ({"y_test": lambda y: y / 2}, "row 0 of y_test isn't one-hot"),
    "numbers": ({"y_test": lambda y: y.argmax(1)}, r"y_test\.npy has the shape \[4\], expected 2 axes"),
    "widths": ({"y_test": lambda y: y[:, :59]}, "different numbers of classes"),
    "counts": ({"y_train": lambda y: y[1:]}, "x_train has 6 clips, y_train 5 rows"),
    "joints": ({"x_train": lambda x: x[..., :75]}, r"x_train\.npy has the shape .*expected \[any, any, 150\]"),
    "whole": ({"x_train": lambda x: x.astype(int)}, r"x_train\.npy holds whole numbers"),
    "objects": ({"x_test": lambda x: x.astype(object)}, r"x_test\.npy holds Python objects"),
}


@pytest.mark.parametrize("name", BAD)
def test_arrays_that_contradict_are_refused(file, name):
    changes, message = BAD[name]
    with np.load(file) as arrays:
        changed = {k: changes.get(k, lambda a: a)(v) for k, v in arrays.items()}
    with pytest.raises(DataError, match=message) as error:
        examine(write_npz(file, changed))
    assert str(file) in error.value.message


def test_broken_rows_are_named(tmp_path, file, clips):
    with np.load(file) as arrays:
        changed = dict(arrays)
    changed["x_train"][1] = 0
    changed["x_train"][2, 4, 9] = np.nan
    found = examine(write_npz(file, changed))
    store = prepare(card("ntu60"), found.opener, tmp_path / "store", skip_broken=True)
    assert len(store) == 8
    reasons = {entry["file"]: entry["reason"] for entry in store.left_out}
    assert reasons["train_000001"] == "holds nothing but zeros"
    assert reasons["train_000002"] == "holds NaN or infinite coordinates (first at frame 4)"


def test_a_truncated_file_and_a_missing_array_are_refused(tmp_path, file):
    (tmp_path / "NTU60_CV.npz").write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(DataError, match=r"NTU60_CV\.npz"):
        examine(tmp_path / "NTU60_CV.npz")
    with np.load(file) as arrays:
        path = write_npz(tmp_path / "NTU60_xview.npz", {k: v for k, v in arrays.items() if k != "y_test"})
    assert not ctrgcn.recognises(Source(path))
    with pytest.raises(DataError, match=r"y_test\.npy: no such array"):
        examine(path)


def test_the_whole_is_never_in_memory(tmp_path, clips):
    import tracemalloc

    path = write_ctrgcn(tmp_path / "NTU60_CS.npz", clips[:6] * 30, clips[6:], 60, length=300)
    size = path.stat().st_size
    reading = examine(path).opener()
    tracemalloc.start()
    for part in reading.parts[::20]:
        reading.clips(part)
    assert tracemalloc.get_traced_memory()[1] < size / 20
    tracemalloc.stop()


def test_a_member_that_promises_more_than_it_holds_is_refused(file):
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stream = io.BytesIO()
    np.save(stream, np.zeros((6, 96, 150), np.float32))
    members["x_train.npy"] = stream.getvalue().replace(b"(6, 96, 150)", b"(6,9600,150)")
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(DataError, match=r"x_train\.npy promises \[6, 9600, 150\]"):
        examine(file)
