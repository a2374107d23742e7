"""The report of an import: what was found beside what was expected, and everything that was left out or mended."""

import re
from collections import Counter
from types import SimpleNamespace

import numpy as np

from zsar import configuration
from zsar.data.cards import DatasetCard
from zsar.data.store import TEXTS
from zsar.skeletons.readers.reading import Broken, Reading


def columns(rows: list[tuple[str, ...]]) -> dict[str, list[str]]:
    """The index's rows as one list per column."""
    return {name: list(values) for name, values in zip(TEXTS, zip(*rows, strict=True), strict=True)}


def deviations(card: DatasetCard, found: dict) -> list[str]:
    """How the counts of a report differ from those that the card and ``configs/recordings`` state."""
    wrong = [
        f"{found[key]} {key} instead of {number}"
        for key, number in (card.expected or {}).items()
        if key in found and found[key] != number
    ]
    for name, counts in found["protocols"].items():
        wrong += [
            f"{counts[side]} {side} clips of {name} instead of {number}"
            for side, number in (counts["expected"] or {}).items()
            if counts[side] != number
        ]
    return wrong


def counted(card: DatasetCard, table: dict[str, list[str]], frames: list[int]) -> dict:
    """Numbers of clips, frames, classes and subjects, and of training and test clips under each protocol."""
    clips = len(frames)
    dataset = SimpleNamespace(**{name: np.array(values) for name, values in table.items()})
    expected = _recorded(card.id)
    protocols = {}
    for protocol in card.protocols.values():
        train = int(np.count_nonzero(protocol.trains(dataset)))
        protocols[protocol.name] = {"train": train, "test": clips - train, "expected": expected.get(protocol.name)}
    return {
        "clips": clips,
        "frames": sum(frames),
        "classes": len(set(table["labels"])),
        "subjects": len(set(table["subjects"])),
        "protocols": protocols,
    }


def report(
    card: DatasetCard,
    reading: Reading,
    found: dict,
    deviating: list[str],
    broken: list[Broken],
    notes: dict[str, str],
) -> dict:
    """What ``report.json`` says; ``notes`` maps samples to what was mended in them, ``mended`` counts its kinds."""
    return {
        "dataset": card.id,
        "found": found,
        "expected": card.expected or {},
        "deviations": deviating,
        "left_out": [b.entry() for b in broken],
        "skipped": list(reading.left_out),
        "notices": list(reading.notices),
        "mended": dict(Counter(re.sub(r"\d+", "N", each) for note in notes.values() for each in note.split("; "))),
        "notes": notes,
    }


def _recorded(name: str) -> dict:
    """Clips per protocol and side as published for a dataset; empty where nothing is stated."""
    if name not in configuration.names("recordings"):
        return {}
    return configuration.read("recordings", name).get("counts", {})
