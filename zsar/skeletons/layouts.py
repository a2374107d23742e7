"""Joint layouts: which joints a skeleton has, how they are connected and what they are part of."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from zsar import configuration
from zsar.errors import UnknownName, ZsarError

PARTS = ("head", "torso", "left arm", "right arm", "left leg", "right leg")
"""The parts of the body that every layout divides its joints into."""

_KEYS = {
    "id": (str, True),
    "joints": (list, True),
    "bones": (list, True),
    "centre": (str, True),
    "root": (str, True),
    "spine": (str, True),
    "parts": (dict, True),
    "derive": (dict, True),
    "elsewhere": (dict, True),
}


@dataclass(frozen=True)
class Layout:
    """One joint layout; joints are numbered by their place in ``joints``.

    ``edges``: the bones as pairs of joints, a tree. ``centre``: the centre of gravity of ST-GCN's
    partition; ``root``: between the hips; ``spine``: the joint that clips are centred on.
    ``parts``: joints of each of `PARTS`. ``mirror``: for every joint its counterpart on the other
    side, itself for those in the middle. ``derive``: how joints that another layout lacks are
    placed, as weights of joints that it has; ``elsewhere``: the same, by layout, for joints that it
    has under the same name at another place of the body.
    """

    id: str
    joints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    centre: int
    root: int
    spine: int
    parts: dict[str, tuple[int, ...]]
    mirror: tuple[int, ...]
    derive: dict[str, dict[str, float]]
    elsewhere: dict[str, dict[str, dict[str, float]]]

    def index(self, joint: str) -> int:
        """The number of a joint. Raises `UnknownName`.

        >>> layout("kinect_v2").index("head")
        3
        """
        if joint not in self.joints:
            raise UnknownName("joint", joint, self.joints, f"layout {self.id}")
        return self.joints.index(joint)

    @property
    def left_hip(self) -> int:
        return self.index("left hip")

    @property
    def right_hip(self) -> int:
        return self.index("right hip")

    @property
    def left_shoulder(self) -> int:
        return self.index("left shoulder")

    @property
    def right_shoulder(self) -> int:
        return self.index("right shoulder")


@functools.cache
def layout(name: str) -> Layout:
    """A layout by name, from ``configs/layouts``.

    Raises `UnknownName`, or `ZsarError` when the file contradicts itself.

    >>> layout("kinect_v2").joints[:4]
    ('base of spine', 'middle of spine', 'neck', 'head')
    >>> len(layout("kinect_v1").edges)
    19
    """
    return from_content(configuration.read("layouts", name), name, f"configs/layouts/{name}.yaml")


def from_content(content: dict, name: str, where: str) -> Layout:
    """Check a layout file's content and number its joints.

    Raises as `layout` does; ``where`` names the file in errors.
    """
    configuration.require(content, _KEYS, where)
    joints = tuple(content["joints"])
    numbers = {joint: i for i, joint in enumerate(joints)}
    if content["id"] != name:
        raise ZsarError(f"{where} holds the layout {content['id']!r}")
    if len(numbers) < len(joints):
        raise ZsarError(f"{where}: two joints have the same name")

    def number(joint: str) -> int:
        if joint not in numbers:
            raise UnknownName("joint", joint, numbers, where)
        return numbers[joint]

    edges = tuple((number(a), number(b)) for a, b in content["bones"])
    if len(edges) != len(joints) - 1 or not _connected(edges, len(joints)):
        raise ZsarError(f"{where}: the bones don't connect all joints in one tree")
    for part in (*content["parts"], *PARTS):
        if part not in PARTS or part not in content["parts"]:
            raise UnknownName("body part", part, content["parts"] if part in PARTS else PARTS, where)
    parts = {part: tuple(map(number, content["parts"][part])) for part in PARTS}
    if sorted(j for members in parts.values() for j in members) != list(range(len(joints))):
        raise ZsarError(f"{where}: every joint should be in exactly one part")
    mirror = tuple(number(_other_side(joint)) for joint in joints)
    bones = {frozenset(edge) for edge in edges}
    if {frozenset((mirror[a], mirror[b])) for a, b in edges} != bones:
        raise ZsarError(f"{where}: the bones of the left side are not those of the right side")
    placed = [content["derive"], *content["elsewhere"].values()]
    for joint, weights in (item for block in placed for item in block.items()):
        number(joint)
        if abs(sum(weights.values()) - 1) > 1e-9:  # else the joint would depend on where the camera stands
            raise ZsarError(f"{where}: the weights that place {joint!r} should add up to 1")
    return Layout(
        name,
        joints,
        edges,
        number(content["centre"]),
        number(content["root"]),
        number(content["spine"]),
        parts,
        mirror,
        content["derive"],
        content["elsewhere"],
    )


def _other_side(joint: str) -> str:
    swap = {"left": "right", "right": "left"}
    return " ".join(swap.get(word, word) for word in joint.split(" "))


def _connected(edges: Iterable[tuple[int, int]], count: int) -> bool:
    reached: set[int] = {0}
    before: set[int] = set()
    while reached != before:
        before = set(reached)
        reached |= {j for edge in edges if reached.intersection(edge) for j in edge}
    return len(reached) == count
