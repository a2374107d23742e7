"""``zsar data show``: a clip in the terminal, or as a picture."""

import argparse
import difflib
import re
from pathlib import Path

from zsar import storage
from zsar.commands.options import file
from zsar.errors import DataError, ZsarError
from zsar.printing import print_line

LISTED = 40
"""Clips that --list names at most."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    parser.add_argument("name", metavar="DATASET")
    parser.add_argument("clip", nargs="?", metavar="CLIP", help="a clip's name, or its number, counted from 0")
    parser.add_argument("--list", action="store_true", help="list clips instead, those whose name or class holds CLIP")
    parser.add_argument("--out", type=file, metavar="FILE", help="save it: .gif, .mp4, or a .png, .pdf or .svg strip")
    parser.add_argument("--frames", metavar="N", help="frames of a strip (default: 6)")
    parser.add_argument(
        "--view",
        metavar="NAME",
        help="camera: as recorded; front: turned to face you; side (default: front, with two people camera)",
    )


def run(options: argparse.Namespace) -> int:
    """Play the clip, save it, or list clips."""
    from zsar.skeletons.drawing import project

    ending = _ending(options.out)
    count = _count(options.frames, ending)
    card, dataset = open_clips(options.name)
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
        from zsar.plots.playing import play

        play(drawing, f"{card.title}: {name} ({sample})")
        return 0
    _save(drawing, card, name, sample, options.out, ending, count)
    return 0


def open_clips(name: str):
    """The card of a dataset and its clips. Raises `ZsarError` where it isn't here, or holds features only."""
    from zsar.data.cards import card as find
    from zsar.data.datasets import open_dataset

    card = find(name)
    dataset = open_dataset(card.id)
    if card.features:
        raise DataError(f"{card.id} holds released features, so it has no clips", "See zsar data list.")
    return card, dataset


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
        print_line(f"{i:6}  {dataset.samples[i]}  {label}  {card.classes[label]}  {length} frames")
    if len(numbers) > LISTED:
        print_line(f"and {len(numbers) - LISTED} more; those of a class: zsar data show {card.id} CLASS --list")
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
    from zsar.plots.phrases import writable

    lines = writable(card.title, card.id), f"{writable(name, '')} ({sample})".strip()
    if ending in ("gif", "mp4"):
        storage.write_bytes(out, getattr(animation, ending)(drawing, lines))
        print_line(out)
        return
    still = strip.draw(drawing, count, ": ".join(lines), picture.WIDTH)
    still.save(out)
    print_line(out, still.caption)
