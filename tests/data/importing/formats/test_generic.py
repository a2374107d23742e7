"""Anybody's own skeletons in the generic form become a dataset; what contradicts itself is refused by name."""

import pickle
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from released_clips import all_clips, generic_arrays, write_folder, write_npz

from zsar.data.cards import card, own_card
from zsar.data.importing.formats import generic
from zsar.data.importing.writing import prepare
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.simulation.generate import generate
from zsar.skeletons.layouts import layout
from zsar.skeletons.movement import most_moving
from zsar.skeletons.readers import utd_mhad
from zsar.skeletons.readers.source import Source

SHARED = Path(__file__).parents[4].parent / "shared" / "data"
V2 = layout("kinect_v2").joints
CLASSES = ["Drop it", "Bow", "Throw"]


@pytest.fixture(scope="module")
def clips():
    made = generate(["pku/01", "pku/14", "pku/40"], clips_per_class=4, subjects=4)
    return [replace(clip, view=str(1 + i % 2)) for i, clip in enumerate(made)]


@pytest.fixture
def arrays(clips):
    return generic_arrays(clips, CLASSES, V2)


def examine(path, name="mine"):
    return generic.examine(path, name, None)


def test_npz_folder_and_zip_give_the_same_clips(tmp_path, clips, arrays):
    folder = write_folder(tmp_path / "folder", arrays)
    sources = {
        "npz": write_npz(tmp_path / "a.npz", arrays),
        "packed": write_npz(tmp_path / "b.npz", arrays, packed=True),
        "folder": folder,
        "zip": Path(shutil.make_archive(str(tmp_path / "c"), "zip", tmp_path, "folder")),
    }
    for path in sources.values():
        assert generic.recognises(Source(path))
        read = all_clips(examine(path))
        assert len(read) == len(clips)
        for mine, given_clip in zip(read, clips, strict=True):
            assert np.array_equal(mine.frames, given_clip.frames)
            assert (mine.sample, mine.subject, mine.view) == (given_clip.sample, given_clip.subject, given_clip.view)
    assert [c.label for c in read] == [f"mine/{i:03d}" for i in arrays["labels"]]


def test_the_card_makes_a_dataset(tmp_path, arrays):
    found = examine(write_npz(tmp_path / "a.npz", arrays))
    made = own_card("mine", found.card, "here")
    assert made.classes == {"mine/000": "Drop it", "mine/001": "Bow", "mine/002": "Throw"}
    assert (made.layout, made.bodies, made.family, made.own_splits) == ("kinect_v2", 2, "random", {})
    assert list(made.protocols) == ["cross-subject"]
    assert found.prompts == {c: {"label": n} for c, n in made.classes.items()} and found.of == ""
    assert yaml.safe_load(yaml.safe_dump(found.card)) == found.card
    text = "\n".join(found.lines)
    assert "12 clips of 3 classes (4 to 4 clips each)" in text and "4 subjects" in text and "2 views" in text
    store = prepare(made, pickle.loads(pickle.dumps(found.opener)), tmp_path / "store")
    assert len(store) == 12 and store.labels[0] == "mine/000"
    assert 0 < made.default_protocol.trains(store).sum() < 12


def test_utd_mhads_archive_gives_what_the_native_reader_gives(tmp_path):
    archive = SHARED / "utd_mhad" / "Skeleton.zip"
    if not archive.is_file():
        pytest.skip("UTD-MHAD's archive (Skeleton.zip) is not at hand")
    native = prepare(card("utd-mhad"), lambda: utd_mhad.open_reading(archive), tmp_path / "native")
    offsets, frames = native.offsets, [native.frames(i)[:, 0] for i in range(len(native))]
    names = card("utd-mhad").classes
    order = np.random.default_rng(0).permutation(20)
    path = write_npz(
        tmp_path / "utd.npz",
        {
            "frames": np.concatenate(frames)[:, order],
            "offsets": offsets,
            "labels": np.array([names[label] for label in native.labels.tolist()]),
            "subjects": native.subjects,
            "samples": native.samples,
            "classes": np.array(list(names.values())),
            "joints": np.array(layout("kinect_v1").joints)[order],
        },
    )
    found = examine(path, "utd")
    mine = prepare(own_card("utd", found.card, "here"), found.opener, tmp_path / "mine")
    assert len(mine) == len(native) == 861
    assert np.array_equal(mine.offsets, offsets)
    assert all(np.array_equal(mine.frames(i), native.frames(i)) for i in range(861))
    numbers = {label: i for i, label in enumerate(names)}
    assert mine.labels.tolist() == [f"utd/{numbers[label]:03d}" for label in native.labels.tolist()]
    assert np.array_equal(mine.subjects, native.subjects)


def test_kinder_gator_imports(tmp_path):
    path = SHARED / "kinder_gator" / "kinder_gator.npz"
    if not path.is_file():
        pytest.skip("Kinder-Gator (kinder_gator.npz) is not at hand")
    found = examine(path, "kinder-gator")
    made = own_card("kinder-gator", found.card, "here")
    store = prepare(made, found.opener, tmp_path / "store")
    with np.load(path) as real:
        assert len(store) == len(real["labels"]) == 1159 and len(made.classes) == 58
        assert np.allclose(store.frames(7)[:, 0], real["frames"][real["offsets"][7] : real["offsets"][8]] / 1000)
        assert store.labels[7] == f"kinder-gator/{real['labels'][7]:03d}"
    assert 0.5 < np.ptp(store.frames(7)[0, 0, :, 1]) < 2.5  # a person's height in metres


@pytest.mark.parametrize("kind", ["<f2", "<f8", ">f4", ">f8"])
def test_floating_point_numbers_of_any_kind(tmp_path, clips, arrays, kind):
    read = all_clips(examine(write_npz(tmp_path / "a.npz", arrays | {"frames": arrays["frames"].astype(kind)})))
    expected = clips[3].frames.astype(kind).astype(np.float32)
    assert np.array_equal(read[3].frames, expected) and read[3].frames.dtype == np.float32


@pytest.mark.parametrize("kind", ["<i2", ">i2", "<i8"])
def test_whole_millimetres(tmp_path, clips, arrays, kind):
    frames = np.round(arrays["frames"] * 1000).astype(kind)
    read = all_clips(examine(write_npz(tmp_path / "a.npz", arrays | {"frames": frames, "unit": np.array("mm")})))
    assert np.abs(read[3].frames - clips[3].frames).max() <= 0.0005001


def test_labels_may_be_names(tmp_path, arrays):
    named = arrays | {"labels": np.array(CLASSES)[arrays["labels"]]}
    by_number = all_clips(examine(write_npz(tmp_path / "a.npz", arrays)))
    by_name = all_clips(examine(write_npz(tmp_path / "b.npz", named)))
    assert [c.label for c in by_name] == [c.label for c in by_number]
    del named["classes"]
    found = examine(write_npz(tmp_path / "c.npz", named))
    assert list(found.card["classes"].values()) == sorted(CLASSES)


def test_joints_in_another_order_and_spelling(tmp_path, clips, arrays):
    order = np.random.default_rng(1).permutation(25)
    spelt = [V2[i].replace("base of spine", "SpineBase").replace("left ", "L_").upper() for i in order]
    mixed = arrays | {
        "frames": np.concatenate([arrays["frames"][:, :, order], arrays["frames"][:, :, :1]], axis=2),
        "joints": np.array([*spelt, "Left Ear"]),
    }
    found = examine(write_npz(tmp_path / "a.npz", mixed))
    assert np.array_equal(all_clips(found)[5].frames, clips[5].frames)
    assert "joints: those of kinect_v2; left away: Left Ear" in found.lines


def test_a_card_beside_the_file(tmp_path, arrays):
    del arrays["joints"], arrays["classes"], arrays["unit"]
    content = {
        "title": "My own",
        "classes": CLASSES,
        "layout": "kinect_v2",
        "unit": "m",
        "descriptions": {"bow": "Bending forwards at the hip."},
        "protocols": {"by place": {"by": "view", "train": [1]}},
        "splits": {"a": ["Throw"], "b": ["drop it", "BOW"]},
        "licence": "CC0",
        "citation": "Me, 2025",
    }
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(content))
    found = examine(write_npz(tmp_path / "a.npz", arrays))
    made = own_card("mine", found.card, "here")
    assert (made.title, made.licence, made.citation, made.family) == ("My own", "CC0", "Me, 2025", "own")
    assert made.own_splits == {"a": ["mine/002"], "b": ["mine/000", "mine/001"]}
    assert made.default_protocol.train == {"1"} and made.default_protocol.by == "view"
    assert found.prompts["mine/001"] == {"label": "Bow", "description": "Bending forwards at the hip."}
    folder = write_folder(tmp_path / "folder", arrays)
    (folder / "card.yaml").write_text(yaml.safe_dump(content))
    assert examine(folder).card == found.card


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"classes": "all"}, "'classes' should be"),
        ({"splits": {"a": ["Throws"]}}, "unknown class 'Throws'"),
        ({"splits": {"a": []}}, "should list the names"),
        ({"splits": {"a": CLASSES}}, "leaves no seen class"),
        ({"descriptions": {"Jump": "Up."}}, "unknown class 'Jump'"),
        ({"descriptions": {"Bow": 3}}, "should be a sentence"),
        ({"protocols": {"a": {"by": "age", "train": [1]}}}, "divides by 'age'"),
        ({"protocols": {"a": {"by": "view", "train": [9]}}}, "leaves no training clip"),
        ({"layout": "kinect_v1"}, "are of the layout kinect_v2, the card says kinect_v1"),
        ({"unit": "cm"}, "is 'cm', expected m or mm"),
    ],
)
def test_a_card_that_contradicts_is_refused(tmp_path, arrays, change, message):
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(change))
    with pytest.raises(ZsarError, match=message):
        examine(write_npz(tmp_path / "a.npz", arrays))


def test_without_subjects_views_divide_and_without_both_a_draw_does(tmp_path, arrays):
    del arrays["subjects"]
    found = examine(write_npz(tmp_path / "a.npz", arrays))
    assert list(found.card["protocols"]) == ["cross-view"]
    del arrays["views"]
    found = examine(write_npz(tmp_path / "b.npz", arrays))
    assert found.card["protocols"] == {"drawn-clips": {"by": "view", "train": ["training"]}}
    read = all_clips(found)
    for label in {c.label for c in read}:
        assert sorted(c.view for c in read if c.label == label) == ["test"] + ["training"] * 3
    assert [c.view for c in read] == [c.view for c in all_clips(examine(tmp_path / "b.npz"))]


def test_of_more_bodies_the_two_that_move_most_are_kept(tmp_path, clips, arrays):
    still = np.repeat(arrays["frames"][:1, :1], len(arrays["frames"]), axis=0) + 1
    both = np.concatenate([still, arrays["frames"]], axis=1)
    read = all_clips(examine(write_npz(tmp_path / "a.npz", arrays | {"frames": both})))
    two = [i for i, c in enumerate(clips) if c.frames[:, 1].any()]
    assert two, "one of the classes has two people"
    for i in two:
        assert np.array_equal(read[i].frames, clips[i].frames)
        assert read[i].note == "3 bodies, the 2 with most motion kept"


def test_one_body_stays_one(tmp_path, clips, arrays):
    found = examine(write_npz(tmp_path / "a.npz", arrays | {"frames": arrays["frames"][:, 0]}))
    assert found.card["bodies"] == 1
    assert np.array_equal(all_clips(found)[0].frames, clips[0].frames[:, :1])


def test_absent_bodies_are_zeros():
    one = np.ones((4, 1, 25, 3), np.float32)
    frames, note = most_moving(one, 2)
    assert frames.shape == (4, 2, 25, 3) and not frames[:, 1].any() and note == ""


def without(*names):
    return lambda a: {k: v for k, v in a.items() if k not in names}


def changed(name, change):
    return lambda a: a | {name: change(a[name].copy())}


def put(place, value):
    def change(array):
        array[place] = value
        return array

    return change


BAD = {
    "no classes": (without("classes"), r"labels\.npy holds numbers, and nothing says what the classes are called"),
    "no joints": (without("joints"), r"frames\.npy has 25 joints, and nothing says which"),
    "no unit": (
        lambda a: without("unit")(a | {"frames": (a["frames"] * 1000).astype(np.int16)}),
        r"frames\.npy holds whole numbers, and nothing says in which unit",
    ),
    "millimetres": (
        lambda a: without("unit")(a | {"frames": a["frames"] * 1000}),
        r"frames\.npy holds bodies of \d+ m",
    ),
    "no entry in unit": (
        lambda a: a | {"frames": (a["frames"] * 1000).astype(np.int16), "unit": np.ones((1, 0), np.int16)},
        r"frames\.npy holds whole numbers, and nothing says in which unit",
    ),
    "two units": (changed("unit", lambda u: np.array(["m", "mm"])), r"unit\.npy is 'm and mm', expected m or mm"),
    "another unit": (changed("unit", lambda u: np.array("feet")), r"unit\.npy is 'feet', expected m or mm"),
    "two axes": (changed("frames", lambda x: x[:, 0, 0]), r"frames\.npy has the shape"),
    "four numbers": (changed("frames", lambda x: np.concatenate([x, x[..., :1]], -1)), r"frames\.npy has the shape"),
    "no joint": (changed("frames", lambda x: x[:, :, :0]), r"frames\.npy has the shape"),
    "flags": (changed("frames", lambda x: x > 0), r"frames\.npy holds bool"),
    "complex": (changed("frames", lambda x: x + 1j), r"frames\.npy holds complex64"),
    "objects": (changed("labels", lambda x: x.astype(object)), r"labels\.npy holds Python objects"),
    "label beyond": (changed("labels", put(3, 3)), r"labels\.npy holds 3, expected 0 to 2 \(3 classes\)"),
    "label below": (changed("labels", put(3, -1)), r"labels\.npy holds -1, expected 0 to 2"),
    "labels from one": (changed("labels", lambda x: x + 1), "They count from 1: subtract 1"),
    "labels of halves": (changed("labels", lambda x: x + 0.5), r"labels\.npy holds floating-point numbers"),
    "strange name": (
        lambda a: a | {"labels": np.array([*np.array(CLASSES)[a["labels"][1:]], "Jump"])},
        r"labels\.npy holds 'Jump', which .*classes\.npy doesn't name",
    ),
    "too few labels": (changed("labels", lambda x: x[1:]), r"labels\.npy has 11 entries for 12 clips"),
    "too few subjects": (changed("subjects", lambda x: x[1:]), r"subjects\.npy has 11 entries for 12 clips"),
    "class without clips": (
        changed("classes", lambda x: np.array([*x, "Jump"])),
        r"classes\.npy names 1 classes that no clip is of: Jump",
    ),
    "class named twice": (changed("classes", put(2, "drop it")), r"classes\.npy names 'dropit' twice"),
    "class without name": (changed("classes", put(2, " ")), r"classes\.npy holds an empty class name"),
    "offsets descend": (changed("offsets", lambda x: x[[0, 2, 1, *range(3, 13)]]), r"offsets\.npy descends at clip 1"),
    "offsets end early": (changed("offsets", put(-1, 100)), r"offsets\.npy goes from 0 to 100, expected from 0 to"),
    "offsets begin late": (changed("offsets", put(0, 1)), r"offsets\.npy goes from 1 to"),
    "offsets of one": (changed("offsets", lambda x: x[:1]), r"offsets\.npy should hold one number more"),
    "samples twice": (changed("samples", lambda x: x[[0, 0, *range(2, 12)]]), r"samples\.npy names .* twice"),
    "sample without name": (changed("samples", put(2, "")), r"samples\.npy holds an empty name"),
    "joints too few": (changed("joints", lambda x: x[1:]), r"has 25 joints, but 24 joints are named"),
    "joint unknown": (
        changed("joints", put(3, "left eyebrow")),
        r"joints\.npy are of no layout known here; .*which lacks head.*left eyebrow",
    ),
    "joint twice": (
        lambda a: a
        | {"frames": a["frames"][:, :, [*range(25), 3]], "joints": np.array([*a["joints"], "HEAD"])},
        r"joints\.npy: 'head' and 'HEAD' are both 'head'",
    ),
    "two dimensions of labels": (changed("labels", lambda x: x[:, None]), r"labels\.npy has the shape \[12, 1\]"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_contradictions_are_refused_by_the_arrays_name(tmp_path, arrays, name):
    break_it, message = BAD[name]
    path = write_npz(tmp_path / "a.npz", break_it(arrays))
    with pytest.raises(DataError, match=message) as error:
        examine(path)
    if "count from 1" not in message:
        assert str(path) in error.value.message


def test_expected_joint_names_are_listed(tmp_path, arrays):
    path = write_npz(tmp_path / "a.npz", arrays | {"joints": np.array([f"j{i}" for i in range(25)])})
    with pytest.raises(DataError, match="Expected names: base of spine, middle of spine"):
        examine(path)


def test_25_joints_are_not_guessed_but_taken_if_the_card_says_so(tmp_path, clips, arrays):
    path = write_npz(tmp_path / "a.npz", without("joints")(arrays))
    (tmp_path / "a.yaml").write_text("layout: kinect_v2")
    assert np.array_equal(all_clips(examine(path))[0].frames, clips[0].frames)
    (tmp_path / "a.yaml").write_text("layout: kinect_v1")
    with pytest.raises(DataError, match="has 25 joints, the layout kinect_v1 20"):
        examine(path)
    (tmp_path / "a.yaml").write_text("layout: kinect_v3")
    with pytest.raises(UnknownName, match="Did you mean"):
        examine(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_clip_with_nan_is_named(tmp_path, clips, arrays, value):
    start = arrays["offsets"][4]
    path = write_npz(tmp_path / "a.npz", arrays | {"frames": put((start + 2, 0, 7, 1), value)(arrays["frames"])})
    found = examine(path)
    made = own_card("mine", found.card, "here")
    with pytest.raises(DataError, match=rf"a\.npz: {re.escape(clips[4].sample)} holds NaN .*frame 2"):
        prepare(made, found.opener, tmp_path / "store")
    store = prepare(made, found.opener, tmp_path / "store", skip_broken=True)
    assert len(store) == 11 and store.left_out[0]["file"] == clips[4].sample


def test_a_clip_without_frames_is_named(tmp_path, clips, arrays):
    offsets = put(5, arrays["offsets"][4])(arrays["offsets"])
    found = examine(write_npz(tmp_path / "a.npz", arrays | {"offsets": offsets}))
    with pytest.raises(DataError, match=rf"{re.escape(clips[4].sample)} has 0 frames \(offsets 4 and 5"):
        prepare(own_card("mine", found.card, "here"), found.opener, tmp_path / "store")


def test_sources_that_are_something_else_are_not_recognised(tmp_path, arrays):
    assert not generic.recognises(Source(write_npz(tmp_path / "a.npz", without("labels")(arrays))))
    write_folder(tmp_path / "two" / "one", arrays)
    write_folder(tmp_path / "two" / "other", arrays)
    with pytest.raises(DataError, match="generic form in one/, other/"):
        examine(tmp_path / "two")
    with pytest.raises(DataError, match="for datasets of your own, not for ntu60"):
        generic.examine(tmp_path / "two" / "one", "mine", card("ntu60"))


def test_identity_changes_with_the_files(tmp_path, arrays):
    first = examine(write_npz(tmp_path / "a.npz", arrays)).opener().identity()
    assert examine(tmp_path / "a.npz").opener().identity() == first
    changed_frames = put((0, 0, 0, 0), 0.5)(arrays["frames"])
    assert examine(write_npz(tmp_path / "a.npz", arrays | {"frames": changed_frames})).opener().identity() != first


def test_a_zip_that_climbs_out_is_refused(tmp_path, arrays):
    path = write_npz(tmp_path / "a.npz", arrays)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../frames.npy", b"")
    with pytest.raises(DataError, match="climbs out"):
        examine(path)
