"""Damaged files of every kind: a reader makes checked clips of them or says what is wrong; nothing else comes out."""

import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_files import FIRST_ID, ntu_file, ntu_name
from tiny_files import mat, pack, pku, standing, ucla, utd, video

from zsar.data.cards import card
from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers import ntu, nw_ucla, pku_mmd, utd_mhad
from zsar.skeletons.readers.ntu_bodies import two_bodies
from zsar.skeletons.readers.reading import check_frames, read_part, reason_of
from zsar.skeletons.readers.source import Source

TOKENS = [
    b"nan",
    b"-inf",
    b"1e400",
    b"-1",
    b"0",
    b"2",
    b"7",
    b"25",
    b"999999999999",
    b"",
    b"\r\n",
    b"\xff",
    b"x y",
    b"1_0",
]
CASES = {"ntu": 1200, "ntu bodies": 500, "pku": 800, "labels": 500, "utd": 400, "ucla": 600, "zip": 800}
assert sum(CASES.values()) >= 2000


def fuzzed(kind: str):
    return settings(
        max_examples=CASES[kind],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


changes = st.lists(
    st.tuples(
        st.sampled_from(["cut", "drop", "insert", "flip", "repeat", "token"]),
        st.floats(0, 1),
        st.integers(1, 60),
        st.sampled_from(TOKENS) | st.binary(max_size=8),
    ),
    min_size=1,
    max_size=4,
)


def changed(content: bytes, what) -> bytes:
    """The content after these changes, each of which is somewhere from 0 (the beginning) to 1 (the end)."""
    for kind, where, length, some in what:
        at = int(where * len(content))
        if kind == "cut":
            content = content[:at]
        elif kind == "drop":
            content = content[:at] + content[at + length :]
        elif kind == "insert":
            content = content[:at] + some + content[at:]
        elif kind == "flip" and content:
            at = min(at, len(content) - 1)
            content = content[:at] + bytes([content[at] ^ length]) + content[at + 1 :]
        elif kind == "repeat":
            content = content[:at] + content[at : at + length] * 2 + content[at + length :]
        elif kind == "token":  # one number becomes another thing
            end = next((i for i in range(at, len(content)) if content[i : i + 1].isspace()), len(content))
            start = next((i for i in range(at, 0, -1) if content[i - 1 : i].isspace()), 0)
            content = content[:start] + some + content[end:]
    return content


def sound(clip: Clip, bodies: int, joints: int) -> bool:
    frames = clip.frames
    return (
        frames.dtype == np.float32
        and frames.shape[1:] == (bodies, joints, 3)
        and np.isfinite(frames).all()
        and frames.any()
    )


two = np.stack([standing("kinect_v2", 14), standing("kinect_v2", 14) + [1, 0, 0]], axis=1)
two[:2, 1] = 0
NTU = ntu_file(np.float32(two[:4])), ntu_file(np.float32(two), newline="\r\n")


@fuzzed("ntu")
@given(st.sampled_from(NTU), changes)
def test_ntu(content, what):
    try:
        frames, times, ids, joints = ntu.parse(changed(content, what))
    except DataError:
        return
    assert len(times) == len(ids) == len(joints) and (len(times) == 0 or 0 <= times.min() <= times.max() < frames)
    try:
        clip, _ = two_bodies(frames, times, ids, joints)
    except DataError:
        return
    assert clip.shape[1:] == (2, 25, 3) and clip.any(axis=(1, 2, 3)).all()


@fuzzed("ntu bodies")
@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 4), st.sampled_from([0.0, 1e-3, 1.0, 1e38])), max_size=60),
)
def test_ntu_bodies(frames, seen):
    seen = sorted(s for s in seen if s[0] < frames)
    joints = (
        np.random.default_rng(len(seen)).uniform(-1, 1, (len(seen), 25, 3))
        * np.array([s[2] for s in seen])[:, None, None]
    )
    try:
        clip, note = two_bodies(
            frames, np.array([s[0] for s in seen], int), [FIRST_ID + s[1] for s in seen], joints.astype(np.float32)
        )
    except DataError:
        return
    assert 0 < len(clip) <= frames and clip.any(axis=(1, 2, 3)).all()
    assert (len(clip) < frames) == ("without a body cut" in note)


VIDEO, LABELS = pku(video(12, 4)), b"8,0,5,2\n51,5,12,1\n14,2,9,1\n"


@pytest.fixture
def pku_reading(tmp_path):
    def read(content: bytes, labels: bytes):
        for folder, text in (("Skeleton", content), ("Label", labels)):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "0002-L.txt").write_bytes(text)
        found = pku_mmd.open_reading(tmp_path, card("pku")).clips("0002-L")  # itself: it tells what is broken
        assert all(sound(c, 2, 25) if isinstance(c, Clip) else c.reason for c in found) and found

    return read


@fuzzed("pku")
@given(what=changes)
def test_pku_videos(pku_reading, what):
    pku_reading(changed(VIDEO, what), LABELS)


@fuzzed("labels")
@given(what=changes)
def test_pku_labels(pku_reading, what):
    pku_reading(VIDEO, changed(LABELS, what))


@pytest.fixture
def file_reading(tmp_path):
    def read(reader, name: str, content: bytes, bodies: int, joints: int):
        (tmp_path / name).write_bytes(content)
        clips, broken = read_part(reader.open_reading(tmp_path, card("ntu60")), name)
        assert len(clips) + len(broken) == 1
        assert all(sound(c, bodies, joints) for c in clips) and all(b.reason and b.file == name for b in broken)

    return read


UTD = mat(utd(3)), mat(utd(3), packed=False)  # what is packed seldom gets past its checksum


@fuzzed("utd")
@given(st.sampled_from(UTD), changes)
def test_utd_mhad(content, what):
    try:
        frames, _ = utd_mhad.parse(changed(content, what))  # itself: nothing but DataError comes out
        check_frames(frames, 20)
    except DataError:
        return
    assert frames.shape[1:] == (1, 20, 3)


UCLA = ucla(np.round(standing("kinect_v1", 2), 2))


@fuzzed("ucla")
@given(what=changes)
def test_nw_ucla(file_reading, what):
    try:
        file_reading(nw_ucla, "a01_s01_e00_v01.json", changed(UCLA, what), 1, 20)
    except AssertionError:  # more than one body a frame is a clip too, which the store refuses by its shape
        frames = np.asarray(nw_ucla.parse(changed(UCLA, what))[0])
        assert frames.ndim == 4 and frames.shape[2:] == (20, 3) and frames.shape[1] != 1


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zip")
    files = {f"x/{ntu_name(1, c, 1, 1, 1)}.skeleton": NTU[0] for c in (1, 2)}
    return folder / "damaged.zip", pack(folder / "sound.zip", files).read_bytes()


@fuzzed("zip")
@given(what=changes)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zips(archive, what):
    path, content = archive
    path.write_bytes(changed(content, what))
    try:
        reading = ntu.open_reading(path, card("ntu60"))
    except DataError:
        return
    for part in reading.parts:
        clips, broken = read_part(reading, part)
        assert len(clips) + len(broken) == 1
        for clip in clips:
            assert sound(clip, 2, 25)
        try:
            Source(path, archives=True).read(part)
        except DataError as e:
            assert broken and reason_of(e) == broken[0].reason
    reading.identity()


def test_a_zip_that_unpacks_without_end_is_not_unpacked(tmp_path):
    """Its sizes lie: a little stream of zeros, said to be small, that would fill the memory."""
    name = f"{ntu_name(1, 1, 1, 1, 1)}.skeleton"
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(name, b"0 " * (8 << 20))
    content = bytearray(path.read_bytes())
    size = (16 << 20).to_bytes(4, "little")
    for _ in range(content.count(size)):
        at = content.find(size)
        content[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    reading = ntu.open_reading(path, card("ntu60"))
    clips, broken = read_part(reading, reading.parts[0])
    assert not clips and "can't be read" in broken[0].reason
