"""Which bodies are people: each rule alone, on bodies made so that only it decides."""

import numpy as np
import pytest

from zsar.errors import DataError
from zsar.skeletons.readers.ntu_bodies import two_bodies

A, B, C, D = 72057594037931101, 72057594037931102, 72057594037931103, 72057594037931104


def body(start: int, frames: int, energy: float = 1.0, width: float = 0.5, seed: int = 0):
    """A track: the frames it is seen in, and joints [n, 25, 3], tall, ``width`` times as wide, as lively as asked."""
    rng = np.random.default_rng(seed)
    joints = rng.normal(scale=0.01, size=(frames, 25, 3))
    joints[:, :, 1] += np.linspace(-1, 1, 25)
    joints[:, :, 0] += np.linspace(-width, width, 25)
    joints[:, :, 2] += 3 + np.linspace(-1, 1, frames)[:, None] * energy
    return np.arange(start, start + frames), joints.astype(np.float32)


def clip(total: int, **tracks):
    """What `two_bodies` makes of tracks given by name, and its note."""
    ids = {"a": A, "b": B, "c": C, "d": D}
    rows = [
        (t, ids[name], joints) for name, (when, what) in tracks.items() for t, joints in zip(when, what, strict=True)
    ]
    rows.sort(key=lambda row: row[0])  # as they follow each other in a file
    return two_bodies(total, np.array([r[0] for r in rows]), [r[1] for r in rows], np.array([r[2] for r in rows]))


def test_one_body_is_kept_as_it_is_however_short_and_wide():
    track = body(0, 3, width=5)
    frames, note = clip(3, a=track)
    np.testing.assert_array_equal(frames[:, 0], track[1])
    assert frames.shape == (3, 2, 25, 3) and frames.dtype == np.float32 and not frames[:, 1].any() and note == ""


def test_the_body_with_more_motion_comes_first():
    still, lively = body(0, 20, 0.1), body(0, 20, 2.0, seed=1)
    for tracks in ({"a": still, "b": lively}, {"b": still, "a": lively}):
        frames, note = clip(20, **tracks)
        np.testing.assert_array_equal(frames[:, 0], lively[1])
        np.testing.assert_array_equal(frames[:, 1], still[1])
        assert note == ""


def test_short_bodies_are_noise():
    person = body(0, 30)
    frames, note = clip(30, a=person, b=body(5, 11, 9.0))
    assert note == f"body {B} dropped: 11 frames long" and not frames[:, 1].any()
    frames, note = clip(30, a=person, b=body(5, 12, 9.0))
    assert note == "" and frames[5:17].any(axis=(2, 3)).all()


def test_when_all_are_short_the_longest_is_kept():
    longest = body(3, 7)
    frames, note = clip(10, a=body(0, 4), b=longest, c=body(0, 2))
    np.testing.assert_array_equal(frames[:, 0], longest[1])
    assert note.count("dropped") == 2 and "3 of 10 frames without a body cut" in note


def test_wide_bodies_are_noise():
    person, wide = body(0, 30), body(0, 30, 5.0, width=2)
    frames, note = clip(30, a=person, b=wide)
    assert note == f"body {B} dropped: too wide in 30 of 30 frames"
    np.testing.assert_array_equal(frames[:, 0], person[1])
    mixed = wide[0], np.concatenate([wide[1][:20], body(0, 30, 5.0)[1][20:]])  # 20 of 30 is less than the threshold
    frames, note = clip(30, a=person, b=mixed)
    assert note == "" and frames.any(axis=(2, 3)).all()
    mixed = wide[0], np.concatenate([wide[1][:21], body(0, 30, 5.0)[1][21:]])
    assert "too wide in 21 of 30" in clip(30, a=person, b=mixed)[1]


def test_the_last_body_left_is_never_too_wide():
    frames, note = clip(20, a=body(0, 20, width=3), b=body(0, 20, width=3, seed=1))
    assert note.count("too wide") == 1 and frames[:, 0].any() and not frames[:, 1].any()


def test_wide_frames_do_not_count_as_motion():
    calm = body(0, 30, 0.5)
    fits = body(0, 30, 0.1, seed=2)[1]
    fits[:10, :, 0] *= 20  # a third of the frames are far too wide, which looks like motion
    frames, _ = clip(30, a=calm, b=(calm[0], fits))
    np.testing.assert_array_equal(frames[:, 0], calm[1])


def test_a_third_body_with_least_motion_is_dropped():
    frames, note = clip(20, a=body(0, 20, 0.1), b=body(0, 20, 1.0, seed=1), c=body(0, 20, 2.0, seed=2))
    assert note == f"body {A} dropped: two others move more"
    np.testing.assert_array_equal(frames[:, 0], body(0, 20, 2.0, seed=2)[1])
    np.testing.assert_array_equal(frames[:, 1], body(0, 20, 1.0, seed=1)[1])


def test_a_person_who_is_found_again_under_another_id_is_one():
    first, again, other = body(0, 15, 2.0), body(16, 14, 1.0, seed=1), body(0, 30, 0.5, seed=2)
    frames, note = clip(30, a=first, b=again, c=other)
    np.testing.assert_array_equal(frames[:15, 0], first[1])
    np.testing.assert_array_equal(frames[16:, 0], again[1])
    np.testing.assert_array_equal(frames[:, 1], other[1])
    assert note == "" and not frames[15, 0].any()


def test_a_body_that_is_lost_for_a_while_keeps_its_frames():
    when = np.r_[0:10, 20:30]
    joints, other = body(0, 20, 2.0)[1], body(0, 30, 0.5, seed=1)
    frames, _ = clip(30, a=(when, joints), b=other)
    np.testing.assert_array_equal(frames[when, 0], joints)
    assert not frames[10:20, 0].any() and frames[:, 1].any(axis=(1, 2)).all()


def test_frames_without_anybody_are_cut():
    joints = body(0, 20)[1]
    frames, note = clip(40, a=(np.r_[5:15, 25:35], joints))
    np.testing.assert_array_equal(frames[:, 0], joints)
    assert note == "20 of 40 frames without a body cut"


def test_an_id_twice_in_a_frame():
    joints = body(0, 20)[1]
    times = np.repeat(np.arange(20), 2)
    frames, note = two_bodies(20, times, [A] * 40, np.repeat(joints, 2, axis=0) * np.tile([1, 2], 20)[:, None, None])
    np.testing.assert_allclose(frames[:, 0], joints, rtol=1e-6)
    assert note == f"body {A} twice in 20 frames: the first kept"


def test_nobody():
    nothing = np.zeros(0, int), [], np.zeros((0, 25, 3), np.float32)
    with pytest.raises(DataError, match="no body in any"):
        two_bodies(5, *nothing)
    with pytest.raises(DataError, match="nothing but zeros"):
        two_bodies(1, np.array([0]), [A], np.zeros((1, 25, 3), np.float32))
