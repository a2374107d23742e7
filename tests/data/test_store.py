"""The prepared store: whole or absent, the same for the same clips, and its damage is named."""

import json
import zipfile

import numpy as np
import pytest

from zsar import storage
from zsar.data import store
from zsar.data.store import open_store, write_store
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.skeletons.clip import Clip
from zsar.skeletons.layouts import layout
from zsar.skeletons.normalise import align_view, centre
from zsar.skeletons.resample import resample
from zsar.skeletons.retarget import retarget

LENGTHS = (7, 1, 30, 12)


def some_clips(bodies: int = 1, joints: int = 20, lengths=LENGTHS):
    """Clips around a point three metres away; a second body is absent in every other clip."""
    rng = np.random.default_rng(0)
    for i, length in enumerate(lengths):
        frames = rng.normal(size=(length, bodies, joints, 3)).astype(np.float32) + np.float32([0, 0, 3])
        if bodies > 1 and i % 2:
            frames[:, 1:] = 0
        yield Clip(frames, f"c/{i % 2}", f"s{i}", str(i), "1", f"file{i}")


def write(path, clips=None, **keywords):
    return write_store(path, "some", "kinect_v1", 1, some_clips() if clips is None else clips, **keywords)


def test_what_was_written_comes_back(tmp_path):
    left_out = [{"file": "x.mat", "reason": "has no frames"}]
    for opened in (write(tmp_path / "a", left_out=left_out), open_store(tmp_path / "a")):
        assert len(opened) == 4 and opened.id == "some" and opened.layout == "kinect_v1"
        assert opened.offsets.tolist() == [0, 7, 8, 38, 50] and opened.left_out == left_out
        for i, clip in enumerate(some_clips()):
            np.testing.assert_array_equal(opened.frames(i), clip.frames)
            got = (
                opened.labels[i],
                opened.subjects[i],
                opened.views[i],
                opened.samples[i],
                opened.sources[i],
            )
            assert got == (clip.label, clip.subject, clip.view, clip.sample, clip.source)


def test_frames_stay_on_the_disk(tmp_path):
    assert isinstance(write(tmp_path / "a")._frames, np.memmap)


def test_the_same_clips_give_the_same_bytes(tmp_path):
    a, b = write(tmp_path / "a"), write(tmp_path / "b")
    assert a.version == b.version
    for name in ("frames.npy", "index.npz", "manifest.json"):
        assert (a.path / name).read_bytes() == (b.path / name).read_bytes()
    with zipfile.ZipFile(a.path / "index.npz") as index:  # else the bytes would tell when they were written
        assert {member.date_time for member in index.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    "change",
    [
        lambda c: [*c[:3], Clip(c[3].frames + 1e-6, *list(vars(c[3]).values())[1:])],
        lambda c: c[::-1],
        lambda c: c[:3],
        lambda c: [*c[:3], Clip(c[3].frames, "c/0", "s3", "3", "1")],
        lambda c: [*c[:3], Clip(c[3].frames, "c/1", "s3", "4", "1")],
    ],
)
def test_other_clips_give_another_version(tmp_path, change):
    clips = list(some_clips())
    assert write(tmp_path / "a").version != write(tmp_path / "b", change(clips)).version


def test_where_a_clip_came_from_does_not_change_the_version(tmp_path):
    moved = [Clip(c.frames, c.label, c.sample, c.subject, c.view, "elsewhere") for c in some_clips()]
    assert write(tmp_path / "a").version == write(tmp_path / "b", moved).version


@pytest.mark.parametrize(
    "bodies, native, joints",
    [(1, "kinect_v1", "kinect_v2"), (2, "kinect_v2", "kinect_v2"), (2, "kinect_v2", "kinect_v1")],
)
def test_batches_are_what_each_clip_alone_would_be(tmp_path, monkeypatch, bodies, native, joints):
    monkeypatch.setattr(store, "BLOCK", 3)  # so that four clips are done in two goes
    clips = list(some_clips(bodies, len(layout(native).joints)))
    prepared = write_store(tmp_path / "a", "some", native, bodies, clips)
    target, order = layout(joints), [2, 0, 3, 1]
    for centred, aligned in ((True, False), (False, False), (True, True)):
        x = prepared.clips(order, 9, joints, centred, aligned)
        assert x.shape == (4, 3, 9, len(target.joints), bodies) and x.dtype == np.float32
        for got, i in zip(x, order, strict=True):
            alone = retarget(resample(prepared.frames(i), 9), native, joints)[None]
            alone = centre(alone, target.spine) if centred else alone
            alone = align_view(alone, target) if aligned else alone
            np.testing.assert_allclose(got, alone[0].transpose(3, 0, 2, 1), atol=1e-6)
            assert bodies == 1 or got[..., 1].any() == (i % 2 == 0)


def test_batches_take_masks_and_nothing_and_refuse_what_is_not_there(tmp_path):
    prepared = write(tmp_path / "a")
    mask = np.array([True, False, True, False])
    np.testing.assert_array_equal(prepared.clips(mask, 5), prepared.clips([0, 2], 5))
    assert prepared.clips([], 5).shape == (0, 3, 5, 25, 1)
    with pytest.raises(IndexError):
        prepared.clips([4], 5)
    with pytest.raises(UnknownName):
        prepared.clips([0], 5, "kinect_v9")


def test_opening_a_batch_leaves_the_store_unchanged(tmp_path):
    prepared = write(tmp_path / "a")
    before = (tmp_path / "a" / "frames.npy").read_bytes()
    prepared.clips(range(4), 7, "kinect_v1")
    assert (tmp_path / "a" / "frames.npy").read_bytes() == before


@pytest.mark.parametrize(
    "clip, complaint",
    [
        (Clip(np.ones((3, 1, 25, 3)), "c/0", "x"), "shape"),
        (Clip(np.ones((3, 2, 20, 3)), "c/0", "x"), "shape"),
        (Clip(np.ones((0, 1, 20, 3)), "c/0", "x"), "shape"),
        (Clip(np.ones((20, 3)), "c/0", "x"), "shape"),
        (Clip(np.full((3, 1, 20, 3), np.nan), "c/0", "x"), "NaN"),
        (Clip(np.full((3, 1, 20, 3), np.inf), "c/0", "x"), "NaN"),
        (Clip(np.ones((3, 1, 20, 3)), "c/0", "s1"), "given twice: s1"),
    ],
)
def test_unfit_clips_leave_nothing_behind(tmp_path, clip, complaint):
    with pytest.raises(DataError, match=complaint):
        write(tmp_path / "a", [*some_clips(), clip])
    assert not list(tmp_path.iterdir())


def test_no_clips_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no clip of some was found"):
        write(tmp_path / "a", [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, MemoryError, ValueError])
def test_an_interrupted_writing_keeps_what_was_there(tmp_path, stop):
    old = write(tmp_path / "a")

    def clips():
        yield from some_clips(lengths=(5, 5))
        raise stop

    for path in (tmp_path / "a", tmp_path / "b"):
        with pytest.raises(stop):
            write(path, clips())
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert open_store(tmp_path / "a").version == old.version


@pytest.mark.parametrize("number, complaint", [(28, "no space left on the disk"), (13, "no permission to write")])
def test_a_full_disk_and_a_forbidden_folder(tmp_path, monkeypatch, number, complaint):
    def refuse(*_, **__):
        raise OSError(number, "refused")

    monkeypatch.setattr(store, "write_header", refuse)
    with pytest.raises(ZsarError, match=complaint):
        write(tmp_path / "a")
    monkeypatch.undo()
    monkeypatch.setattr(storage.tempfile, "mkdtemp", refuse)
    with pytest.raises(ZsarError, match=complaint):
        write(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def spoil_manifest(path, **changes):
    file = path / "manifest.json"
    content = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))


def cut(file, to: int):
    file.write_bytes(file.read_bytes()[:to])


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (
            lambda p: spoil_manifest(p, format=99),
            "manifest.json: format 99, this version of zsar reads",
        ),
        (lambda p: spoil_manifest(p, format=None), "manifest.json: format None"),
        (lambda p: (p / "manifest.json").write_text("[]"), "manifest.json: format"),
        (lambda p: spoil_manifest(p, version=None), "manifest.json is damaged: it lacks version"),
        (lambda p: spoil_manifest(p, clips=5), "index.npz is damaged"),
        (lambda p: cut(p / "manifest.json", 20), "manifest.json is damaged"),
        (lambda p: (p / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda p: cut(p / "index.npz", 400), "index.npz is damaged"),
        (lambda p: np.savez(p / "index.npz", offsets=[0, 7, 8, 38, 50]), "index.npz is damaged"),
        (lambda p: (p / "index.npz").unlink(), "index.npz is missing"),
        (lambda p: cut(p / "frames.npy", 2000), "frames.npy is damaged"),
        (lambda p: cut(p / "frames.npy", 0), "frames.npy is damaged"),
        (
            lambda p: np.save(p / "frames.npy", np.zeros((49, 1, 20, 3), "<f4")),
            "frames.npy is damaged",
        ),
        (lambda p: np.save(p / "frames.npy", np.zeros((50, 1, 20, 3))), "frames.npy is damaged"),
        (lambda p: spoil_manifest(p, layout="kinect_v2"), "manifest.json is damaged"),
        (lambda p: (p / "frames.npy").unlink(), "frames.npy is missing"),
    ],
)
def test_damage_is_named_with_its_file(tmp_path, spoil, complaint):
    write(tmp_path / "a")
    spoil(tmp_path / "a")
    with pytest.raises(DataError, match=complaint) as error:
        open_store(tmp_path / "a")
    assert "import the dataset again" in error.value.hint


def test_a_missing_store_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no prepared dataset"):
        open_store(tmp_path / "nothing")


def reverse_half(path):
    frames = np.load(path / "frames.npy", mmap_mode="r+")
    frames[:25] = frames[24::-1] * np.float32(1.1)
    frames.flush()


def other_labels(path):
    with np.load(path / "index.npz") as content:
        arrays = dict(content)
    np.savez(path / "index.npz", **arrays | {"labels": arrays["labels"][::-1]})


READS = [lambda s: s.clips(np.array([3]), 5), lambda s: s.frames(3), lambda s: s.verify()]


@pytest.mark.parametrize("read", READS, ids=["clips", "frames", "verify"])
def test_other_numbers_in_the_frames_are_an_error_when_they_are_first_read(tmp_path, read):
    write(tmp_path / "a").clips(length=5)
    reverse_half(tmp_path / "a")
    with pytest.raises(DataError, match=r"a/frames.npy is damaged: 3 of 4 clips .*: s0, s1, s2\n") as error:
        read(open_store(tmp_path / "a"))
    assert "import the dataset again" in error.value.hint and "zsar data check" in error.value.hint


def test_labels_and_versions_of_another_store_are_an_error(tmp_path):
    write(tmp_path / "a")
    write(tmp_path / "b")
    other_labels(tmp_path / "a")
    spoil_manifest(tmp_path / "b", version="0" * 16)
    for name in "ab":
        with pytest.raises(DataError, match=r"index.npz or manifest.json is damaged"):
            open_store(tmp_path / name)


def test_a_file_that_has_passed_is_not_read_whole_again_until_it_changes(tmp_path, monkeypatch):
    write(tmp_path / "a").clips(length=5)
    opened = open_store(tmp_path / "a")
    with monkeypatch.context() as patch:
        patch.setattr(store, "_hash", lambda frames: pytest.fail("hashed again"))
        opened.clips(length=5)
        open_store(tmp_path / "a").frames(0)
    content = (tmp_path / "a" / "frames.npy").read_bytes()
    (tmp_path / "a" / "frames.npy").write_bytes(content[:-4] + b"\0\0\0\0")  # of the same size
    opened.frames(0)  # in this process it has passed
    with pytest.raises(DataError, match=r"frames.npy is damaged: 1 of 4 clips"):
        open_store(tmp_path / "a").frames(0)


def test_where_nothing_can_be_kept_a_file_is_verified_and_read(tmp_path, monkeypatch):
    write(tmp_path / "a")
    (tmp_path / "full").write_text("")
    monkeypatch.setenv("ZSAR_CACHE", str(tmp_path / "full" / "cache"))
    assert open_store(tmp_path / "a").clips(length=5).shape[0] == 4


@pytest.mark.parametrize("value, passes", [(99.0, True), (-101.0, False), (1e30, False)])
def test_coordinates_that_no_camera_sees_are_refused_with_the_clip_and_the_likely_cause(tmp_path, value, passes):
    clips = list(some_clips())
    clips[2].frames[3, 0, 4, 1] = value
    if passes:
        assert write(tmp_path / "a", clips).frames(2).max() == 99
        return
    with pytest.raises(DataError, match=r"clip s2 holds a coordinate of .* m; .*the unit is likely another") as error:
        write(tmp_path / "a", clips)
    assert "unit" in error.value.hint and not (tmp_path / "a").exists()
