"""Bringing clips to a common place and direction."""

import numpy as np


def centre(x: np.ndarray, spine: int) -> np.ndarray:
    """Subtract the first body's spine joint at the first frame: [N, T, M, V, 3], in place; absent bodies stay zero."""
    present = x.any(axis=(-1, -2), keepdims=True)
    x -= x[:, :1, :1, spine : spine + 1].copy()
    x *= present
    return x


def face_camera(x: np.ndarray, left_hip: int, right_hip: int) -> np.ndarray:
    """Turn each clip about the vertical so that the first body's hips lie along x at the first frame.

    [N, T, M, V, 3] to the same; heights are unchanged. Turn centred clips, or they swing around the camera.
    """
    across = x[:, 0, 0, right_hip] - x[:, 0, 0, left_hip]
    angle = np.arctan2(across[:, 2], across[:, 0])
    cos, sin = np.cos(angle), np.sin(angle)
    zero, one = np.zeros_like(cos), np.ones_like(cos)
    turn = np.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], -1).reshape(-1, 3, 3).astype(x.dtype)
    return np.einsum("njk,ntmvk->ntmvj", turn, x)
