"""Retargeting places every joint where the same person has it."""

import numpy as np
import pytest
from tiny_files import standing

from zsar.errors import UnknownName, ZsarError
from zsar.skeletons.layouts import layout
from zsar.skeletons.retarget import retarget, weights

V1, V2 = layout("kinect_v1"), layout("kinect_v2")


def test_shared_joints_keep_their_places():
    person = standing("kinect_v1", 4)[:, None].astype(np.float32)
    there = retarget(person, "kinect_v1", "kinect_v2")
    assert there.shape == (4, 1, 25, 3) and there.dtype == np.float32
    for joint in V1.joints:
        np.testing.assert_array_equal(there[:, :, V2.index(joint)], person[:, :, V1.index(joint)])
    np.testing.assert_array_equal(retarget(there, "kinect_v2", "kinect_v1"), person)


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
    monkeypatch.setitem(layout("kinect_v2").derive, "neck", {"throat": 1.0})
    weights.cache_clear()
    try:
        with pytest.raises(ZsarError, match="kinect_v1 skeleton can't be turned into kinect_v2: it lacks 'throat'"):
            retarget(np.zeros((3, 1, 20, 3)), "kinect_v1", "kinect_v2")
    finally:
        weights.cache_clear()
