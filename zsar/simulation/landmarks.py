"""Places that a motion program can name: on either body, on the floor, on a desk."""

import numpy as np

from zsar.simulation.body import RIGHT, Trunk, apply

# name: (frame, outwards to the limb's own side, up, forward), in metres on a person 1.70 m tall.
# They are where the middle of the palm is when the hand touches the place.
LANDMARKS = {
    "mouth": ("head", 0.01, -0.07, 0.12),
    "cheek": ("head", 0.06, -0.04, 0.11),
    "nose": ("head", 0.01, -0.02, 0.15),
    "eyes": ("head", 0.05, 0.01, 0.14),
    "forehead": ("head", 0.03, 0.07, 0.13),
    "temple": ("head", 0.11, 0.04, 0.07),
    "ear": ("head", 0.12, -0.03, 0.02),
    "crown": ("head", 0.04, 0.15, 0.02),
    "back of head": ("head", 0.05, 0.04, -0.13),
    "nape": ("neck", 0.05, -0.01, -0.11),
    "neck": ("neck", 0.07, -0.01, 0.06),
    "throat": ("neck", 0.01, -0.02, 0.11),
    "chest": ("chest", 0.0, -0.15, 0.15),
    "shoulder": ("chest", 0.175, -0.05, 0.0),
    "other shoulder": ("chest", -0.14, -0.02, 0.09),
    "upper back": ("chest", 0.05, -0.14, -0.14),
    "stomach": ("belly", 0.03, -0.06, 0.16),
    "waist": ("belly", 0.19, -0.10, 0.02),
    "lower back": ("belly", 0.07, -0.12, -0.16),
    "hip": ("pelvis", 0.085, -0.04, 0.0),
    "pocket": ("pelvis", 0.19, -0.04, 0.05),
    "back pocket": ("pelvis", 0.13, -0.04, -0.14),
    "lap": ("heading", 0.14, 0.09, 0.26),
    "desk": ("heading", 0.12, 0.20, 0.34),
    "front": ("heading", 0.12, 0.28, 0.32),
    "floor": ("ground", 0.10, 0.06, 0.32),
    "between": ("between", 0.0, 0.98, 0.0),
}
# these take no offset of their own: where the arm hangs, and the two joints of the other arm
OWN_ARM = ("rest",)
OTHER_ARM = ("other hand", "other wrist", "other elbow")


def landmarks() -> list[str]:
    """Every name that ``to:`` accepts."""
    return [*LANDMARKS, *(f"their {n}" for n in LANDMARKS if n != "between"), *OWN_ARM, *OTHER_ARM]


def position(name: str, side: int, trunk: Trunk, other: Trunk | None) -> np.ndarray:
    """Where a landmark is over a clip, [T, 3] metres, for a limb on one side (-1 left, 1 right)."""
    if name.startswith("their "):
        return position(name[6:], side, other, trunk)
    frame, out, up, forward = LANDMARKS[name]
    offset = np.array([side * out, up, -forward]) * trunk.proportions.size
    if frame == "between":
        middle = (trunk.pelvis + other.pelvis) / 2
        middle[:, 1] = 0
        return middle + offset * (1, 0.5 + other.proportions.size / trunk.proportions.size / 2, 1)
    if frame == "head":
        return trunk.joint(3) + apply(trunk.head_frame, offset)
    if frame in ("neck", "chest"):
        return trunk.joint(2 if frame == "neck" else 20) + apply(trunk.chest_frame, offset)
    if frame == "belly":
        return trunk.joint(1) + apply(trunk.belly_frame, offset)
    if frame == "pelvis":
        return trunk.pelvis + apply(trunk.pelvis_frame, offset)
    origin = trunk.pelvis if frame == "heading" else trunk.root
    return origin + apply(trunk.heading, offset)


def hanging(side: int, trunk: Trunk, outwards: float, seated: np.ndarray) -> np.ndarray:
    """Where a hand rests [T, 3]: beside the thigh, or on the lap as far as ``seated`` [T] is 1."""
    p = trunk.proportions
    length = 0.95 * (p.upper_arm + p.forearm + p.palm)
    down = apply(trunk.chest_frame, (side * outwards * length, -length, -0.10 * length))
    # arms follow gravity when a standing person bends, and the trunk when somebody lies
    upright = 0.7 * np.clip((trunk.pelvis_frame[:, 1:2, 1] - 0.3) / 0.4, 0, 1)
    down = down + upright * (apply(trunk.heading, (side * outwards * length, -length, -0.10 * length)) - down)
    hang = trunk.joint(8 if side == RIGHT else 4) + down
    if not seated.any():
        return hang
    return hang + seated[:, None] * (position("lap", side, trunk, None) - hang)


def outside_trunk(points: np.ndarray, trunk: Trunk) -> np.ndarray:
    """Points [T, 3] moved to the surface of the trunk where they are inside it."""
    p = trunk.proportions
    local = apply(trunk.belly_frame.transpose(0, 2, 1), points - trunk.joint(1))
    height = local[:, 1] / p.size
    # full width between hip and armpit, tapering above and below so that nothing jumps
    width = np.clip(np.minimum((height + 0.40) / 0.1, (0.24 - height) / 0.1), 0, 1)
    across, depth = 0.19 * p.size * width + 1e-6, 0.135 * p.size * width + 1e-6
    inside = np.sqrt((local[:, 0] / across) ** 2 + (local[:, 2] / depth) ** 2)
    inside = np.maximum(inside, 0.05)
    grown = np.maximum(1 / inside, 1)
    local[:, 0] *= grown
    local[:, 2] *= grown
    return trunk.joint(1) + apply(trunk.belly_frame, local)
