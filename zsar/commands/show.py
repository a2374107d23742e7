"""``zsar data show``: a clip in the terminal, or as a picture."""

import argparse
import difflib
import re
import sys
import time
from pathlib import Path

from zsar.errors import DataError, ZsarError

LISTED = 40
"""Clips that --list names at most."""
STILLS = 3
"""Frames that are printed where there is no terminal to play on."""
PLAIN = (48, 20)
"""Columns and rows of such a frame."""
PER_SECOND = 15
"""Frames per second in a terminal; a Kinect's 30 would flicker."""
_COLOURS = {"left": "#56b4e9", "right": "#e69f00", "middle": "bold", "": ""}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    parser.add_argument("name", metavar="DATASET")
    parser.add_argument("clip", nargs="?", metavar="CLIP", help="a clip's name, or its number, counted from 0")
    parser.add_argument("--list", action="store_true", help="list clips instead, those whose name or class holds CLIP")
    parser.add_argument("--out", type=Path, metavar="FILE", help="save it: .gif, .mp4, or a .png, .pdf or .svg strip")
    parser.add_argument("--frames", metavar="N", help="frames of a strip (default: 6)")
    parser.add_argument(
        "--view",
        metavar="NAME",
        help="camera: as recorded; front: turned to face you; side (default: front, with two people camera)",
    )


def run(options: argparse.Namespace) -> int:
    """Play the clip, save it, or list clips."""
    from zsar.data.cards import card as find
    from zsar.data.datasets import open_dataset
    from zsar.skeletons.drawing import project

    ending = _ending(options.out)
    count = _count(options.frames, ending)
    card = find(options.name)
    dataset = open_dataset(card.id)
    if card.features:
        raise DataError(f"{card.id} holds released features, so it has no clips to show", "See zsar data list.")
    if options.list:
        return _list(dataset, card, options.clip)
    if options.clip is None:
        raise ZsarError("no clip was named", f"List them: zsar data show {card.id} --list")
    number = find_clip(dataset, card, options.clip)
    try:
        drawing = project(dataset.frames(number), dataset.layout, options.view)
    except DataError as e:
        raise DataError(f"clip {dataset.samples[number]} of {card.id}: {e.message}") from e
    sample, name = str(dataset.samples[number]), card.classes[str(dataset.labels[number])]
    if options.out is None:
        return _play(drawing, f"{card.title}: {name} ({sample})")
    _save(drawing, card, name, sample, options.out, ending, count)
    return 0


def find_clip(dataset, card, name: str) -> int:
    """The number of a clip by its name, else by its number. Raises `ZsarError` with the nearest names."""
    import numpy as np

    numbers = np.flatnonzero(dataset.samples == name)
    if len(numbers):
        return int(numbers[0])
    if re.fullmatch(r"\d{1,9}", name):
        if int(name) < len(dataset):
            return int(name)
        raise ZsarError(f"{card.id} has no clip {name}", f"Clips are numbered from 0 to {len(dataset) - 1}.")
    samples = dataset.samples.tolist()
    near = difflib.get_close_matches(name, samples, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"They are named like {samples[0]}."
    raise ZsarError(f"unknown clip {name!r} of {card.id}", f"{hint} List them: zsar data show {card.id} --list")


def _list(dataset, card, clip: str | None) -> int:
    words = (clip or "").lower()
    numbers = [
        i
        for i, (sample, label) in enumerate(zip(dataset.samples.tolist(), dataset.labels.tolist(), strict=True))
        if any(words in text.lower() for text in (sample, label, card.classes[label]))
    ]
    if not numbers:
        find_clip(dataset, card, clip)  # a number, or an error with the nearest names
        numbers = [int(clip)]
    for i in numbers[:LISTED]:
        label, length = str(dataset.labels[i]), dataset.offsets[i + 1] - dataset.offsets[i]
        print(f"{i:6}  {dataset.samples[i]}  {label}  {card.classes[label]}  {length} frames")
    if len(numbers) > LISTED:
        print(f"and {len(numbers) - LISTED} more; those of a class: zsar data show {card.id} CLASS --list")
    return 0


def _ending(out: Path | None) -> str | None:
    from zsar.plots.picture import FORMATS, require_matplotlib

    if out is None:
        return None
    ending, endings = out.suffix.lower().lstrip("."), ("gif", "mp4", *FORMATS)
    if ending not in endings:
        raise ZsarError(f"can't save a clip as {out.name}", f"Known endings: {', '.join(f'.{k}' for k in endings)}")
    require_matplotlib()  # which brings Pillow and the font
    if ending == "mp4":
        from zsar.plots.animation import require_ffmpeg

        require_ffmpeg()
    return ending


def _count(text: str | None, ending: str | None) -> int:
    if text is None:
        return 6
    if ending in (None, "gif", "mp4"):
        raise ZsarError("--frames is about strips", "Leave it away, or save a .png, .pdf or .svg.")
    if not text.isdigit() or not 1 <= int(text) <= 60:
        raise ZsarError(f"a strip has 1 to 60 frames, not {text!r}")
    return int(text)


def _save(drawing, card, name: str, sample: str, out: Path, ending: str, count: int) -> None:
    from zsar.plots import animation, picture, strip
    from zsar.plots.words import writable

    lines = writable(card.title, card.id), f"{writable(name, '')} ({sample})".strip()
    if ending in ("gif", "mp4"):
        picture.write(out, getattr(animation, ending)(drawing, lines))
        print(out)
        return
    still = strip.draw(drawing, count, ": ".join(lines), picture.WIDTH)
    still.save(out)
    print(out)
    print(still.caption)


def _play(drawing, title: str) -> int:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    braille = _writes(console, "\u28ff")
    if not console.is_terminal:
        for frame in sorted({round(i * (len(drawing) - 1) / (STILLS - 1)) for i in range(STILLS)}):
            console.print(_text(drawing, frame, PLAIN, braille, title))
        return 0
    room = max(20, console.width - 1), max(8, min(console.height - 3, 32))
    step = max(1, round(30 / PER_SECOND))
    began = time.monotonic()
    with Live(console=console, auto_refresh=False) as live:
        for frame in [*range(0, len(drawing) - 1, step), len(drawing) - 1]:
            live.update(_text(drawing, frame, room, braille, title), refresh=True)
            time.sleep(max(0.0, began + (frame + step) / 30 - time.monotonic()))
    return 0


def _text(drawing, frame: int, room: tuple[int, int], braille: bool, title: str):
    from rich.text import Text

    from zsar.skeletons.braille import lines, size

    picture = Text(f"{title}, frame {frame + 1} of {len(drawing)}\n", no_wrap=True, overflow="ellipsis")
    for pieces in lines(drawing, frame, *size(drawing, *room), braille):
        for text, side in pieces:
            picture.append(text, style=_COLOURS[side])
        picture.append("\n")
    picture.rstrip()
    return picture


def _writes(console, sign: str) -> bool:
    try:
        sign.encode(getattr(console.file, "encoding", None) or sys.getdefaultencoding())
    except (UnicodeEncodeError, LookupError):
        return False
    return True
