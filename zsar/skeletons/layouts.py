"""Joint layouts: which joints a skeleton has, how they are connected and what they are part of."""

import functools
from dataclasses import dataclass

import numpy as np

from zsar import configuration
from zsar.errors import UnknownName, ZsarError

_KEYS = {"id": (str, True), "joints": (list, True), "bones": (list, True), "centre": (str, True), "root": (str, True),
         "spine": (str, True), "parts": (dict, True), "derive": (dict, True)}


@dataclass(frozen=True)
class Layout:
    """One joint layout; joints are numbered by their place in ``joints``.

    ``edges``: the bones as pairs of joints, a tree. ``centre``: the centre of gravity of ST-GCN's partition;
    ``root``: between the hips; ``spine``: the joint that clips are centred on. ``derive``: how joints that another
    layout lacks are placed, as weights of joints that it has.
    """

    id: str
    joints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    centre: int
    root: int
    spine: int
    parts: dict[str, tuple[int, ...]]
    derive: dict[str, dict[str, float]]

    def index(self, joint: str) -> int:
        """The number of a joint. Raises `UnknownName`."""
        if joint not in self.joints:
            raise UnknownName("joint", joint, self.joints, f"layout {self.id}")
        return self.joints.index(joint)

    @property
    def left_hip(self) -> int:
        return self.index("left hip")

    @property
    def right_hip(self) -> int:
        return self.index("right hip")


@functools.lru_cache(maxsize=None)
def layout(name: str) -> Layout:
    """A layout of ``configs/layouts``. Raises `UnknownName`, or `ZsarError` when the file contradicts itself."""
    where = f"configs/layouts/{name}.yaml"
    content = configuration.read("layouts", name)
    configuration.require(content, _KEYS, where)
    joints = tuple(content["joints"])
    known = {joint: i for i, joint in enumerate(joints)}

    def number(joint: str) -> int:
        if joint not in known:
            raise UnknownName("joint", joint, known, where)
        return known[joint]

    edges = tuple((number(a), number(b)) for a, b in content["bones"])
    parts = {part: tuple(map(number, members)) for part, members in content["parts"].items()}
    if sorted(j for members in parts.values() for j in members) != list(range(len(joints))):
        raise ZsarError(f"{where}: every joint should be in exactly one part")
    if len(edges) != len(joints) - 1 or not _connected(edges, len(joints)):
        raise ZsarError(f"{where}: the bones don't connect all joints in one tree")
    return Layout(content["id"], joints, edges, number(content["centre"]), number(content["root"]),
                  number(content["spine"]), parts, content["derive"])


def _connected(edges, count: int) -> bool:
    near = np.eye(count, dtype=int)
    for i, j in edges:
        near[i, j] = near[j, i] = 1
    return bool((np.linalg.matrix_power(near, count - 1) > 0).all())
