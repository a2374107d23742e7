"""Left and right: the side of every joint and bone, and how each side looks wherever a skeleton is drawn."""

from dataclasses import asdict, dataclass
from typing import Any

from zsar.skeletons.layouts import Layout, layout


@dataclass(frozen=True)
class Look:
    """Colours on light and on dark ground, and the width of lines, in points on paper and relative elsewhere."""

    light: str
    dark: str
    width: float


SIDES = {
    "middle": Look("#000000", "#e8ebef", 1.1),
    "left": Look("#0072b2", "#56b4e9", 0.7),
    "right": Look("#d55e00", "#e69f00", 1.6),
}
"""The person's own sides. Okabe and Ito's blues and oranges; widths, so that the colours aren't needed."""
WORDS = "The person's left limbs are thin and blue, the right ones thick and orange."


def sides(joints: Layout) -> tuple[str, ...]:
    """Each joint's side [V], of `SIDES`."""
    side_of = {j: part.split(" ")[0] for part, members in joints.parts.items() for j in members}
    return tuple(side_of[j] if side_of[j] in SIDES else "middle" for j in range(len(joints.joints)))


def anatomy(layout_id: str) -> dict[str, Any]:
    """What a page needs to draw a layout's skeletons: how many joints, bones and their sides, and how these look."""
    joints = layout(layout_id)
    side = sides(joints)
    return {
        "joints": len(joints.joints),
        "edges": [list(edge) for edge in joints.edges],
        "sides": [side_of_bone(side, edge) for edge in joints.edges],
        "look": {name: asdict(look) for name, look in SIDES.items()},
        "words": WORDS,
    }


def side_of_bone(side: tuple[str, ...], edge: tuple[int, int]) -> str:
    """The side of a bone, by those of all joints: its end's where it begins in the middle."""
    a, b = edge
    return side[a] if side[a] != "middle" else side[b]
