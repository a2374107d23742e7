"""Clips as small as a page needs them: every joint in sixteen bits."""

import base64

import numpy as np

from zsar.page.recordings import Recordings

FRAMES = 90
"""Longer clips are thinned out to this many frames at most."""
RATE = 30
"""Frames per second of a Kinect."""
ABSENT = -32768
BUDGET = 3_500_000
"""Bytes of all skeletons in a page, which leaves room for the rest below 5 MB."""


def pack(frames: np.ndarray) -> dict:
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


class Budget:
    """How many bytes of skeletons still fit."""

    def __init__(self, left: int = BUDGET):
        self.left = left

    def take(self, clip: dict) -> bool:
        """Whether a clip fits; if so, its bytes are taken."""
        size = len(clip["data"])
        if size > self.left:
            return False
        self.left -= size
        return True


def with_skeletons(clips: list[dict], recordings: Recordings, budget: Budget) -> tuple[list[dict], str]:
    """The clips with a ``skeleton`` each, and a sentence on what is missing; without data, the clips as they are."""
    if recordings.missing:
        return clips, f"There are no skeletons in this page: {recordings.missing}"
    frames = [recordings.frames(clip["sample"]) for clip in clips]
    if any(of_clip is None for of_clip in frames):
        return clips, "There are no skeletons in this page: the dataset holds features only, or other clips."
    skeletons = [pack(of_clip) for of_clip in frames]
    fitting = [c | {"skeleton": s} for c, s in zip(clips, skeletons, strict=True) if budget.take(s)]
    left_out = len(clips) - len(fitting)
    return fitting, f"{left_out} more clips would have made the page too large." if left_out else ""
