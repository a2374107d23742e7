"""Clips of any length to a fixed number of frames."""

import numpy as np


def resample_all(frames: np.ndarray, offsets: np.ndarray, clips: np.ndarray, length: int) -> np.ndarray:
    """Linear interpolation over time: frames [sum of T, M, V, 3] of many clips to [len(clips), length, M, V, 3].

    Clip i lies at ``offsets[i] : offsets[i + 1]``; its first and last frames are kept. Where a body is absent (all
    zero) at one of the two neighbouring frames, the nearer frame is taken instead of a body half way to the origin.
    """
    starts, lengths = offsets[clips], offsets[clips + 1] - offsets[clips]
    position = np.linspace(0, 1, length)[None, :] * (lengths - 1)[:, None]
    before = np.floor(position).astype(np.int64)
    after = np.minimum(before + 1, (lengths - 1)[:, None])
    share = (position - before).astype(np.float32)[..., None, None, None]
    first = np.asarray(frames[(starts[:, None] + before).ravel()]).reshape(len(clips), length, *frames.shape[1:])
    second = np.asarray(frames[(starts[:, None] + after).ravel()]).reshape(first.shape)
    mixed = first + share * (second - first)
    if frames.shape[1] > 1:
        gap = first.any(axis=(-1, -2), keepdims=True) != second.any(axis=(-1, -2), keepdims=True)
        mixed = np.where(gap, np.where(share < 0.5, first, second), mixed)
    return mixed.astype(np.float32, copy=False)
