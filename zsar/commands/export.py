"""``zsar data export``: a clip of a dataset as a file that ``zsar predict`` reads."""

import argparse
import shlex

from zsar.commands.options import file
from zsar.printing import print_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    parser.add_argument("name", metavar="DATASET")
    parser.add_argument("clip", metavar="CLIP", help="a clip's name, or its number, counted from 0")
    parser.add_argument(
        "--out", required=True, type=file, metavar="FILE", help="save it as .npz, .skeleton (NTU RGB+D), .npy or .csv"
    )


def run(options: argparse.Namespace) -> int:
    """Write the clip; say what it is and under which terms it may be used."""
    from zsar.commands.show import find_clip, open_clips
    from zsar.recognition.clip_writing import write_clip
    from zsar.recognition.clips import InputClip

    card, dataset = open_clips(options.name)
    number = find_clip(dataset, card, options.clip)
    sample, name = str(dataset.samples[number]), card.classes[str(dataset.labels[number])]
    simulated = " (simulated)" if card.simulated else ""
    about = [f"{key}: {text}" for key in ("note", "licence", "citation") if (text := getattr(card, key))]
    clip = InputClip(sample, dataset.frames(number), dataset.layout)
    write_clip(options.out, clip, f"{name}{simulated}", "\n".join([f"{card.title}, {sample}", *about]))
    print_line(
        f"{options.out}: {name}{simulated}, {len(clip.frames)} frames, {sample} of {card.title}",
        *about,
        f"Next: zsar predict MODEL {shlex.quote(str(options.out))} --labels {shlex.quote(name)} 'another label'",
    )
    return 0
