"""Clips of any length to a fixed number of frames."""

import numpy as np


def resample(frames: np.ndarray, length: int) -> np.ndarray:
    """One clip [T, M, V, 3] to [length, M, V, 3], as `resample_all`."""
    return resample_all(frames, np.array([0, len(frames)]), np.array([0]), length)[0]


def resample_all(frames: np.ndarray, offsets: np.ndarray, clips: np.ndarray, length: int) -> np.ndarray:
    """Many clips to ``length`` frames each, by linear interpolation over time.

    ``frames`` [sum of T, M, V, 3] holds clip i at ``offsets[i] : offsets[i + 1]``; the clips
    numbered ``clips`` come out as [len(clips), length, M, V, 3] float32. First and last frames are
    kept, and a clip that has ``length`` frames is returned as it is. Where a body is absent (all
    zero) at one of the two neighbouring frames, the nearer frame is taken, not a body half way to
    the origin.
    """
    starts, last = offsets[clips], (offsets[clips + 1] - offsets[clips] - 1)[:, None]
    gaps = max(length - 1, 1)
    before, rest = np.divmod(np.arange(length)[None, :] * last, gaps)  # whole numbers, so that frames are hit exactly
    after = np.minimum(before + 1, last)
    share = (rest / gaps).astype(np.float32)[..., None, None, None]
    first = np.asarray(frames[(starts[:, None] + before).ravel()]).reshape(len(clips), length, *frames.shape[1:])
    second = np.asarray(frames[(starts[:, None] + after).ravel()]).reshape(first.shape)
    mixed = first + share * (second - first)
    gap = first.any(axis=(-1, -2), keepdims=True) != second.any(axis=(-1, -2), keepdims=True)
    if gap.any():
        mixed = np.where(gap, np.where(share < 0.5, first, second), mixed)
    return mixed.astype(np.float32, copy=False)
