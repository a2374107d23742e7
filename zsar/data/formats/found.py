"""What a format module's ``examine`` returns, for clips and for features."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zsar.data.bundles import Phase
    from zsar.data.splits import Split


@dataclass(frozen=True)
class Found:
    """Clips in somebody's format, looked at and found sound.

    ``opener`` opens the `zsar.skeletons.readers.reading.Reading` and can be pickled; ``lines`` say what was found.
    ``of`` is the id of the known dataset that the clips belong to ("" for a dataset of the user's own); only an own
    dataset has a ``card`` (the content of its card.yaml) and ``prompts`` (class id -> {label, description}).
    """

    opener: functools.partial
    lines: list[str]
    of: str = ""
    card: dict = field(default_factory=dict)
    prompts: dict = field(default_factory=dict)


@dataclass(frozen=True)
class FoundFeatures:
    """What a bundle holds: the ``card`` of the dataset that it becomes, its ``splits`` ("family.name" to split,
    encoder and phases), class vectors ``text`` by model and kind, and ``lines`` that say so."""

    card: dict
    splits: dict[str, tuple[Split, str, dict[str, Phase]]]
    text: dict[str, dict[str, np.ndarray]]
    lines: list[str]


def most_moving(frames: np.ndarray, bodies: int) -> tuple[np.ndarray, str]:
    """Frames [T, M, V, 3] with ``bodies`` bodies, and a note: absent ones are zeros, those with most motion are kept.

    Motion is the variance of a body's coordinates over the frames where it is there; the kept stay in their order.
    """
    there = frames.any(axis=(0, 2, 3))
    if frames.shape[1] <= bodies:
        absent = np.zeros((len(frames), bodies - frames.shape[1], *frames.shape[2:]), frames.dtype)
        return np.concatenate([frames, absent], axis=1), ""
    motion = [_motion(frames[:, m]) for m in range(frames.shape[1])]
    kept = sorted(np.argsort(motion)[::-1][:bodies].tolist())
    lost = int(there.sum() - there[kept].sum())
    note = f"{int(there.sum())} bodies, the {bodies} with most motion kept" if lost else ""
    return frames[:, kept], note


def _motion(body: np.ndarray) -> float:
    present = body[body.any(axis=(1, 2))]
    return float(present.var(axis=0, dtype=np.float64).sum()) if len(present) else -1.0


def listed(names, most: int = 5) -> str:
    """A few names of many, for messages."""
    names = [str(name) for name in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
