"""Projecting clips, and drawing them in a terminal, as strips and as moving pictures."""

import io
import os
import stat

import numpy as np
import pytest

from zsar.errors import DataError, UnknownName, ZsarError
from zsar.plots import animation, picture, strip
from zsar.skeletons.braille import lines, size
from zsar.skeletons.drawing import HEAD, VIEWS, project
from zsar.skeletons.layouts import layout

LAYOUTS = ("kinect_v1", "kinect_v2")


def person(layout_id, frames=5, bodies=1):
    """Somebody who faces the camera, 3 m from it, right hand raised; a second one stands 1 m to the person's left."""
    joints = layout(layout_id)
    body = np.zeros((len(joints.joints), 3), np.float32)
    heights = {"head": 1.6, "neck": 1.45, "shoulder": 1.4, "elbow": 1.2, "wrist": 1.0, "hand": 0.95, "hip": 0.9}
    for j, name in enumerate(joints.joints):
        side = {"left": -0.2, "right": 0.2}.get(next((w for w in name.split() if w in ("left", "right")), ""), 0.0)
        height = next((h for word, h in heights.items() if word in name), 0.5 if "knee" in name else 0.1)
        body[j] = side, 1.1 if "spine" in name else height, 3.0
    body[joints.index("right hand")] = 0.3, 1.9, 3.0
    clip = np.zeros((frames, bodies, len(joints.joints), 3), np.float32)
    for m in range(bodies):
        clip[:, m] = body - [1.0 * m, 0, 0]
    return clip


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
    with pytest.raises(ZsarError, match="no clip"):
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
    assert sides == {"", "left", "right", "middle"}
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


def test_a_strip_shows_frames_from_first_to_last_in_one_scale():
    drawing = project(person("kinect_v1", frames=41), "kinect_v1")
    made = strip.draw(drawing, 5, "Somebody", 3.4)
    axes = made.figure.axes[0]
    assert [t.get_text() for t in axes.texts] == ["1", "11", "21", "31", "41"]
    assert axes.get_aspect() == 1 and "frames 1, 11, 21, 31, 41 of 41" in made.caption and "Rings" not in made.caption
    bones = [line for line in axes.get_lines() if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    assert len(bones) == 5 * (len(layout("kinect_v1").joints) - 1)
    widths = {line.get_color(): line.get_linewidth() for line in bones}
    assert len(set(widths.values())) == len(widths) == 3  # sides differ in width and not in colour alone
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
    assert picture.content(two, "svg") == picture.content(two, "svg")


@pytest.mark.parametrize("frames", [1, 2, 41, 90])
def test_a_gif_moves_at_the_clips_pace(frames):
    from PIL import Image

    clip = person("kinect_v1", frames)
    clip[:, 0, 3, 0] += np.linspace(0, 0.4, frames)  # else frames that are alike become one
    content = animation.gif(project(clip, "kinect_v1", "camera"), ("Somebody",))
    made = Image.open(io.BytesIO(content))
    assert made.n_frames == -(-frames // 2) and made.info.get("loop", 0) == 0
    lengths = []
    for i in range(made.n_frames):
        made.seek(i)
        lengths.append(made.info.get("duration", 0))
    if frames > 2:
        assert sum(lengths) == pytest.approx(1000 * frames / 30, abs=10)
    assert content == animation.gif(project(clip, "kinect_v1", "camera"), ("Somebody",))
    made.seek(0)
    assert made.convert("RGB").getpixel((2, 100)) == (255, 255, 255)
    colours = {c[:3] for _, c in made.convert("RGB").getcolors(100000)}
    assert any(np.abs(np.subtract(c, (0xD5, 0x5E, 0x00))).max() < 12 for c in colours)  # the right limbs


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a program named ffmpeg, of this shell script, first on the path."""

    def put(script):
        path = tmp_path / "bin" / "ffmpeg"
        path.parent.mkdir()
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")

    return put


def test_an_mp4_is_made_of_all_frames(program):
    program('for last; do :; done\necho "$@" > "$last"\nwc -c >> "$last"\n')
    drawing = project(person("kinect_v2", 9), "kinect_v2")
    asked, given = animation.mp4(drawing, ("Somebody", "doing something")).decode().splitlines()
    side = asked.split(" -s ")[1].split()[0]
    width, height = map(int, side.split("x"))
    assert width % 2 == height % 2 == 0 and int(given) == 9 * width * height * 3 and " -r 30 " in asked


def test_without_ffmpeg_or_with_a_broken_one_an_error_says_so(program, monkeypatch):
    drawing = project(person("kinect_v2", 3), "kinect_v2")
    program("cat > /dev/null\necho 'Unknown encoder' >&2\nexit 1\n")
    with pytest.raises(ZsarError, match="could not make the MP4: Unknown encoder"):
        animation.mp4(drawing, ("x",))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ZsarError, match=r"ffmpeg, which is not on this machine\n.*\.gif"):
        animation.mp4(drawing, ("x",))
