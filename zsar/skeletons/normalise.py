"""Bringing clips to a common place and direction."""

import numpy as np

from zsar.skeletons.layouts import Layout


def centre(x: np.ndarray, spine: int) -> np.ndarray:
    """Put the first body's spine joint of the first frame at the origin: [N, T, M, V, 3], in place.

    Absent (all-zero) bodies stay zero. Where the first body is absent at the first frame, its first
    appearance counts, or that of the next body.
    """
    present = x.any(axis=(-1, -2), keepdims=True)
    x -= _first_body(x, present)[:, None, None, spine : spine + 1]
    x *= present
    return x


def align_view(x: np.ndarray, joints: Layout, upright: bool = False) -> np.ndarray:
    """Turn each clip [N, T, M, V, 3] about the vertical so that its person faces the camera.

    The first body's hips, left to right, come to lie along x at the first frame, so that it looks
    towards -z, as towards a Kinect; heights are unchanged. With ``upright`` the spine is also
    turned to the vertical, which undoes a tilted camera (and a bent back): NTU RGB+D's usual
    pre-processing does so, with z up and the shoulders instead of the hips. Turn centred clips, or
    they swing around the camera.
    """
    body = _first_body(x, x.any(axis=(-1, -2), keepdims=True)).astype(np.float64)
    up = np.zeros((len(x), 3))
    up[:, 1] = 1
    if upright:
        spine = body[:, joints.spine] - body[:, joints.root]
        up = np.where(_length(spine) > 0, spine, up)
        up /= _length(up)
    across = body[:, joints.right_hip] - body[:, joints.left_hip]
    across -= up * (across * up).sum(-1, keepdims=True)
    length = _length(across)
    across = np.divide(across, length, out=np.zeros_like(across), where=length > 0)
    turn = np.stack([across, up, np.cross(across, up)], 1)
    turn[length[:, 0] == 0] = np.eye(3)  # hips on one spot, or nobody there: there is no direction to turn to
    return np.matmul(x.reshape(len(x), -1, 3), turn.transpose(0, 2, 1).astype(x.dtype)).reshape(x.shape)


def _first_body(x: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The first body where it first appears, [N, V, 3]; all zeros when nobody is ever there."""
    by_body = present[..., 0, 0].transpose(0, 2, 1).reshape(len(x), -1)  # [N, M * T]: a body's frames, then the next's
    body, frame = np.divmod(by_body.argmax(1), x.shape[1])
    return x[np.arange(len(x)), frame, body].copy()


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1, keepdims=True)
