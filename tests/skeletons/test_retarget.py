"""Retargeting places every joint where the same person has it."""

import numpy as np
import pytest
from tiny_files import standing

from zsar.data.cards import card
from zsar.data.importing import import_recordings
from zsar.errors import UnknownName, ZsarError
from zsar.skeletons.layouts import layout
from zsar.skeletons.retarget import retarget, weights

V1, V2 = layout("kinect_v1"), layout("kinect_v2")


# Where the two sensors have the spine on the way from the hips' midpoint to the shoulders' (see configs/layouts).
HEIGHTS = {
    "kinect_v1": {"base of spine": 0.195, "middle of spine": 0.375, "top of spine": 1.295},
    "kinect_v2": {"base of spine": -0.01, "middle of spine": 0.60, "top of spine": 1.08, "neck": 1.24},
}


def heights(frames: np.ndarray, name: str) -> dict[str, float]:
    """Medians, over frames [N, V, 3], of how far up from the hips to the shoulders (midpoints) the spine is."""
    place = {joint: frames[:, i].astype(np.float64) for i, joint in enumerate(layout(name).joints)}
    hips, shoulders = ((place[f"left {j}"] + place[f"right {j}"]) / 2 for j in ("hip", "shoulder"))
    up = (shoulders - hips) / ((shoulders - hips) ** 2).sum(-1, keepdims=True)
    return {joint: float(np.median(((place[joint] - hips) * up).sum(-1))) for joint in HEIGHTS[name]}


@pytest.mark.parametrize(("source", "target"), [("kinect_v1", "kinect_v2"), ("kinect_v2", "kinect_v1")])
def test_the_spine_is_where_the_other_sensor_has_it_and_shared_joints_keep_their_places(source, target):
    old, new = layout(source), layout(target)
    person = standing(source, 4)[:, None].astype(np.float32)
    hips, shoulders = ((old.index(f"left {j}"), old.index(f"right {j}")) for j in ("hip", "shoulder"))
    low, high = person[:, :, hips].mean(2), person[:, :, shoulders].mean(2)
    head = 1.793 if source == "kinect_v1" else 1.47
    for joint, height in {**HEIGHTS[source], "head": head}.items():
        person[:, :, old.index(joint)] = low + height * (high - low)
    there = retarget(person, source, target)
    assert there.shape == (4, 1, len(new.joints), 3) and there.dtype == np.float32
    assert heights(there[:, 0], target) == pytest.approx(HEIGHTS[target], abs=0.012)
    for joint in set(old.joints) & set(new.joints) - set(HEIGHTS[target]):
        np.testing.assert_array_equal(there[:, :, new.index(joint)], person[:, :, old.index(joint)])


def test_real_recordings_of_one_sensor_get_the_spine_of_the_other(archive, home):
    dataset = import_recordings(card("utd-mhad"), archive("utd-mhad"), jobs=1)
    frames = np.concatenate([dataset.frames(i)[:, 0] for i in range(0, len(dataset), 20)])
    assert heights(frames, "kinect_v1") == pytest.approx(HEIGHTS["kinect_v1"], abs=0.02)
    there = heights(retarget(frames, "kinect_v1", "kinect_v2"), "kinect_v2")
    assert there == pytest.approx(HEIGHTS["kinect_v2"], abs=0.03)


def test_missing_joints_are_where_they_belong():
    there = retarget(standing("kinect_v1", 3), "kinect_v1", "kinect_v2")
    place = {joint: there[0, i] for i, joint in enumerate(V2.joints)}
    assert place["top of spine"][1] < place["neck"][1] < place["head"][1]
    for side in ("left", "right"):
        hand, wrist, tip = (place[j] for j in (f"{side} hand", f"{side} wrist", f"tip of {side} hand"))
        np.testing.assert_allclose(tip - hand, hand - wrist, atol=1e-12)  # the arm's line goes on
        np.testing.assert_array_equal(place[f"{side} thumb"], hand)


def test_retargeting_is_the_matrix_of_weights():
    frames = np.random.default_rng(0).normal(size=(2, 3, 2, 20, 3))
    expected = np.einsum("ws,...sc->...wc", weights("kinect_v1", "kinect_v2"), frames)
    np.testing.assert_allclose(retarget(frames, "kinect_v1", "kinect_v2"), expected, atol=1e-7)


def test_moving_the_person_moves_every_joint():
    person, shift = standing("kinect_v1", 2), np.array([0.3, -1, 2])
    moved = retarget(person + shift, "kinect_v1", "kinect_v2")
    np.testing.assert_allclose(moved, retarget(person, "kinect_v1", "kinect_v2") + shift, atol=1e-6)


def test_absent_bodies_stay_absent_and_the_same_layout_is_left_alone():
    frames = np.stack([standing("kinect_v1", 3), np.zeros((3, 20, 3))], 1)
    there = retarget(frames, "kinect_v1", "kinect_v2")
    assert there[:, 0].any() and not there[:, 1].any()
    assert retarget(frames, "kinect_v1", "kinect_v1") is frames


def test_what_cannot_be_turned_is_refused(monkeypatch):
    with pytest.raises(ZsarError, match=r"not of the layout kinect_v2"):
        retarget(np.zeros((3, 1, 20, 3)), "kinect_v2", "kinect_v1")
    with pytest.raises(UnknownName, match="kinect_v1"):
        retarget(np.zeros((3, 1, 20, 3)), "kinect_1", "kinect_v2")
    monkeypatch.setitem(layout("kinect_v2").derive, "left thumb", {"throat": 1.0})
    weights.cache_clear()
    try:
        with pytest.raises(ZsarError, match="kinect_v1 skeleton can't be turned into kinect_v2: it lacks 'throat'"):
            retarget(np.zeros((3, 1, 20, 3)), "kinect_v1", "kinect_v2")
    finally:
        weights.cache_clear()
