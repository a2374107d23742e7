"""A clip as lines on a plane: projected for a viewer, with bones, sides and bounds."""

from dataclasses import dataclass

import numpy as np

from zsar.errors import DataError, UnknownName, ZsarError
from zsar.skeletons.layouts import layout
from zsar.skeletons.normalise import align_view, centre
from zsar.skeletons.sides import side_of_bone, sides

VIEWS = ("camera", "front", "side")
"""As the camera saw it; turned so that the first person faces the viewer; that, seen from the person's right."""
HEAD = 0.1
"""Metres from the middle of a head to its outline."""
SMALLEST = 0.5
"""Metres that the bounds are apart at least, so that a clip of one joint has a scale."""


@dataclass(frozen=True)
class Drawing:
    """``points`` [T, M, V, 2] in metres, first to the viewer's right, then up; ``present`` [T, M] tells who is there.

    ``edges``: bones as pairs of joints; ``sides`` [V]: each joint's, of `zsar.skeletons.sides.SIDES`; ``head``: the
    joint that a head is drawn around; ``low`` and ``high`` [2]: the bounds over the whole clip.
    """

    points: np.ndarray
    present: np.ndarray
    edges: tuple[tuple[int, int], ...]
    sides: tuple[str, ...]
    head: int
    low: np.ndarray
    high: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    def bones(self, frame: int):
        """Yield (body, side, start [2], end [2]) for every bone of everybody there in a frame."""
        for body in np.flatnonzero(self.present[frame]):
            joints = self.points[frame, body]
            for a, b in self.edges:
                yield int(body), side_of_bone(self.sides, (a, b)), joints[a], joints[b]


def project(frames: np.ndarray, layout_id: str, view: str | None = None) -> Drawing:
    """Frames [T, M, V, 3] in metres, y up, seen in one of `VIEWS`.

    None is "front" where one person is there, and "camera" where two are, whom a turn might hide behind one another.
    Nothing is mirrored: a person who faces the viewer has the right hand on the viewer's left. Raises `UnknownName`
    for a view, `ZsarError` for frames of another layout, `DataError` when nobody is ever there.
    """
    joints = layout(layout_id)
    if view is not None and view not in VIEWS:
        raise UnknownName("view", view, VIEWS)
    frames = np.asarray(frames)
    if frames.ndim != 4 or frames.shape[2:] != (len(joints.joints), 3):
        raise ZsarError(f"frames of shape {frames.shape} are not a clip [T, M, {len(joints.joints)}, 3] of {layout_id}")
    present = frames.any(axis=(2, 3))
    if not present.any():
        raise DataError("nobody is there in any frame of the clip: all joints are at the origin")
    if view is None:
        view = "front" if present.any(axis=0).sum() == 1 else "camera"
    if view != "camera":
        frames = align_view(centre(frames[None].astype(np.float32), joints.spine), joints)[0]
    # A camera looks along +z with y up, so x grows to its left; a turned person faces -z.
    across = -frames[..., 2] if view == "side" else -frames[..., 0]
    points = np.stack([across, frames[..., 1]], axis=-1).astype(np.float64)
    visible = points[present].reshape(-1, 2)
    low, high = visible.min(axis=0), visible.max(axis=0)
    heads = points[..., joints.index("head"), :][present]
    low, high = np.minimum(low, heads.min(axis=0) - HEAD), np.maximum(high, heads.max(axis=0) + HEAD)
    lacking = np.maximum(SMALLEST - (high - low), 0) / 2
    return Drawing(points, present, joints.edges, sides(joints), joints.index("head"), low - lacking, high + lacking)
