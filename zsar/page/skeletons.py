"""Clips as small as a page needs them: every joint in sixteen bits."""

import base64

import numpy as np

from zsar.page.behind import Behind, frames
from zsar.skeletons.layouts import layout

FRAMES = 90
"""Longer clips are thinned out to this many frames at most."""
RATE = 30
"""Frames per second of a Kinect."""
ABSENT = -32768
BUDGET = 3_500_000
"""Bytes of all skeletons in a page, which leaves room for the rest below 5 MB."""


def bones(name: str) -> dict:
    """What connects the joints of a layout, and which side each joint is on, for drawing."""
    made = layout(name)
    side = ["middle"] * len(made.joints)
    for part, members in made.parts.items():
        for joint in members:
            side[joint] = part.split(" ")[0] if part.split(" ")[0] in ("left", "right") else "middle"
    return {"joints": len(made.joints), "edges": [list(edge) for edge in made.edges], "side": side}


def packed(frames: np.ndarray) -> dict:
    """Frames [T, M, V, 3] in metres as base64 of little-endian int16, centred, in units of ``unit`` metres.

    A body that is absent (all zeros) in a frame is all `ABSENT`; ``rate`` is in frames per second after thinning.
    """
    step = -(-len(frames) // FRAMES)
    frames = np.asarray(frames[::step], np.float64)
    present = (frames != 0).any(axis=(2, 3))
    bodies = np.flatnonzero(present.any(axis=0))
    frames, present = frames[:, bodies], present[:, bodies]
    points = frames[present].reshape(-1, 3)
    if not len(points):
        return {"shape": [len(frames), 0], "unit": 0, "rate": RATE / step, "data": ""}
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    unit = max(np.abs(points - middle).max(), 1e-6) / 32767
    numbers = np.round((frames - middle) / unit).astype("<i2")
    numbers[~present] = ABSENT
    return {
        "shape": [len(frames), len(bodies)],
        "unit": float(f"{unit:.6g}"),
        "rate": round(RATE / step, 3),
        "data": base64.b64encode(numbers.tobytes()).decode("ascii"),
    }


class Room:
    """How many bytes of skeletons still fit."""

    def __init__(self, bytes_left: int = BUDGET):
        self.left = bytes_left

    def takes(self, clip: dict) -> bool:
        """Whether a clip fits; if so, its bytes are taken."""
        size = len(clip["data"])
        if size > self.left:
            return False
        self.left -= size
        return True


def with_skeletons(listed: list[dict], data: Behind | str, room: Room) -> tuple[list[dict], str]:
    """The clips with a ``skeleton`` each, and a sentence on what is missing; without data, the clips as they are."""
    if isinstance(data, str):
        return listed, f"There are no skeletons in this page: {data}"
    made, absent = [], 0
    for clip in listed:
        found = frames(data, clip["sample"])
        if found is None:
            absent += 1
            continue
        skeleton = packed(found)
        if room.takes(skeleton):
            made.append(clip | {"skeleton": skeleton})
    if absent:
        return listed, "There are no skeletons in this page: the dataset holds features only, or other clips."
    left_out = len(listed) - len(made)
    return made, f"{left_out} more clips would have made the page too large." if left_out else ""
