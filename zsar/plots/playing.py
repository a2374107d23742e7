"""A clip that plays in a terminal, in braille dots."""

import sys
import time

from zsar.plots.animation import RATE
from zsar.printing import screen, visible
from zsar.skeletons.braille import lines, size
from zsar.skeletons.drawing import Drawing
from zsar.skeletons.sides import SIDES

STILLS = 3
"""Frames that are printed where there is no terminal to play on."""
PLAIN = (48, 20)
"""Columns and rows of such a frame."""
PER_SECOND = 15
"""Frames per second in a terminal; a Kinect's 30 would flicker."""
_STYLES = {side: look.dark for side, look in SIDES.items()} | {"middle": "bold", "": ""}


def play(drawing: Drawing, title: str) -> None:
    """Play a clip under its title in a terminal; print a few of its frames where there is none."""
    from rich.live import Live

    console = screen()
    braille = _writes(console, "\u28ff")
    if not console.is_terminal:
        for frame in sorted({round(i * (len(drawing) - 1) / (STILLS - 1)) for i in range(STILLS)}):
            console.print(_text(drawing, frame, PLAIN, braille, title), soft_wrap=True)
        return
    room = max(20, console.width - 1), max(8, min(console.height - 3, 32))
    step = max(1, round(RATE / PER_SECOND))
    began = time.monotonic()
    with Live(console=console, auto_refresh=False) as live:
        for frame in [*range(0, len(drawing) - 1, step), len(drawing) - 1]:
            live.update(_text(drawing, frame, room, braille, title), refresh=True)
            time.sleep(max(0.0, began + (frame + step) / RATE - time.monotonic()))


def _text(drawing: Drawing, frame: int, room: tuple[int, int], braille: bool, title: str):
    from rich.text import Text

    picture = Text(f"{visible(title)}, frame {frame + 1} of {len(drawing)}\n", no_wrap=True, overflow="ellipsis")
    for pieces in lines(drawing, frame, *size(drawing, *room), braille):
        for text, side in pieces:
            picture.append(text, style=_STYLES[side])
        picture.append("\n")
    picture.rstrip()
    return picture


def _writes(console, sign: str) -> bool:
    try:
        sign.encode(getattr(console.file, "encoding", None) or sys.getdefaultencoding())
    except (UnicodeEncodeError, LookupError):
        return False
    return True
