"""Joints are known by the names that Kinect's SDKs and the field give them, in any order and spelling."""

import numpy as np
import pytest

from zsar import configuration
from zsar.errors import DataError, ZsarError
from zsar.skeletons.joint_names import match, spellings
from zsar.skeletons.layouts import layout

SDK_2 = """SpineBase SpineMid Neck Head ShoulderLeft ElbowLeft WristLeft HandLeft ShoulderRight ElbowRight WristRight
HandRight HipLeft KneeLeft AnkleLeft FootLeft HipRight KneeRight AnkleRight FootRight SpineShoulder HandTipLeft
ThumbLeft HandTipRight ThumbRight""".split()
SDK_1 = """HIP_CENTER SPINE SHOULDER_CENTER HEAD SHOULDER_LEFT ELBOW_LEFT WRIST_LEFT HAND_LEFT SHOULDER_RIGHT
ELBOW_RIGHT WRIST_RIGHT HAND_RIGHT HIP_LEFT KNEE_LEFT ANKLE_LEFT FOOT_LEFT HIP_RIGHT KNEE_RIGHT ANKLE_RIGHT
FOOT_RIGHT""".split()
LISTS = {
    "Kinect SDK 2": ("kinect_v2", SDK_2),
    "Kinect SDK 2 in C++": ("kinect_v2", [f"JointType_{name}" for name in SDK_2]),
    "Kinect SDK 1": ("kinect_v1", [name.title().replace("_", "") for name in SDK_1]),
    "Kinect SDK 1 in C++": ("kinect_v1", [f"NUI_SKELETON_POSITION_{name}" for name in SDK_1]),
    "short sides": ("kinect_v1", [n.replace("_LEFT", "_l").replace("_RIGHT", "_r").lower() for n in SDK_1]),
    "sides first": ("kinect_v1", ["-".join(name.split("_")[::-1]) for name in SDK_1]),
    "sides attached": (
        "kinect_v1",
        [("l" if "_LEFT" in n else "r" if "_RIGHT" in n else "") + n.split("_")[0].lower() if "CENTER" not in n else n
         for n in SDK_1],
    ),
    "zsar, version 1": ("kinect_v1", list(layout("kinect_v1").joints)),
    "zsar, version 2": ("kinect_v2", list(layout("kinect_v2").joints)),
    "without spaces": ("kinect_v2", [j.title().replace(" ", "") for j in layout("kinect_v2").joints]),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_joints_are_recognised(name):
    expected, joints = LISTS[name]
    found = match(joints)
    assert (found.layout, found.order, found.cut) == (expected, tuple(range(len(joints))), ())


@pytest.mark.parametrize("name", LISTS)
def test_in_any_order_and_with_others_between(name):
    expected, joints = LISTS[name]
    mixed = np.random.default_rng(0).permutation([*joints, *(["Tail"] if "C++" not in name else [])]).tolist()
    found = match(mixed)
    assert found.layout == expected
    assert [mixed[i] for i in found.order] == joints
    assert found.cut == tuple(n for n in mixed if n == "Tail")


def test_a_joint_less_is_an_error_that_lists_what_is_expected():
    with pytest.raises(DataError, match="nearest is kinect_v1, which lacks head \\(not recognised: Scalp\\)") as error:
        match([*(n for n in SDK_1 if n != "HEAD"), "Scalp"], "a.npz: joints.npy")
    assert error.value.message.startswith("a.npz: joints.npy ")
    assert "Expected names: base of spine, middle of spine, top of spine, head" in str(error.value)


def test_a_joint_named_twice_is_an_error():
    with pytest.raises(DataError, match="'HIP_CENTER' and 'pelvis' are both 'base of spine'"):
        match([*SDK_1, "pelvis"])


def test_nothing_is_no_layout():
    with pytest.raises(DataError, match="of no layout known here"):
        match([])


def test_every_layout_can_be_told_by_its_own_names():
    for name in configuration.names("layouts"):
        assert match(layout(name).joints).layout == name
        assert set(spellings(name).values()) == set(layout(name).joints)


def test_an_alias_of_two_joints_is_refused(tmp_path, monkeypatch):
    (tmp_path / "layouts" / "aliases").mkdir(parents=True)
    for file in configuration.folder("layouts").glob("*.yaml"):
        (tmp_path / "layouts" / file.name).write_text(file.read_text())
    text = "layout: kinect_v1\naliases: {base of spine: [root], head: [root]}\n"
    (tmp_path / "layouts" / "aliases" / "kinect_v1.yaml").write_text(text)
    monkeypatch.setattr(configuration, "folder", lambda kind, package="zsar.configs": tmp_path / kind)
    for cache in (configuration.read, layout, spellings):
        cache.cache_clear()
    with pytest.raises(ZsarError, match="'root' is a name of head and of base of spine"):
        spellings("kinect_v1")
    monkeypatch.undo()
    for cache in (configuration.read, layout, spellings):
        cache.cache_clear()
