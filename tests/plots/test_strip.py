"""Clips as strips of frames."""

import numpy as np
import pytest
from somebody import person

from zsar.plots import strip
from zsar.skeletons.drawing import project
from zsar.skeletons.layouts import layout
from zsar.skeletons.sides import SIDES


def test_a_strip_shows_frames_from_first_to_last_in_one_scale():
    drawing = project(person("kinect_v1", frames=41), "kinect_v1")
    made = strip.draw(drawing, 5, "Somebody", 3.4)
    axes = made.figure.axes[0]
    assert [t.get_text() for t in axes.texts] == ["1", "11", "21", "31", "41"]
    assert axes.get_aspect() == 1 and "frames 1, 11, 21, 31, 41 of 41" in made.caption and "Rings" not in made.caption
    bones = [line for line in axes.get_lines() if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    assert len(bones) == 5 * (len(layout("kinect_v1").joints) - 1)
    widths = {line.get_color(): line.get_linewidth() for line in bones}
    assert widths == {look.light: look.width for look in SIDES.values()}
    first, last = bones[0].get_xydata(), bones[-len(bones) // 5].get_xydata()
    assert np.ptp(first[:, 1]) == pytest.approx(np.ptp(last[:, 1]))
    assert made.figure.get_figwidth() == 3.4 and len({t.get_position()[1] for t in axes.texts}) == 1


def test_a_strip_of_a_short_clip_and_of_a_wide_one():
    assert len(strip.draw(project(person("kinect_v1", 2), "kinect_v1"), 6, "x", 3.4).figure.axes[0].texts) == 2
    walking = person("kinect_v1", 20)
    walking[..., 0] += np.linspace(0, 5, 20)[:, None, None]
    axes = strip.draw(project(walking, "kinect_v1", "camera"), 6, "x", 3.4).figure.axes[0]
    assert len({round(t.get_position()[1], 6) for t in axes.texts}) > 1  # more than one row
    two = strip.draw(project(person("kinect_v2", bodies=2), "kinect_v2"), 2, "x", 3.4)
    assert "Rings are the second person's joints" in two.caption
    assert two.content("svg") == two.content("svg")
