"""Projecting clips, and drawing them in a terminal."""

import numpy as np
import pytest
from somebody import person

from zsar.errors import DataError, UnknownName, ZsarError
from zsar.skeletons.braille import lines, size
from zsar.skeletons.drawing import HEAD, VIEWS, project
from zsar.skeletons.layouts import layout
from zsar.skeletons.sides import SIDES

LAYOUTS = ("kinect_v1", "kinect_v2")


@pytest.mark.parametrize("layout_id", LAYOUTS)
def test_the_viewer_sees_the_right_hand_on_the_left_and_up(layout_id):
    drawing, joints = project(person(layout_id), layout_id), layout(layout_id)
    hand, other = (drawing.points[0, 0, joints.index(f"{side} hand")] for side in ("right", "left"))
    head = drawing.points[0, 0, joints.index("head")]
    assert hand[0] < head[0] < other[0] and hand[1] > head[1] > other[1]
    assert drawing.sides[joints.index("right hand")] == "right" and drawing.sides[joints.index("head")] == "middle"
    assert len(list(drawing.bones(0))) == len(joints.joints) - 1


@pytest.mark.parametrize("layout_id", LAYOUTS)
def test_lengths_are_kept_and_bounds_hold_everything(layout_id):
    clip = person(layout_id, bodies=2)
    drawing = project(clip, layout_id, "camera")
    assert np.allclose(drawing.points[..., 0], -clip[..., 0]) and np.allclose(drawing.points[..., 1], clip[..., 1])
    assert (drawing.points >= drawing.low).all() and (drawing.points <= drawing.high).all()
    heads = drawing.points[:, :, drawing.head]
    assert (heads + HEAD <= drawing.high + 1e-9).all() and (heads - HEAD >= drawing.low - 1e-9).all()


def test_views_turn_the_person_and_not_the_picture():
    joints, clip = layout("kinect_v2"), person("kinect_v2")
    turned = clip[..., [2, 1, 0]] * np.array([-1, 1, 1], np.float32)  # a quarter turn about the vertical
    front = project(turned, "kinect_v2", "front")
    straight = project(clip, "kinect_v2", "front")
    assert np.allclose(front.points, straight.points, atol=1e-5)
    camera = project(turned, "kinect_v2", "camera")
    shoulders = [joints.index("left shoulder"), joints.index("right shoulder")]
    assert np.ptp(camera.points[0, 0, shoulders, 0]) < 0.01 < np.ptp(front.points[0, 0, shoulders, 0])
    reaching = clip.copy()
    reaching[:, :, joints.index("left hand"), 2] -= 0.5  # towards the camera, which is where the person looks
    side = project(reaching, "kinect_v2", "side")
    assert side.points[0, 0, joints.index("left hand"), 0] > side.points[0, 0, joints.index("head"), 0] + 0.4
    assert np.allclose(side.points[..., 1], straight.points[..., 1], atol=1e-6)


def test_two_people_are_seen_as_the_camera_saw_them_and_an_absent_one_is_not_drawn():
    two = person("kinect_v2", bodies=2)
    assert np.allclose(project(two, "kinect_v2").points, project(two, "kinect_v2", "camera").points)
    two[2:, 1] = 0
    drawing = project(two, "kinect_v2")
    assert drawing.present.tolist() == [[True, True]] * 2 + [[True, False]] * 3
    assert {body for body, *_ in drawing.bones(0)} == {0, 1} and {body for body, *_ in drawing.bones(4)} == {0}
    assert drawing.high[0] < 2  # nobody stands at the camera
    alone = two.copy()
    alone[:, 1] = 0
    assert np.allclose(project(alone, "kinect_v2").points, project(alone, "kinect_v2", "front").points)


def test_what_can_not_be_drawn_is_refused():
    clip = person("kinect_v2")
    with pytest.raises(DataError, match="nobody"):
        project(np.zeros_like(clip), "kinect_v2")
    with pytest.raises(ZsarError, match="not a clip"):
        project(clip, "kinect_v1")
    with pytest.raises(UnknownName, match="Did you mean front"):
        project(clip, "kinect_v2", "frnt")
    assert len(VIEWS) == 3


@pytest.mark.parametrize("layout_id", LAYOUTS)
def test_dots_of_a_terminal_lie_where_the_joints_are(layout_id):
    drawing = project(person(layout_id), layout_id)
    columns, rows = size(drawing, 60, 24)
    assert rows == 24 and columns < 60
    width, height = drawing.high - drawing.low
    assert 2 * columns / (4 * rows) == pytest.approx(width / height, rel=0.1)  # dots are square
    made = lines(drawing, 0, columns, rows)
    text = ["".join(t for t, _ in pieces) for pieces in made]
    assert len(text) == rows and all(len(line) == columns for line in text)
    assert all(c == " " or 0x2800 < ord(c) <= 0x28FF for line in text for c in line)
    scale = (4 * rows - 1) / height
    for joint in ("right hand", "left foot", "right elbow"):
        x, y = (drawing.points[0, 0, layout(layout_id).index(joint)] - drawing.low) * scale
        margin = (2 * columns - 1 - scale * width) / 2
        row, column = (4 * rows - 1 - round(y)) // 4, round(x + margin) // 2
        assert text[row][column] != " "
    sides = {side for pieces in made for _, side in pieces}
    assert sides == {"", *SIDES}
    top = "".join(t for t, side in made[0] if side == "right")
    assert top.strip()  # the raised right hand is the highest of all


def test_a_second_person_is_dotted_and_ascii_does_without_braille():
    both = project(person("kinect_v2", bodies=2), "kinect_v2")
    count = lambda text: sum(bin(ord(c) - 0x2800).count("1") for c in text if c != " ")
    text = ["".join(t for t, _ in pieces) for pieces in lines(both, 0, 60, 24)]
    left, right = "".join(t[:30] for t in text), "".join(t[30:] for t in text)
    assert 0.35 < count(right) / count(left) < 0.75  # the second stands to the first one's left: the viewer's right
    plain = ["".join(t for t, _ in pieces) for pieces in lines(both, 0, 60, 24, braille=False)]
    assert set("".join(plain)) == {" ", "o"}
    assert [[c == " " for c in line] for line in plain] == [[c == " " for c in line] for line in text]
