"""Left and right look the same wherever a skeleton is drawn, and one place says how."""

from pathlib import Path

import numpy as np
import pytest
from somebody import person

import zsar
from zsar.skeletons.drawing import project
from zsar.skeletons.layouts import layout
from zsar.skeletons.sides import SIDES, anatomy


@pytest.mark.parametrize("layout_id", ["kinect_v1", "kinect_v2"])
def test_every_bone_is_of_the_side_that_its_joints_names_say(layout_id):
    about, joints = anatomy(layout_id), layout(layout_id).joints
    assert about["joints"] == len(joints) and len(about["sides"]) == len(joints) - 1
    for (a, b), side in zip(about["edges"], about["sides"], strict=True):
        named = {word for joint in (joints[a], joints[b]) for word in joint.split() if word in ("left", "right")}
        assert side == (named.pop() if named else "middle")
    drawn = [side for _, side, _, _ in project(person(layout_id), layout_id).bones(0)]
    assert drawn == about["sides"]


def test_sides_differ_in_width_and_in_colour_on_either_ground():
    for of in ("light", "dark", "width"):
        assert len({getattr(look, of) for look in SIDES.values()}) == len(SIDES)


def test_no_other_place_knows_what_looks_left_or_right():
    """Pages, plots and the terminal have the colours of limbs from here."""
    for path in Path(zsar.__file__).parent.rglob("*.js"):
        text = path.read_text(encoding="utf-8").lower()
        if path.name != "chart.umd.min.js":
            assert not [c for look in SIDES.values() for c in (look.light, look.dark) if c in text], path
            assert "orange" not in text and "blue" not in text, path


def test_the_moving_picture_has_the_colours_of_the_strip():
    pytest.importorskip("PIL", reason="pictures need the extra: plots")
    from zsar.plots.animation import _picture

    drawing = project(person("kinect_v2"), "kinect_v2")
    pixels = np.asarray(_picture(drawing, 0, ("Somebody",))).reshape(-1, 3)
    for side in ("left", "right"):
        rgb = [int(SIDES[side].light[k : k + 2], 16) for k in (1, 3, 5)]
        assert (pixels == rgb).all(axis=1).any(), side
