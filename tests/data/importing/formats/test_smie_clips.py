"""Folders as SMIE and PGFA hand them out: clips, and which split they are of, by their labels."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from released_clips import all_clips, write_smie

from zsar.data.cards import card
from zsar.data.importing.formats import smie
from zsar.data.importing.writing import prepare
from zsar.data.partition import partition
from zsar.data.splits import choose
from zsar.errors import DataError
from zsar.simulation.generate import generate
from zsar.skeletons.readers.source import Source

PKU = card("pku")
IDS = list(PKU.classes)
SPLIT = choose(PKU, ["smie.split-7"])[0]


def subsets(frames: np.ndarray, split=SPLIT, ids=IDS, first=0) -> dict:
    """Clips of every seen class in seen_train and seen_test and of every unseen one in unseen, from ``frames``."""
    numbers = {
        "seen_train": [ids.index(c) for c in split.seen],
        "seen_test": [ids.index(c) for c in split.seen],
        "unseen": [ids.index(c) for c in split.unseen],
    }
    made, at = {}, 0
    for subset, labels in numbers.items():
        data = np.stack([frames[(at + i) % len(frames)] for i in range(len(labels))])
        made[subset] = (data.transpose(0, 4, 1, 3, 2), [n + first for n in labels])
        at += len(labels)
    return made


@pytest.fixture(scope="module")
def frames():
    """[N, T, M, V, 3] of simulated clips cut to one length."""
    made = generate(["pku/01", "pku/14", "pku/40"], clips_per_class=3, subjects=3)
    return np.stack([c.frames[:40] for c in made])


@pytest.fixture
def folder(tmp_path, frames):
    return write_smie(tmp_path / "data" / "zeroshot" / "pku" / "split_7", subsets(frames))


def examine(path, known=None):
    return smie.examine(path, "pku", known)


def test_clips_come_out_as_they_went_in(tmp_path, folder, frames):
    assert smie.recognises(Source(folder))
    found = examine(folder)
    assert (found.of, found.card) == ("pku", {})
    text = "\n".join(found.lines)
    assert text.startswith("split_7: split smie.split-7 = star.46-5 of pku (46/5 classes)\n")
    assert "seen_train: 46 clips of 46 classes" in text and "unseen: 5 clips of 5 classes" in text
    assert "clips of 40 frames" in text
    store = prepare(PKU, found.opener, tmp_path / "store", jobs=2)
    assert len(store) == 46 + 46 + 5
    for i in range(len(store)):
        assert np.array_equal(store.frames(i), frames[i % len(frames)])
    assert store.labels[-5:].tolist() == list(SPLIT.unseen)
    assert store.samples[0] == "split_7_seen_train_000000"
    parts = partition(store, PKU, SPLIT, PKU.protocol("cross-subject"))
    assert (len(parts.seen_train), len(parts.seen_test), len(parts.unseen_test)) == (46, 46, 5)


def test_the_release_as_a_whole_or_zipped(tmp_path, folder, frames):
    release = tmp_path / "data"
    archive = Path(shutil.make_archive(str(tmp_path / "data-archive"), "zip", tmp_path, "data"))
    for path in (release, folder.parent, archive):
        assert smie.recognises(Source(path))
        assert len(all_clips(examine(path))) == 97
    assert np.array_equal(all_clips(examine(archive))[3].frames, frames[3])
    write_smie(folder.parent / "split_8", subsets(frames, choose(PKU, ["smie.split-8"])[0]))
    with pytest.raises(DataError, match="holds 2 splits\nGive the folder of one of them: split_7, split_8"):
        examine(folder.parent)
    assert "split smie.split-8 =" in examine(folder.parent / "split_8").lines[0]


def test_one_dataset_of_several(tmp_path, folder, frames):
    ntu = card("ntu60")
    split = choose(ntu, ["synse.55-5"])[0]
    write_smie(tmp_path / "data/zeroshot/ntu60/unseen_label_5", subsets(frames, split, list(ntu.classes)))
    with pytest.raises(DataError, match="holds 2 splits"):
        examine(tmp_path / "data")
    found = examine(tmp_path / "data", ntu)
    assert found.of == "ntu60" and "synse.55-5" in found.lines[0]
    with pytest.raises(DataError, match="holds no split of ntu120"):
        examine(tmp_path / "data", card("ntu120"))


def test_text_vectors_are_told_of(tmp_path, folder):
    language = tmp_path / "data" / "language"
    language.mkdir()
    np.save(language / "pku_embeddings.npy", np.zeros((51, 768), np.float32))
    np.save(language / "pku_des_embeddings.npy", np.zeros((50, 768), np.float32))
    np.save(language / "ntu60_embeddings.npy", np.zeros((60, 768), np.float32))
    for path in (folder, tmp_path / "data"):
        told = [line for line in examine(path).lines if line.startswith("text vectors")]
        assert len(told) == 2
        assert "pku_embeddings.npy: 51 classes, 768 wide" in told[1]
        assert told[0].endswith("pku_des_embeddings.npy: shape [50, 768], not a row for each class")


def test_without_seen_test(folder):
    (folder / "seen_test_data.npy").unlink()
    found = examine(folder)
    assert len(all_clips(found)) == 51 and "no seen_test: generalized numbers can't be had from it" in found.lines


def test_labels_of_older_releases_are_read_without_unpickling(tmp_path, folder):
    labels = np.load(folder / "seen_train_label.npy").tolist()
    (folder / "seen_train_label.npy").unlink()
    for content in (([str(i) for i in labels], labels), labels, np.array(labels)):
        (folder / "seen_train_label.pkl").write_bytes(pickle.dumps(content, protocol=2))
        assert [c.label for c in all_clips(examine(folder))[:46]] == list(SPLIT.seen)
    for content, message in (
        (print, "asks for 'builtins.print'"),
        ({"a": 1}, "should hold class numbers"),
        (["1"], "should hold class numbers"),
        ([-1], "class numbers that are none"),
    ):
        (folder / "seen_train_label.pkl").write_bytes(pickle.dumps(content))
        with pytest.raises(DataError, match=rf"seen_train_label\.pkl .*{message}"):
            examine(folder)
    (folder / "seen_train_label.pkl").unlink()
    with pytest.raises(DataError, match="has no labels"):
        examine(folder)


def test_labels_from_one_are_told(tmp_path, frames):
    path = write_smie(tmp_path / "pku" / "split_7", subsets(frames, first=1))
    found = examine(path)
    assert "class numbers count from 1 (the released ones count from 0)" in found.lines
    assert all_clips(found)[-1].label == SPLIT.unseen[-1]


def relabelled(folder, subset, change):
    labels = np.load(folder / f"{subset}_label.npy")
    np.save(folder / f"{subset}_label.npy", change(labels))


def number(class_id):
    return IDS.index(class_id)


def test_a_folder_of_another_split_is_refused(tmp_path, frames):
    path = write_smie(tmp_path / "pku" / "split_8", subsets(frames))
    with pytest.raises(DataError, match=r"named after smie\.split-8, but its unseen classes are .* smie\.split-7") as e:
        examine(path)
    assert "Unseen here only: pku/02 (Brushing hair)" in e.value.message


def test_classes_that_make_no_split_are_refused(folder):
    swap = {number(SPLIT.unseen[0]): number(SPLIT.seen[0]), number(SPLIT.seen[0]): number(SPLIT.unseen[0])}
    for subset in ("seen_train", "seen_test", "unseen"):
        relabelled(folder, subset, lambda x: np.array([swap.get(n, n) for n in x.tolist()]))
    with pytest.raises(DataError, match=r"named after smie\.split-7, but its unseen classes are others"):
        examine(folder)
    other = folder.rename(folder.parent / "mine")
    with pytest.raises(DataError, match=r"5 unseen classes make no split of pku\nThe nearest is smie\.split-7"):
        examine(other)


def test_a_folder_without_a_telling_name_is_told_by_its_classes(tmp_path, folder):
    other = folder.rename(folder.parent / "mine")
    assert "mine: split smie.split-7" in examine(other).lines[0]


BAD = {
    "seen and unseen": (
        lambda f: relabelled(f, "seen_train", lambda x: np.append(x[:-1], number("pku/02"))),
        "both seen and unseen: pku/02",
    ),
    "beyond": (lambda f: relabelled(f, "unseen", lambda x: x + 40), "class numbers from 0 to 90, expected 0 to 50"),
    "negative": (lambda f: relabelled(f, "unseen", lambda x: x - 40), "class numbers from -39"),
    "halves": (lambda f: relabelled(f, "unseen", lambda x: x / 2), r"unseen_label\.npy holds floating-point numbers"),
    "one-hot": (lambda f: relabelled(f, "unseen", lambda x: np.eye(51, dtype=int)[x]), r"label\.npy has the shape"),
    "missing class": (
        lambda f: [relabelled(f, s, lambda x: np.where(x == 0, 2, x)) for s in ("seen_train", "seen_test")],
        r"no clip of 1 seen classes of smie\.split-7: pku/01",
    ),
    "too few labels": (lambda f: relabelled(f, "seen_test", lambda x: x[1:]), "has 46 clips, seen_test_label has 45"),
    "no labels": (lambda f: [relabelled(f, s, lambda x: x[:0]) for s in smie.SUBSETS], "holds no labels"),
    "shape": (
        lambda f: np.save(f / "unseen_data.npy", np.zeros((5, 3, 40, 20, 2), np.float32)),
        r"unseen_data\.npy has the shape .* expected \[any, 3, any, 25, 2\]",
    ),
    "objects": (
        lambda f: np.save(f / "unseen_data.npy", np.array([None]), allow_pickle=True),
        r"unseen_data\.npy holds Python objects",
    ),
    "truncated": (
        lambda f: (f / "unseen_data.npy").write_bytes((f / "unseen_data.npy").read_bytes()[:-9]),
        r"unseen_data\.npy promises",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_contradictions_are_refused(folder, name):
    break_it, message = BAD[name]
    break_it(folder)
    with pytest.raises(DataError, match=message) as error:
        examine(folder)
    assert str(folder) in error.value.message


def test_a_folder_that_doesnt_tell_its_dataset(tmp_path, frames):
    path = write_smie(tmp_path / "elsewhere" / "split_7", subsets(frames))
    with pytest.raises(DataError, match="doesn't say of which dataset.*\n.*--of"):
        examine(path)
    assert examine(path, PKU).of == "pku"
    with pytest.raises(DataError, match="holds skeletons of 25 joints, utd-mhad has those of kinect_v1"):
        examine(path, card("utd-mhad"))


@pytest.mark.parametrize("kind", ["<f8", ">f4", "<f2"])
def test_other_floating_point_numbers(tmp_path, frames, folder, kind):
    np.save(folder / "unseen_data.npy", np.asfortranarray(np.load(folder / "unseen_data.npy").astype(kind)))
    expected = frames[(92 + 1) % len(frames)].astype(kind).astype(np.float32)
    assert np.array_equal(all_clips(examine(folder))[93].frames, expected)


def test_broken_clips_are_named(tmp_path, folder):
    data = np.load(folder / "unseen_data.npy")
    data[1, 0, 3] = np.nan
    data[2] = 0
    np.save(folder / "unseen_data.npy", data)
    store = prepare(PKU, examine(folder).opener, tmp_path / "store", skip_broken=True)
    reasons = {entry["file"]: entry["reason"] for entry in store.left_out}
    assert reasons["unseen_000001"] == "holds NaN or infinite coordinates (first at frame 3)"
    assert reasons["unseen_000002"] == "holds nothing but zeros"
