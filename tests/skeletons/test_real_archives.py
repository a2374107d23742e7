"""The makers' own archives: as many clips as they say, and people in them who look like people."""

import numpy as np
import pytest
from reading_all import clips_of

from zsar.skeletons.layouts import layout
from zsar.skeletons.readers import nw_ucla, utd_mhad

KINECT = layout("kinect_v1")
READERS = {"utd-mhad": utd_mhad, "nw-ucla": nw_ucla}


@pytest.fixture(scope="module", params=READERS)
def clips(request, archive):
    return clips_of(READERS[request.param], archive(request.param))


def joint(frames: np.ndarray, name: str) -> np.ndarray:
    return frames[:, 0, KINECT.index(name)]


def test_counts(archive):
    utd = clips_of(utd_mhad, archive("utd-mhad"))
    assert [len({getattr(c, k) for c in utd}) for k in ("sample", "label", "subject", "view")] == [
        861,
        27,
        8,
        1,
    ]
    ucla = clips_of(nw_ucla, archive("nw-ucla"))
    assert [len({getattr(c, k) for c in ucla}) for k in ("sample", "label", "subject", "view")] == [
        1484,
        10,
        10,
        3,
    ]
    assert sorted(len(c.frames) for c in ucla)[:5] == [1, 1, 6, 6, 8]


def test_heads_are_up(clips):
    up = [np.median(joint(c.frames, "head")[:, 1] - joint(c.frames, "base of spine")[:, 1]) > 0.2 for c in clips]
    down = [np.median(joint(c.frames, "left ankle")[:, 1] - joint(c.frames, "left hip")[:, 1]) < 0 for c in clips]
    assert np.mean(up) > 0.98 and np.mean(down) > 0.98


def test_bones_have_the_lengths_of_peoples_bones(clips):
    usual = {
        ("left elbow", "left wrist"): (0.18, 0.32),
        ("right elbow", "right wrist"): (0.18, 0.32),
        ("left hip", "left knee"): (0.33, 0.6),
        ("right knee", "right ankle"): (0.25, 0.5),
        ("head", "top of spine"): (0.14, 0.28),
        ("left shoulder", "right shoulder"): (0.25, 0.45),
    }
    for (a, b), (low, high) in usual.items():
        lengths = [np.median(np.linalg.norm(joint(c.frames, a) - joint(c.frames, b), axis=-1)) for c in clips]
        assert low < np.median(lengths) < high, (a, b)


def test_bones_are_short_ways_through_the_body(clips):
    """In a wrong order of joints, neighbours on paper are strangers in the body and the bones grow
    longer.
    """
    bodies = np.concatenate([c.frames[::10, 0] for c in clips[::5]])
    gaps = np.median(np.linalg.norm(bodies[:, :, None] - bodies[:, None], axis=-1), axis=0)

    def total(order):
        return sum(gaps[order[a], order[b]] for a, b in KINECT.edges)

    right = total(range(20))
    assert right < 0.8 * total([3, 2, 1, 0, *range(4, 20)])  # UTD-MHAD's order, if it were taken for the layout's
    assert right < 0.5 * total(np.random.default_rng(0).permutation(20))


def test_left_is_left(clips):
    """Toes point where somebody looks whose right side is the joints' right side."""
    agree = []
    for c in clips:
        right = joint(c.frames, "right hip") - joint(c.frames, "left hip")
        ahead = np.cross([0.0, 1.0, 0.0], right)
        toes = joint(c.frames, "left foot") - joint(c.frames, "left ankle")
        agree.append(np.median((ahead * toes).sum(-1)) > 0)
    assert np.mean(agree) > 0.9


def test_utd_mhads_right_handed_actions_move_the_right_hand(archive):
    moved = []
    for c in clips_of(utd_mhad, archive("utd-mhad")):
        if c.label in (
            "utd/a01",
            "utd/a02",
            "utd/a03",
        ):  # swipe left, swipe right, wave: all with the right arm
            path = [np.abs(np.diff(joint(c.frames, f"{side} hand"), axis=0)).sum() for side in ("right", "left")]
            moved.append(path[0] > path[1])
    assert len(moved) == 96 and np.mean(moved) > 0.95
