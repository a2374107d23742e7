"""Resampling: linear in time, exact at the ends, never half a body."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zsar.skeletons.resample import resample, resample_all


def clip(frames: int, bodies: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(frames, bodies, 5, 3)).astype(np.float32)


def test_a_straight_line_stays_one():
    line = np.linspace(0, 7, 8, dtype=np.float32)[:, None, None, None] + np.ones((8, 1, 5, 3), np.float32)
    np.testing.assert_allclose(resample(line, 15)[:, 0, 0, 0], np.linspace(1, 8, 15), rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 60), st.integers(1, 2), st.integers(0, 9))
def test_against_numpys_own_interpolation(frames, length, bodies, seed):
    x = clip(frames, bodies, seed)
    got = resample(x, length)
    at = np.linspace(0, frames - 1, length)
    for m, v, c in np.ndindex(bodies, 5, 3):
        np.testing.assert_allclose(got[:, m, v, c], np.interp(at, range(frames), x[:, m, v, c]), atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2, 7, 50, 61])
def test_the_same_length_is_the_same_clip(frames):
    x = clip(frames)
    np.testing.assert_array_equal(resample(x, frames), x)


def test_one_frame_is_held_and_one_frame_is_the_first():
    x = clip(6)
    np.testing.assert_array_equal(resample(x[:1], 4), np.repeat(x[:1], 4, 0))
    np.testing.assert_array_equal(resample(x, 1), x[:1])


def test_a_body_is_there_or_not_but_never_half():
    x = clip(9, 2)
    x[:4, 1] = 0
    there = resample(x, 33)[:, 1]
    appears = there.any(axis=(1, 2))
    assert appears.tolist() == sorted(appears.tolist()) and 0 < appears.sum() < 33
    first = there[appears][0]
    np.testing.assert_array_equal(first, x[4, 1])
    absent = np.zeros_like(x)
    assert not resample(absent, 20).any()


def test_many_clips_at_once_are_each_clip_alone():
    parts = [clip(n, 2, n) for n in (3, 1, 12, 5)]
    parts[2][5:, 1] = 0
    offsets = np.cumsum([0, *map(len, parts)])
    wanted = np.array([2, 0, 3, 2])
    together = resample_all(np.concatenate(parts), offsets, wanted, 10)
    for got, i in zip(together, wanted, strict=True):
        np.testing.assert_array_equal(got, resample(parts[i], 10))
