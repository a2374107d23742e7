"""Streams: bones and motion by hand-computed values."""

import numpy as np
import pytest
import torch

from zsar.errors import UnknownName
from zsar.skeletons.layouts import layout
from zsar.skeletons.streams import STREAMS, parents, stream

KINECT = layout("kinect_v2")


def clip(frames: int = 3):
    """One clip of two bodies, the second absent: joint j at frame t is at (j, 10 t, j t)."""
    t, j = torch.meshgrid(torch.arange(frames), torch.arange(25), indexing="ij")
    x = torch.zeros(1, 3, frames, 25, 2)
    x[0, :, :, :, 0] = torch.stack([j, 10 * t, j * t]).float()
    return x


def test_parents_lead_to_the_centre():
    up = parents(KINECT)
    assert up[KINECT.centre] == KINECT.centre
    name = lambda joint: KINECT.joints[up[KINECT.index(joint)]]
    assert name("head") == "neck" and name("neck") == "top of spine" and name("left hand") == "left wrist"
    assert name("base of spine") == "middle of spine" and name("right hip") == "base of spine"
    edges = {frozenset(edge) for edge in KINECT.edges}
    assert all(frozenset((joint, parent)) in edges for joint, parent in enumerate(up) if joint != parent)


def test_a_bone_is_a_joint_minus_its_parent():
    bones = stream(clip(), "bone", KINECT)
    head, neck = KINECT.index("head"), KINECT.index("neck")
    assert bones[0, :, 2, head, 0].tolist() == [head - neck, 0, 2 * (head - neck)]
    hip, base = KINECT.index("right hip"), KINECT.index("base of spine")
    assert bones[0, :, 1, hip, 0].tolist() == [hip - base, 0, hip - base]
    assert not bones[0, :, :, KINECT.centre].any()


def test_motion_is_the_next_frame_minus_this_one():
    moved = stream(clip(), "motion", KINECT)
    assert moved[0, :, 0, 7, 0].tolist() == moved[0, :, 1, 7, 0].tolist() == [0, 10, 7]
    assert not moved[0, :, 2].any()


def test_bone_motion_is_the_motion_of_bones():
    x = clip(4)
    head, neck = KINECT.index("head"), KINECT.index("neck")
    moved = stream(x, "bone-motion", KINECT)
    assert moved[0, :, 1, head, 0].tolist() == [0, 0, head - neck]
    torch.testing.assert_close(moved, stream(stream(x, "motion", KINECT), "bone", KINECT))
    torch.testing.assert_close(moved, stream(stream(x, "bone", KINECT), "motion", KINECT))


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("joints", ["kinect_v1", "kinect_v2"])
def test_an_absent_body_stays_absent_and_the_input_as_it_was(name, joints):
    x = torch.randn(2, 3, 5, len(layout(joints).joints), 2)
    x[1, ..., 1] = 0
    before = x.clone()
    shown = stream(x, name, layout(joints))
    assert shown.shape == x.shape and not shown[1, ..., 1].any() and torch.equal(x, before)
    assert (name == "joint") == np.array_equal(shown, x)


def test_the_joint_stream_is_the_clip_itself():
    x = clip()
    assert stream(x, "joint", KINECT) is x


def test_one_frame_doesnt_move():
    assert not stream(clip(1), "motion", KINECT).any()


def test_a_typo_is_answered():
    with pytest.raises(UnknownName, match="stream 'bones'\nDid you mean bone"):
        stream(clip(), "bones", KINECT)
