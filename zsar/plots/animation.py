"""A clip as a moving picture: GIF through Pillow, MP4 through ffmpeg."""

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from zsar.errors import ZsarError
from zsar.plots.phrases import font_file
from zsar.skeletons.drawing import HEAD, Drawing
from zsar.skeletons.sides import SIDES

RATE = 30
"""Frames per second of a Kinect."""
HEIGHT, NARROWEST, WIDEST = 360, 280, 640
"""Pixels."""
FINER = 3
"""Pictures are drawn this many times larger and scaled down, which smooths the lines."""
TEXT = 13


def gif(drawing: Drawing, lines: tuple[str, ...]) -> bytes:
    """An endless GIF at the clip's own pace, every other frame, under ``lines`` of text."""
    from PIL import Image

    frames = range(0, len(drawing), 2)
    pictures = [_picture(drawing, frame, lines) for frame in frames]
    palette = pictures[0].quantize(64)
    pictures = [p.quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]
    shades = np.array(palette.getpalette(), np.uint8).reshape(-1, 3)
    shades[(shades > 247).all(axis=1)] = 255  # the palette had averaged white with the edges of lines
    for p in pictures:
        p.putpalette(shades.tobytes())
    # GIF counts in hundredths of a second; rounding the sum keeps the pace.
    ends = [round(100 * min(frame + 2, len(drawing)) / RATE) for frame in frames]
    lengths = [10 * max(end - start, 2) for start, end in zip([0, *ends], ends, strict=False)]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=lengths, loop=0, disposal=1, optimize=False
    )
    return buffer.getvalue()


def require_ffmpeg() -> str:
    """The path of ffmpeg. Raises `ZsarError` where there is none."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise ZsarError(
            "MP4 needs the program ffmpeg, which is not on this machine",
            "Install it (for example: apt install ffmpeg), or save a .gif, which needs nothing else.",
        )
    return program


def mp4(drawing: Drawing, lines: tuple[str, ...]) -> bytes:
    """An MP4 of all frames under ``lines`` of text. Raises `ZsarError` where ffmpeg is missing or fails."""
    program = require_ffmpeg()
    pictures = [_picture(drawing, frame, lines) for frame in range(len(drawing))]
    width, height = pictures[0].size
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        source = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {RATE} -i -".split()
        target = "-an -pix_fmt yuv420p -movflags +faststart -fflags +bitexact -flags:v +bitexact".split()
        done = subprocess.run(
            [program, "-y", "-loglevel", "error", *source, *target, str(path)],
            input=b"".join(p.tobytes() for p in pictures),
            capture_output=True,
            check=False,
        )
        if done.returncode or not path.is_file():
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise ZsarError(
                f"ffmpeg could not make the MP4: {lines[-1] if lines else f'exit code {done.returncode}'}",
                "Save a .gif instead, or try another build of ffmpeg.",
            )
        return path.read_bytes()


def _picture(drawing: Drawing, frame: int, lines: tuple[str, ...]):
    """One frame, RGB, sides even as video wants them."""
    from PIL import Image, ImageDraw, ImageFont

    extent = drawing.high - drawing.low
    head, margin = int(TEXT * (0.7 + 1.35 * len(lines))), 14
    inside = HEIGHT - head - 2 * margin
    width = int(np.clip(inside * extent[0] / extent[1] + 2 * margin, NARROWEST, WIDEST)) // 2 * 2
    scale = min(inside / extent[1], (width - 2 * margin) / extent[0])
    middle = (drawing.low + drawing.high) / 2
    image = Image.new("RGB", (width * FINER, HEIGHT * FINER), "white")
    pen = ImageDraw.Draw(image)

    def place(point) -> tuple[float, float]:
        right, up = scale * (point - middle)
        return FINER * (width / 2 + right), FINER * (head + margin + inside / 2 - up)

    for _, side, start, end in drawing.bones(frame):
        pen.line([place(start), place(end)], SIDES[side].light, round(FINER * 2 * SIDES[side].width))
    for body in np.flatnonzero(drawing.present[frame]):
        x, y = place(drawing.points[frame, body, drawing.head])
        r = FINER * scale * HEAD
        pen.ellipse([x - r, y - r, x + r, y + r], "white" if body else "black", "black", 2 * FINER)
        for joint in np.delete(drawing.points[frame, body], drawing.head, axis=0):
            x, y = place(joint)
            r = FINER * 2.2
            pen.ellipse([x - r, y - r, x + r, y + r], "black" if body == 0 else "white", "black", FINER)
    image = image.resize((width, HEIGHT), Image.Resampling.LANCZOS)
    font = ImageFont.truetype(str(font_file()), TEXT)
    number = f"{frame + 1}/{len(drawing)}"
    pen = ImageDraw.Draw(image)
    for k, line in enumerate(lines):
        beside = font.getlength(number) + 8 if k == 0 else 0
        pen.text((8, 6 + int(k * 1.35 * TEXT)), _shorten(line, font, width - 16 - beside), "black", font)
    pen.text((width - 8, 6), number, "#595959", font, anchor="ra")
    return image


def _shorten(text: str, font, room: float) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "…") > room:
        text = text[:-1]
    return text.rstrip() + "…"
