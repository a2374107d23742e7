"""From one joint layout to another, so that one encoder serves all datasets."""

import functools

import numpy as np

from zsar.errors import ZsarError
from zsar.skeletons.layouts import layout


@functools.lru_cache(maxsize=None)
def weights(source: str, target: str) -> np.ndarray:
    """The matrix [V_target, V_source] whose rows place the target's joints among the source's.

    Joints of the same name are taken over, others placed as the target layout says. Raises `ZsarError` naming the
    joints that the source would need.
    """
    given, wanted = layout(source), layout(target)
    matrix = np.zeros((len(wanted.joints), len(given.joints)), np.float32)
    for row, joint in enumerate(wanted.joints):
        recipe = {joint: 1.0} if joint in given.joints else wanted.derive.get(joint, {joint: 1.0})
        for part, weight in recipe.items():
            if part not in given.joints:
                raise ZsarError(f"a {source} skeleton can't be turned into {target}: it lacks {part!r}",
                                f"It has: {', '.join(given.joints)}.")
            matrix[row, given.joints.index(part)] += weight
    return matrix


def retarget(frames: np.ndarray, source: str, target: str) -> np.ndarray:
    """Joints [..., V_source, 3] to [..., V_target, 3]; an absent (all-zero) body stays absent."""
    if source == target:
        return frames
    return np.einsum("ws,...sc->...wc", weights(source, target), frames)
