"""From one joint layout to another, so that one encoder serves all datasets."""

import functools

import numpy as np

from zsar.errors import ZsarError
from zsar.skeletons.layouts import layout


@functools.cache
def weights(source: str, target: str) -> np.ndarray:
    """The matrix [V_target, V_source] whose rows place the target's joints among the source's.

    Joints of the same name are taken over, unless the target layout says that they are elsewhere in the
    source; those and others are placed as it says. Raises `ZsarError` naming the joints that the source would need.
    """
    old, new = layout(source), layout(target)
    elsewhere = new.elsewhere.get(source, {})
    matrix = np.zeros((len(new.joints), len(old.joints)), np.float32)
    for row, joint in enumerate(new.joints):
        itself = {joint: 1.0}
        parts = elsewhere.get(joint) or (itself if joint in old.joints else new.derive.get(joint, itself))
        for part, weight in parts.items():
            if part not in old.joints:
                raise ZsarError(
                    f"a {source} skeleton can't be turned into {target}: it lacks {part!r}",
                    f"It has: {', '.join(old.joints)}.",
                )
            matrix[row, old.joints.index(part)] += weight
    matrix.flags.writeable = False
    return matrix


def retarget(frames: np.ndarray, source: str, target: str) -> np.ndarray:
    """Joints [..., V_source, 3] to [..., V_target, 3]; an absent (all-zero) body stays absent.

    The same layout gives the same array back. Raises `UnknownName` for a layout, `ZsarError` when
    the frames aren't of the source layout or the source lacks what the target needs.
    """
    count = len(layout(source).joints)
    if frames.shape[-2:] != (count, 3):
        raise ZsarError(
            f"frames of shape {frames.shape} are not of the layout {source}",
            f"Its last axes are [{count}, 3].",
        )
    if source == target:
        return frames
    matrix = weights(source, target)
    out = frames[..., matrix.argmax(1), :]
    for row in np.flatnonzero((matrix != 0).sum(1) > 1):  # the few placed between others
        used = np.flatnonzero(matrix[row])
        out[..., row, :] = sum(matrix[row, j] * frames[..., j, :] for j in used)
    return out
