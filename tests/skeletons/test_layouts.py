"""Layouts are data: that they say what the papers say, and that a wrong file is refused."""

import copy

import pytest

from zsar import configuration
from zsar.errors import UnknownName, ZsarError
from zsar.skeletons.layouts import PARTS, from_content, layout

NTU_BONES = [
    (1, 2),
    (2, 21),
    (3, 21),
    (4, 3),
    (5, 21),
    (6, 5),
    (7, 6),
    (8, 7),
    (9, 21),
    (10, 9),
    (11, 10),
    (12, 11),
    (13, 1),
    (14, 13),
    (15, 14),
    (16, 15),
    (17, 1),
    (18, 17),
    (19, 18),
    (20, 19),
    (22, 23),
    (23, 8),
    (24, 25),
    (25, 12),
]
"""ST-GCN's bones of the NTU RGB+D skeleton, counted from 1."""


def test_kinect_v2_is_the_ntu_graph():
    kinect = layout("kinect_v2")
    assert len(kinect.joints) == 25
    assert sorted(kinect.edges) == sorted((a - 1, b - 1) for a, b in NTU_BONES)
    assert (kinect.centre, kinect.root, kinect.spine) == (20, 0, 1)
    assert (kinect.left_hip, kinect.right_hip, kinect.left_shoulder, kinect.right_shoulder) == (
        12,
        16,
        4,
        8,
    )


def test_kinect_v1_is_the_order_of_its_sdk():
    kinect = layout("kinect_v1")
    assert kinect.joints[:4] == ("base of spine", "middle of spine", "top of spine", "head")
    assert [kinect.index(j) for j in ("left hand", "right hand", "left foot", "right foot")] == [
        7,
        11,
        15,
        19,
    ]
    assert len(kinect.joints) == 20 and kinect.centre == 2


@pytest.mark.parametrize("name", configuration.names("layouts"))
def test_every_layout_is_sound(name):
    skeleton = layout(name)
    assert tuple(skeleton.parts) == PARTS
    assert [skeleton.mirror[j] for j in skeleton.mirror] == list(range(len(skeleton.joints)))
    moved = {j for j, k in enumerate(skeleton.mirror) if j != k}
    assert moved == {j for part in PARTS if "arm" in part or "leg" in part for j in skeleton.parts[part]}
    assert {skeleton.mirror[j] for j in skeleton.parts["left arm"]} == set(skeleton.parts["right arm"])


def test_typos_are_answered_with_the_nearest_name():
    with pytest.raises(UnknownName, match="kinect_v2"):
        layout("kinect-v2")
    with pytest.raises(UnknownName, match="left elbow"):
        layout("kinect_v2").index("left elbo")


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (lambda c: c.update(id="kinect_v3"), "holds the layout 'kinect_v3'"),
        (lambda c: c["joints"].append("head"), "same name"),
        (lambda c: c["bones"].pop(), "in one tree"),
        (lambda c: c["bones"].append(["head", "left hip"]), "in one tree"),
        (lambda c: c["bones"].__setitem__(0, ["middle of spine", "head"]), "in one tree"),
        (lambda c: c["bones"].__setitem__(3, ["left shoulder", "head"]), "left side"),
        (
            lambda c: c["bones"].__setitem__(0, ["middle of spine", "navel"]),
            "unknown joint 'navel'",
        ),
        (lambda c: c.update(centre="navel"), "unknown joint 'navel'"),
        (lambda c: c["parts"]["head"].append("left hip"), "exactly one part"),
        (lambda c: c["parts"]["head"].clear(), "exactly one part"),
        (lambda c: c["parts"].pop("head"), "unknown body part 'head'"),
        (lambda c: c["parts"].update(tail=[]), "unknown body part 'tail'"),
        (lambda c: c.update(derive={"head": {"top of spine": 0.9}}), "add up to 1"),
        (lambda c: c.update(derive={"nose": {"head": 1}}), "unknown joint 'nose'"),
        (lambda c: c.pop("root"), "lacks the key 'root'"),
    ],
)
def test_a_layout_that_contradicts_itself_is_refused(spoil, complaint):
    content = copy.deepcopy(configuration.read("layouts", "kinect_v1"))
    spoil(content)
    with pytest.raises(ZsarError, match=complaint) as error:
        from_content(content, "kinect_v1", "some/file.yaml")
    assert "some/file.yaml" in str(error.value)
