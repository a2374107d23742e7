"""Centring and turning: what moves, and what must not."""

import numpy as np
import pytest
from tiny_files import standing

from zsar.skeletons.layouts import layout
from zsar.skeletons.normalise import align_view, centre

KINECT = layout("kinect_v2")


def turned(x: np.ndarray, axis: int, angle: float) -> np.ndarray:
    """Turned about an axis of the camera."""
    a, b = (i for i in range(3) if i != axis)
    turn = np.eye(3)
    turn[[a, b], [a, b]], turn[a, b], turn[b, a] = np.cos(angle), -np.sin(angle), np.sin(angle)
    return x @ turn.T


def two_bodies(frames: int = 4) -> np.ndarray:
    """[1, T, 2, 25, 3]: a person, and a second one who comes later."""
    x = np.stack([standing("kinect_v2", frames), standing("kinect_v2", frames) + [0.8, 0, 0]], 1)[None]
    x[:, : frames // 2, 1] = 0
    return x


def test_the_first_frames_spine_is_the_origin():
    x = two_bodies()
    before = x.copy()
    centred = centre(x, KINECT.spine)
    assert not centred[0, 0, 0, KINECT.spine].any()
    np.testing.assert_allclose(centred[0, :, 0], before[0, :, 0] - before[0, 0, 0, KINECT.spine])
    assert not centred[0, :2, 1].any()
    np.testing.assert_allclose(centred[0, 2:, 1] - centred[0, 2:, 0], before[0, 2:, 1] - before[0, 2:, 0])


def test_who_appears_first_is_the_origin_when_the_first_frame_is_empty():
    late = two_bodies()
    late[:, :1, 0] = 0
    centred = centre(late.copy(), KINECT.spine)
    assert not centred[0, 0].any() and not centred[0, 1, 0, KINECT.spine].any()
    other = two_bodies()
    other[:, :, 0] = 0
    centred = centre(other.copy(), KINECT.spine)
    assert not centred[0, 2, 1, KINECT.spine].any() and centred[0, 2, 1].any()
    assert not centre(np.zeros((1, 3, 2, 25, 3)), KINECT.spine).any()


@pytest.mark.parametrize("angle", [0, 0.4, -1.3, 3.0])
def test_turning_undoes_the_cameras_yaw(angle):
    x = centre(two_bodies(), KINECT.spine)
    x = np.concatenate([x, turned(x, 1, angle)])
    np.testing.assert_allclose(align_view(x, KINECT)[1], x[0], atol=1e-12)


def test_turning_keeps_lengths_and_heights_and_faces_the_camera():
    rng = np.random.default_rng(1)
    x = turned(centre(two_bodies() + rng.normal(scale=0.02, size=(1, 4, 2, 25, 3)), KINECT.spine), 1, 2.0)
    straight = align_view(x, KINECT)
    np.testing.assert_allclose(straight[..., 1], x[..., 1], atol=1e-12)
    for joint in range(25):
        gaps = [np.linalg.norm(y - y[..., joint : joint + 1, :], axis=-1) for y in (straight, x)]
        np.testing.assert_allclose(*gaps, atol=1e-9)
    hips = straight[0, 0, 0, KINECT.right_hip] - straight[0, 0, 0, KINECT.left_hip]
    assert hips[0] > 0 and abs(hips[2]) < 1e-12
    toes = straight[0, 0, 0, KINECT.index("left foot")] - straight[0, 0, 0, KINECT.index("left ankle")]
    assert toes[2] < 0


def test_upright_undoes_a_tilted_camera_too():
    x = centre(two_bodies(), KINECT.spine)
    tilted = turned(turned(x, 1, 0.7), 0, 0.3)
    np.testing.assert_allclose(align_view(tilted, KINECT, upright=True), x, atol=1e-12)
    assert not np.allclose(align_view(tilted, KINECT), x, atol=1e-3)


def test_nothing_to_turn_to_changes_nothing():
    x = np.zeros((1, 3, 1, 25, 3))
    np.testing.assert_array_equal(align_view(x, KINECT), x)
    x[..., KINECT.index("head"), :] = 1, 2, 3  # somebody, but both hips on one spot
    for upright in (False, True):
        np.testing.assert_array_equal(align_view(x, KINECT, upright), x)


def test_float32_stays_float32():
    x = centre(two_bodies().astype(np.float32), KINECT.spine)
    assert x.dtype == align_view(x, KINECT).dtype == np.float32
