"""What of a skeleton an encoder is shown: its joints, its bones, or how either moves.

Shi et al., Two-Stream Adaptive Graph Convolutional Networks for Skeleton-Based Action Recognition, CVPR 2019 (bones);
Shift-GCN's four streams add the motion of both.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from zsar.errors import UnknownName
from zsar.skeletons.layouts import Layout

if TYPE_CHECKING:
    from torch import Tensor

STREAMS = ("joint", "bone", "motion", "bone-motion")


def stream(x: Tensor, name: str, layout: Layout) -> Tensor:
    """Clips [N, 3, T, V, M] as one of `STREAMS`, of the same shape; an absent body stays all zeros.

    ``bone``: each joint minus its neighbour nearer to the layout's centre, which itself has none and is zero.
    ``motion``: the next frame minus this one, zero in the last. ``bone-motion``: the bones' motion.
    Raises `UnknownName` for any other name.
    """
    if name not in STREAMS:
        raise UnknownName("stream", name, STREAMS)
    if name.startswith("bone"):
        x = x - x[:, :, :, list(parents(layout))]
    if name.endswith("motion"):
        x = x.diff(dim=2, append=x[:, :, -1:])
    return x


@functools.lru_cache
def _parents(edges: tuple[tuple[int, int], ...], centre: int) -> tuple[int, ...]:
    parent_of = {centre: centre}
    while len(parent_of) <= len(edges):
        for a, b in edges:
            if (a in parent_of) != (b in parent_of):
                child, parent = (b, a) if a in parent_of else (a, b)
                parent_of[child] = parent
    return tuple(parent_of[joint] for joint in range(len(parent_of)))


def parents(layout: Layout) -> tuple[int, ...]:
    """For every joint its neighbour on the way to the layout's centre; the centre is its own.

    >>> from zsar.skeletons.layouts import layout
    >>> kinect = layout("kinect_v2")
    >>> kinect.joints[parents(kinect)[kinect.index("left hand")]]
    'left wrist'
    """
    return _parents(layout.edges, layout.centre)
