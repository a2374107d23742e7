"""NTU RGB+D's raw files: what is in them, exactly; and which setups, samples and classes are whose."""

from pathlib import Path

import numpy as np
import pytest
from raw_files import FIRST_ID, ntu_bodies, ntu_file, ntu_name
from reading_all import clips_of
from tiny_files import pack, standing, unpack

from zsar.data.cards import card
from zsar.errors import DataError
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers import ntu

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "ntu_raw_samples"
# Read off the files by eye: frames, ids, the first and the last joint's line of the file.
BY_HAND = {
    "S001C001P001R001A001": (
        103,
        [72057594037931101],
        [0.2181153, 0.1725972, 3.785547],
        [0.1140334, 0.7601054, 3.444],
    ),
    "S001C001P001R001A002": (158, [72057594037931115], [0.2627046, 0.1946897, 3.828281], [0.2971406, 0.4779462, 3.52]),
    "S001C003P008R002A058": (
        70,
        [72057594037944738, 72057594037944734],
        [0.7201789, 0.1647426, 3.561895],
        [0.2655148, 0.1555307, 3.263833],
    ),
    "S003C001P015R001A034": (
        71,
        [72057594037939480],
        [-0.03178518, -0.4113811, 2.699694],
        [-0.07943226, -0.05060185, 2.498467],
    ),
}


@pytest.fixture(params=BY_HAND)
def sample(request):
    file = SAMPLES / f"{request.param}.skeleton"
    if not file.is_file():
        pytest.skip(f"the makers' sample files are not at hand ({file.name})")
    return request.param, file.read_bytes()


def line_by_line(content: bytes) -> list[list[tuple[str, np.ndarray]]]:
    """The bodies (id, joints [25, 3] float64) of each frame, read as slowly as can be."""
    lines = iter(content.decode().splitlines())
    frames = []
    for _ in range(int(next(lines))):
        bodies = []
        for _ in range(int(next(lines))):
            body = next(lines).split()[0]
            bodies.append((body, np.array([next(lines).split()[:3] for _ in range(int(next(lines)))], float)))
        frames.append(bodies)
    return frames


def test_the_real_samples_hold_what_their_text_says(sample):
    name, content = sample
    count, ids, first, last = BY_HAND[name]
    frames, times, bodies, joints = ntu.parse(content)
    assert frames == count and list(dict.fromkeys(bodies)) == ids
    assert len(times) == len(bodies) == len(joints) == count * len(ids)
    np.testing.assert_array_equal(joints[0, 0], np.float32(first))
    np.testing.assert_array_equal(joints[-1, -1], np.float32(last))
    slow = line_by_line(content)
    assert [str(body) for body in bodies] == [body for frame in slow for body, _ in frame]
    assert times.tolist() == [t for t, frame in enumerate(slow) for _ in frame]
    np.testing.assert_array_equal(joints, np.float32([j for frame in slow for _, j in frame]))


def test_the_real_samples_as_clips(tmp_path):
    if not SAMPLES.is_dir():
        pytest.skip("the makers' sample files are not at hand")
    clips = {c.sample: c for c in clips_of(ntu, SAMPLES, card=card("ntu60"))}
    assert {s: c.frames.shape for s, c in clips.items()} == {s: (v[0], 2, 25, 3) for s, v in BY_HAND.items()}
    assert not any(c.note for c in clips.values())
    for name, clip in clips.items():
        assert clip.frames[:, 1].any() == (name[-4:] == "A058")
        assert (clip.label, clip.view) == (f"ntu/{name[-4:]}", str(int(name[5:8])))
        assert clip.subject == str(int(name[9:12]))
    two = clips["S001C003P008R002A058"].frames
    assert (np.abs(np.diff(two[:, :, :, 0].mean(2), axis=1)) > 0.3).all()  # two people, apart from each other
    energy = two.transpose(1, 0, 2, 3).reshape(2, -1, 3).astype(float).var(1).sum(1)
    assert energy[0] > energy[1]


def test_the_real_samples_are_people_in_kinect_v2_order():
    if not SAMPLES.is_dir():
        pytest.skip("the makers' sample files are not at hand")
    kinect = layout("kinect_v2")
    for clip in clips_of(ntu, SAMPLES, card=card("ntu60")):
        joint = {name: clip.frames[:, 0, i] for i, name in enumerate(kinect.joints)}
        height = lambda name, joint=joint: np.median(joint[name][:, 1])
        assert height("head") > height("neck") > height("top of spine") > height("middle of spine")
        assert height("middle of spine") > height("base of spine") > height("left knee") > height("left ankle")
        for side in ("left", "right"):
            forearm = np.median(np.linalg.norm(joint[f"{side} elbow"] - joint[f"{side} wrist"], axis=-1))
            assert 0.15 < forearm < 0.35
        right = joint["right hip"] - joint["left hip"]
        ahead = np.cross([0.0, 1.0, 0.0], right)
        toes = joint["left foot"] - joint["left ankle"]
        assert np.median((ahead * toes).sum(-1)) > 0  # toes point where they look: left is the person's left


def someone(frames: int = 20, aside: float = 0.0) -> np.ndarray:
    """[frames, 25, 3] float32: a person standing."""
    return np.float32(standing("kinect_v2", frames) + [aside, 0, 0])


SOUND = ntu_file(someone(4)[:, None])


def changed(old: str, new: str, count: int = 1) -> bytes:
    assert old.encode() in SOUND
    return SOUND.replace(old.encode(), new.encode(), count)


def second_frame_without_body_but_it_follows() -> bytes:
    lines = SOUND.decode().split("\n")
    lines[1 + 28] = "0"  # the second frame's number of bodies
    return "\n".join(lines).encode()


BROKEN = [
    (b"", "is empty"),
    (b"\n \n", "is empty"),
    (b"0\n", "has no frames"),
    (b"\xff\xfe\x00", "for the number of frames"),
    (SOUND[: len(SOUND) // 2], "ends within frame 1 of 4|ends within frame 2 of 4"),
    (SOUND[: SOUND.rindex(b"2\n")], "ends within frame 3 of 4"),
    (changed("4\n1\n", "5\n1\n"), "ends after 4 of the 5 frames"),
    (changed("4\n1\n", "3\n1\n"), "311 numbers more than its counts|312 numbers more than its counts"),
    (changed("4\n1\n", "4\n2\n"), "has '2' joints at frame 0, or another number of bodies"),
    (changed("4\n1\n", "4\n7\n"), "has '7' for the number of bodies, at frame 0"),
    (changed("4\n1\n", "4\n-1\n"), "has '-1' for the number of bodies"),
    (changed("4\n1\n", "999999999\n1\n"), "for the number of frames"),
    (changed("4\n1\n", "four\n1\n"), "has 'four' for the number of frames"),
    (changed("\n25\n", "\n24\n"), "has '24' joints at frame 0"),
    (changed(str(FIRST_ID), "someone"), "has something else where a body's id should be"),
    (changed(" 3 277.4", " 3m 277.4"), "something else where a number should be"),
    (changed(" 277.4", ""), "joints at frame 1, or another number of bodies|number of bodies, at frame 1"),
    (changed("\n25\n", "\n25\nnan "), "joints at frame 1, or another number of bodies|number of bodies, at frame 1"),
    (second_frame_without_body_but_it_follows(), "for the number of bodies, at frame 2"),
    (ntu_bodies([[], [], []]), "no body in any of its frames"),
    (ntu_bodies([[(1, np.zeros((25, 3)))]] * 3), "nothing but zeros"),
]


@pytest.mark.parametrize("content, complaint", BROKEN)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path, content, complaint):
    name = ntu_name(1, 2, 3, 1, 5) + ".skeleton"
    path = unpack(tmp_path, {ntu_name(1, 1, 3, 1, 5) + ".skeleton": SOUND, name: content})
    with pytest.raises(DataError, match=f"{name}.*({complaint})") as error:
        clips_of(ntu, path, card=card("ntu60"))
    assert "--skip-broken" in error.value.hint
    left_out = []
    assert len(clips_of(ntu, path, left_out, card("ntu60"))) == 1 and [e["file"] for e in left_out] == [name]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400"])
def test_coordinates_that_are_none(value):
    frames = someone(6)
    text = ntu_file(frames[:, None]).decode().split("\n")
    line = 1 + 4 * 28 + 3 + 7  # the eighth joint of the fifth frame
    text[line] = " ".join([text[line].split()[0], value, *text[line].split()[2:]])
    with pytest.raises(DataError, match="NaN or infinite coordinates .first at frame 4."):
        ntu.parse("\n".join(text).encode())


def test_a_number_that_float32_does_not_hold(tmp_path):
    text = ntu_file(someone(2)[:, None]).replace(b" 277.4", b"e300 277.4", 1)
    path = unpack(tmp_path, {ntu_name(1, 1, 1, 1, 1) + ".skeleton": text})
    with pytest.raises(DataError, match="NaN or infinite"):
        clips_of(ntu, path, card=card("ntu60"))


@pytest.mark.parametrize(
    "old, new", [(b"\n", b"\r\n"), (b"\n", b" \n"), (b" ", b"  "), (b" ", b"\t"), (b"\n", b"\n\n"), (b"\n4", b"\n 4")]
)
def test_spacing_does_not_matter(old, new):
    content = ntu_file(someone(5)[:, None])
    for a, b in zip(ntu.parse(content), ntu.parse(content.replace(old, new)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_ids_are_kept_apart_where_floats_would_not():
    assert float(FIRST_ID) == float(FIRST_ID + 1)
    frames = np.stack([someone(15), someone(15, 1.0)], axis=1)
    assert len(set(ntu.parse(ntu_file(frames))[2])) == 2


def names(*samples) -> dict[str, bytes]:
    return {f"nturgb+d_skeletons/{ntu_name(*s)}.skeleton": SOUND for s in samples}


def test_setups_of_ntu120_are_no_part_of_ntu60_and_are_told_of(tmp_path):
    path = unpack(tmp_path, names((17, 1, 40, 1, 60), (18, 2, 41, 2, 61), (32, 3, 106, 2, 120)))
    reading = ntu.open_reading(path, card("ntu60"))
    assert [p[-29:-9] for p in reading.parts] == ["S017C001P040R001A060"]
    assert "2 files of setups beyond S017 are not part of NTU RGB+D 60" in reading.notices[0]
    both = clips_of(ntu, path, card=card("ntu120"))
    assert [(c.label, c.subject, c.view) for c in both] == [
        ("ntu/A060", "40", "1"),
        ("ntu/A061", "41", "2"),
        ("ntu/A120", "106", "3"),
    ]


def test_samples_on_the_makers_list_are_skipped(tmp_path):
    path = unpack(tmp_path, names((1, 2, 5, 2, 8), (1, 2, 5, 2, 9), (32, 3, 67, 2, 75)))
    reading = ntu.open_reading(path, card("ntu60"))
    assert len(reading.parts) == 1 and "S001C002P005R002A009" in reading.parts[0]
    assert [e["file"][-29:-9] for e in reading.left_out] == ["S001C002P005R002A008"]
    reading = ntu.open_reading(path, card("ntu120"))
    assert [e["file"][-29:-9] for e in reading.left_out] == ["S001C002P005R002A008", "S032C003P067R002A075"]
    with pytest.raises(DataError, match="no usable skeleton file of NTU RGB") as error:
        ntu.open_reading(unpack(tmp_path / "none", names((1, 2, 5, 2, 8), (20, 1, 1, 1, 61))), card("ntu60"))
    assert "1 are on the makers' list" in error.value.hint and "S017" in error.value.hint


@pytest.mark.parametrize("name, count, setups", [("ntu60", 302, 17), ("ntu120", 535, 32)])
def test_the_makers_lists(name, count, setups):
    from zsar import configuration

    facts = configuration.read("recordings", name)
    listed = facts["missing"].split()
    assert len(set(listed)) == len(listed) == count and facts["setups"] == setups
    matches = [ntu.NAME.fullmatch(f"{s}.skeleton") for s in listed]
    assert all(matches) and {int(m[1]) <= setups for m in matches} == {True}
    total = card(name).expected["clips"]
    assert {side["train"] + side["test"] for side in facts["counts"].values()} == {total}
    assert set(facts["counts"]) == set(card(name).protocols)
    file = SAMPLES / f"{name}_samples_with_missing_skeletons.txt"
    if file.is_file():
        assert listed == file.read_text().split()


def test_a_class_that_the_setups_do_not_have_is_left_to_the_import_to_refuse(tmp_path):
    (clip,) = clips_of(ntu, unpack(tmp_path, names((3, 1, 1, 1, 61))), card=card("ntu60"))
    assert clip.label not in card("ntu60").classes


def test_both_archives_in_one_folder(tmp_path):
    (tmp_path / "x").mkdir()
    pack(tmp_path / "x" / "nturgbd_skeletons_s001_to_s017.zip", names((1, 1, 1, 1, 1), (2, 1, 1, 1, 1)))
    pack(tmp_path / "x" / "nturgbd_skeletons_s018_to_s032.zip", names((18, 1, 1, 1, 61)))
    clips = clips_of(ntu, tmp_path / "x", card=card("ntu120"))
    assert [c.sample[:4] for c in clips] == ["S001", "S002", "S018"]
    assert clips[2].source.startswith("nturgbd_skeletons_s018_to_s032.zip/nturgb+d_skeletons/S018")
    alone = clips_of(ntu, tmp_path / "x" / "nturgbd_skeletons_s001_to_s017.zip", card=card("ntu60"))
    assert [c.sample[:4] for c in alone] == ["S001", "S002"]


def test_packed_and_unpacked_at_once(tmp_path):
    path = unpack(tmp_path, names((1, 1, 1, 1, 1)))
    pack(path / "all.zip", names((1, 1, 1, 1, 1), (2, 1, 1, 1, 1)))
    with pytest.raises(DataError, match="is the same sample as"):
        clips_of(ntu, path, card=card("ntu60"))
    left_out = []
    assert len(clips_of(ntu, path, left_out, card("ntu60"))) == 2 and len(left_out) == 1
