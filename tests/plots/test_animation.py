"""Clips as moving pictures."""

import io
import os
import stat

import numpy as np
import pytest
from somebody import person

from zsar.errors import ZsarError
from zsar.plots import animation
from zsar.skeletons.drawing import project


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
