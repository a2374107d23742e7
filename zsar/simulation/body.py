"""The simulated body: 25 Kinect v2 joints, its bone lengths, and the limbs' inverse kinematics.

World and body frames share their sense: x to the body's right, y up, and *forward is -z*, so a body
with heading 0 faces a camera at the origin, as in Kinect recordings.
"""

from dataclasses import dataclass, fields

import numpy as np

from zsar.simulation.timing import smoothed

# joint a -> joint b; every pair keeps its distance over a clip
BONES = (
    (0, 1), (1, 20), (20, 2), (2, 3),
    (20, 4), (4, 5), (5, 6), (6, 7), (7, 21), (7, 22),
    (20, 8), (8, 9), (9, 10), (10, 11), (11, 23), (11, 24),
    (0, 12), (12, 13), (13, 14), (14, 15),
    (0, 16), (16, 17), (17, 18), (18, 19),
)  # fmt: skip
JOINTS = 25
LEFT, RIGHT = -1, 1
# per side: shoulder, elbow, wrist, hand, tip, thumb; hip, knee, ankle, foot
ARM = {LEFT: (4, 5, 6, 7, 21, 22), RIGHT: (8, 9, 10, 11, 23, 24)}
LEG = {LEFT: (12, 13, 14, 15), RIGHT: (16, 17, 18, 19)}
_MIRRORED = np.arange(JOINTS)
for _limb in (ARM, LEG):
    _MIRRORED[list(_limb[LEFT] + _limb[RIGHT])] = _limb[RIGHT] + _limb[LEFT]


@dataclass(frozen=True)
class Proportions:
    """Bone lengths and offsets in metres; the defaults are those of a person 1.70 m tall."""

    spine_low: float = 0.27
    spine_high: float = 0.20
    neck: float = 0.07
    head: float = 0.13
    shoulder_out: float = 0.175
    shoulder_down: float = 0.05
    upper_arm: float = 0.28
    forearm: float = 0.25
    palm: float = 0.075
    fingers: float = 0.075
    thumb: float = 0.045
    hip_out: float = 0.085
    hip_down: float = 0.04
    thigh: float = 0.41
    shank: float = 0.40
    ankle: float = 0.07
    foot: float = 0.13

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Proportions":
        """A random person, 1.50 to 1.90 m tall, with arms, legs and trunk a bit off the mean."""
        height = rng.uniform(1.50, 1.90) / 1.70
        arms, legs, trunk, width = rng.normal(1.0, (0.03, 0.03, 0.03, 0.06))
        part = {
            "spine_low": trunk,
            "spine_high": trunk,
            "shoulder_out": width,
            "hip_out": width,
            "upper_arm": arms,
            "forearm": arms,
            "palm": arms,
            "fingers": arms,
            "thigh": legs,
            "shank": legs,
        }
        return cls(**{f.name: f.default * height * part.get(f.name, 1.0) for f in fields(cls)})

    @property
    def size(self) -> float:
        """Height relative to 1.70 m; lengths in motion programs are multiplied by it."""
        return self.ankle / 0.07

    @property
    def leg(self) -> float:
        return self.thigh + self.shank

    @property
    def pelvis_height(self) -> float:
        return self.ankle + self.leg + self.hip_down


def turned(degrees: np.ndarray, axis: int) -> np.ndarray:
    """Rotation matrices [T, 3, 3] about x, y or z (axis 0, 1, 2) by angles [T] in degrees."""
    angle = np.deg2rad(degrees)
    c, s = np.cos(angle), np.sin(angle)
    i, j = ((1, 2), (2, 0), (0, 1))[axis]
    matrix = np.zeros((len(angle), 3, 3))
    matrix[:, axis, axis] = 1
    matrix[:, i, i] = matrix[:, j, j] = c
    matrix[:, i, j], matrix[:, j, i] = -s, s
    return matrix


def apply(rotation: np.ndarray, vector) -> np.ndarray:
    """Rotate one vector [3] or one per frame [T, 3] by matrices [T, 3, 3]."""
    vector = np.asarray(vector)
    if vector.ndim == 1:
        return rotation @ vector
    return (rotation @ vector[:, :, None])[:, :, 0]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors [T, 3] scaled to length one."""
    return vectors / np.sqrt((vectors * vectors).sum(-1, keepdims=True) + 1e-12)


def across(vectors: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The part of vectors [T, 3] at right angles to unit directions [T, 3], made unit length."""
    return unit(vectors - (vectors * direction).sum(-1, keepdims=True) * direction)


def two_bones(start, target, upper: float, lower: float, pole, usual) -> tuple[np.ndarray, np.ndarray]:
    """The middle joint and the end of a limb that reaches from start to target, all [T, 3].

    ``pole`` is the direction in which the middle joint points, ``usual`` the unit direction in
    which the limb usually reaches, far from where it never does. A target out of reach is
    approached along the straight line, smoothly, so that the limb never snaps straight.
    """
    reach = target - start
    length = np.sqrt((reach * reach).sum(-1, keepdims=True) + 1e-12)
    longest, knee = 0.995 * (upper + lower), 0.05 * (upper + lower)
    over = np.maximum(length - (longest - knee), 0)
    distance = np.where(over > 0, longest - knee + knee * np.tanh(over / knee), length)
    distance = np.maximum(distance, 0.35 * max(upper, lower))
    direction = reach / length
    along = (upper**2 - lower**2 + distance**2) / (2 * distance)
    aside = np.sqrt(np.maximum(upper**2 - along**2, 0))
    middle = start + along * direction + aside * _swivel(direction, pole, usual)
    return middle, start + distance * direction


def _swivel(direction, pole, usual) -> np.ndarray:
    """The pole's unit direction [T, 3] at right angles to the limb, turning without flips.

    Its angle is taken against a frame carried along by the shortest rotation from the usual
    direction, and averaged over time, first weighted by how well the pole tells it.
    """
    sideways = smoothed(pole - (pole * direction).sum(-1, keepdims=True) * direction, 3)
    first = across(np.roll(usual, 1, axis=-1), usual)
    between = 1.02 + (usual * direction).sum(-1, keepdims=True)
    first = first - (usual + direction) * (direction * first).sum(-1, keepdims=True) / between
    first = across(first, direction)
    ahead, behind = [1, 2, 0], [2, 0, 1]  # the cross product, spelt out: it is the hot spot
    second = direction[:, ahead] * first[:, behind] - direction[:, behind] * first[:, ahead]
    angle = np.unwrap(np.arctan2((sideways * second).sum(-1), (sideways * first).sum(-1)))
    angle = smoothed(angle[:, None], 5)
    return np.cos(angle) * first + np.sin(angle) * second


@dataclass(frozen=True)
class Trunk:
    """Pelvis, spine, shoulders and head: positions [T, 3] and orientations [T, 3, 3]."""

    proportions: Proportions
    root: np.ndarray  # on the ground, between the feet
    heading: np.ndarray
    pelvis_frame: np.ndarray
    belly_frame: np.ndarray
    chest_frame: np.ndarray
    head_frame: np.ndarray
    pelvis: np.ndarray

    def joint(self, number: int) -> np.ndarray:
        """Position [T, 3] of one joint of the trunk (spine, head, shoulders, hips)."""
        p = self.proportions
        if number == 0:
            return self.pelvis
        if number in (12, 16):
            side = LEFT if number == 12 else RIGHT
            return self.pelvis + apply(self.pelvis_frame, (side * p.hip_out, -p.hip_down, 0))
        middle = self.pelvis + p.spine_low * self.belly_frame[:, :, 1]
        if number == 1:
            return middle
        top = middle + p.spine_high * self.chest_frame[:, :, 1]
        if number == 20:
            return top
        if number in (4, 8):
            side = LEFT if number == 4 else RIGHT
            return top + apply(self.chest_frame, (side * p.shoulder_out, -p.shoulder_down, 0))
        neck = top + p.neck * self.chest_frame[:, :, 1]
        return neck if number == 2 else neck + p.head * self.head_frame[:, :, 1]


def place_arm(joints, trunk: Trunk, side: int, hand, pole) -> np.ndarray:
    """Fill in one arm of joints [T, 25, 3]: the palm goes to ``hand``, the elbow along ``pole``.

    Returns the direction of the forearm [T, 3].
    """
    p = trunk.proportions
    shoulder, elbow, wrist, palm, _, _ = ARM[side]
    joints[:, shoulder] = trunk.joint(shoulder)
    usual = apply(trunk.chest_frame, np.array([0.65 * side, 0.4, -0.65]))
    middle, end = two_bones(joints[:, shoulder], hand, p.upper_arm, p.forearm + p.palm, pole, unit(usual))
    forearm = (end - middle) / (p.forearm + p.palm)
    joints[:, elbow], joints[:, palm] = middle, end
    joints[:, wrist] = middle + p.forearm * forearm
    return forearm


def place_fingers(joints, trunk: Trunk, side: int, pointing) -> None:
    """Fill in finger tip and thumb of joints [T, 25, 3]; ``pointing`` [T, 3] is of unit length."""
    p = trunk.proportions
    _, _, _, palm, tip, thumb = ARM[side]
    joints[:, tip] = joints[:, palm] + p.fingers * pointing
    sideways = across(apply(trunk.chest_frame, (-0.7 * side, 0.5, -0.5)), pointing)
    joints[:, thumb] = joints[:, palm] + p.thumb * (0.6 * pointing + 0.8 * sideways)


def place_leg(joints, trunk: Trunk, side: int, ankle, toes_out: float) -> None:
    """Fill in one leg of joints [T, 25, 3]: the ankle goes to ``ankle``; a planted foot is flat."""
    p = trunk.proportions
    hip, knee, foot_joint, toe = LEG[side]
    joints[:, hip] = trunk.joint(hip)
    forward, facing = -trunk.pelvis_frame[:, :, 2], -trunk.heading[:, :, 2]
    pole = forward + 0.4 * facing + 0.15 * side * trunk.pelvis_frame[:, :, 0]
    pole[:, 1] += 0.6 * np.clip((0.45 * p.size - joints[:, hip, 1]) / 0.3, 0, 1)  # not into the floor
    usual = apply(trunk.pelvis_frame, np.array([0.1 * side, -0.8, -0.6]))
    middle, end = two_bones(joints[:, hip], ankle, p.thigh, p.shank, pole, unit(usual))
    joints[:, knee], joints[:, foot_joint] = middle, end
    shank = (end - middle) / p.shank
    hanging = np.clip((end[:, 1:2] - p.ankle) / (0.15 * p.size), 0, 1)
    hanging = np.maximum(hanging, np.clip((shank[:, 1:2] + 0.7) / 0.4, 0, 1))  # a lying shank can't plant
    flat = facing + toes_out * side * trunk.heading[:, :, 0]
    ahead = middle - (joints[:, hip] + end) / 2 + 0.05 * (forward + 0.2 * facing)  # where the knee points
    direction = hanging * (across(ahead, shank) + 0.35 * shank) + (1 - hanging) * flat
    direction = unit(smoothed(direction, 3))
    # the toe stays above the ground: tilt the foot up to what the ankle's height allows
    lowest = np.clip((0.02 * p.size - end[:, 1]) / p.foot, -0.95, 0.95)
    rise = lowest + hanging[:, 0] * np.maximum(direction[:, 1] - lowest, 0)
    level = direction[:, [0, 2]] + 1e-6 * flat[:, [0, 2]]
    level *= (np.sqrt(1 - rise**2) / np.sqrt((level * level).sum(-1)))[:, None]
    joints[:, toe] = end + p.foot * np.stack([level[:, 0], rise, level[:, 1]], 1)


def mirrored(joints: np.ndarray) -> np.ndarray:
    """The mirror image of joints [..., 25, 3] in the plane x = 0, left and right exchanged."""
    return joints[..., _MIRRORED, :] * (-1.0, 1.0, 1.0)
