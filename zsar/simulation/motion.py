"""From a motion program to joints: every step is blended over what the body was doing before it.

A person is an `Actor`. First the ground track of the feet, then the trunk, then feet and hands,
which may reach for landmarks of the own or the other trunk; all of it for all frames at once.
"""

import numpy as np

from zsar.simulation import timing
from zsar.simulation.body import (
    ARM,
    JOINTS,
    LEFT,
    RIGHT,
    Trunk,
    apply,
    place_arm,
    place_fingers,
    place_leg,  # fmt: skip
    turned,
    unit,
)
from zsar.simulation.landmarks import LANDMARKS, OTHER_ARM, hanging, outside_trunk, position
from zsar.simulation.performer import Manner
from zsar.simulation.programs import BODY, HEAD

# the pelvis' and the belly's share in the spine's bending, leaning and twisting
_BEND, _LEAN, _TWIST = (0.40, 0.72), (0.25, 0.65), (0.20, 0.55)


class Actor:
    """One person over one clip, who starts at ``place`` (x, z), heading ``yaw`` degrees."""

    def __init__(self, manner: Manner, phase, place, yaw: float, rng: np.random.Generator):
        self.manner, self.phase, self.count = manner, phase, len(phase)
        self.proportions = manner.performer.proportions
        self.size = self.proportions.size
        self.idle = timing.wandering(self.count, 12, rng)
        self._walk(np.array([place[0], 0.0, place[1]]), yaw)
        self._pose()

    def _walk(self, here, yaw):
        """Ground track, heading, and where the feet stand; one steps after the other."""
        performer, zeros = self.manner.performer, np.zeros((self.count, 3))

        def stance(side, place, degrees):
            local = (
                side * 0.10 * performer.stance * self.size,
                self.proportions.ankle,
                0.02 * self.size,
            )
            return place + apply(turned(np.array([degrees]), 1), local)[0]

        root, degrees = here + zeros, yaw + zeros[:, 0]
        self.feet = {side: stance(side, here, yaw) + zeros for side in (LEFT, RIGHT)}
        self.lifted = {side: zeros[:, 0].copy() for side in (LEFT, RIGHT)}
        for step, start, until, _ in self.manner.planned("walk"):
            way = np.array([step.values.get("out", 0.0), 0.0, -step.values.get("forward", 0.0)]) * self.size
            way = apply(turned(np.array([yaw]), 1), way)[0]
            progress = timing.ramp(self.phase, start, until)
            root = root + progress[:, None] * way
            degrees = degrees - progress * step.turn
            count = 2 * max(1, round(np.hypot(*way[[0, 2]]) / 0.4), round(abs(step.turn) / 70))
            for k in range(count):
                side = self.manner.lead * (1 if k % 2 == 0 else -1)
                reached = min(1.0, (k + 2) / count)
                target = stance(side, here + reached * way, yaw - reached * step.turn)
                begin = start + (until - start) * k / count
                w = timing.ramp(self.phase, begin, begin + (until - start) / count)
                lift = 4 * w * (1 - w)
                foot = self.feet[side]
                self.feet[side] = foot + w[:, None] * (target - foot)
                self.feet[side][:, 1] += 0.07 * self.size * lift
                self.lifted[side] = np.maximum(self.lifted[side], lift)
            here, yaw = here + way, yaw - step.turn
        self.root, self.heading = root, turned(degrees, 1)

    def _pose(self):
        """Blend postures, bends and jumps; set the pelvis as high as the planted feet allow."""
        manner, p, phase = self.manner, self.proportions, self.phase
        at = {name: np.zeros(self.count) for name in (*BODY, *HEAD)}
        for step, start, until, times in manner.planned("posture", "body", "head"):
            amplitude = 1.0 if step.kind == "posture" else 0.4 + 0.6 * manner.amplitude
            w = timing.tap(phase, start, until, times) if step.times else timing.ramp(phase, start, until)
            for name, value in step.values.items():
                old = 0.0 if step.times else at[name]
                at[name] = at[name] + w * (amplitude * value - old)
        wander = {"bend": 1.5, "lean": 1.2, "twist": 2.0, "nod": 3.0, "look": 4.0, "tilt": 2.0}
        for i, (name, size) in enumerate(wander.items()):
            at[name] = at[name] + size * self.idle[:, i]
        at["bend"] = at["bend"] + manner.performer.slouch
        at["nod"] = at["nod"] - 0.5 * manner.performer.slouch
        air = np.zeros(self.count)
        for step, start, until, times in manner.planned("jump"):
            height = step.height * (0.5 + 0.5 * manner.amplitude) * self.size
            up, crouch = timing.jumps(phase, start, until, times, height)
            air, at["drop"] = air + up, at["drop"] + crouch
        free = {side: self.lifted[side] for side in (LEFT, RIGHT)}
        for step, start, until, _ in manner.planned("to"):
            for side in step.sides if step.part == "foot" else ():
                w = timing.ramp(phase, start, until)
                free[side] = free[side] * (1 - w) if step.to == "rest" else np.maximum(free[side], w)
        self.seat = at["seat"]

        frames = [
            self.heading
            @ turned(-(at["pitch"] + bend * at["bend"]), 0)
            @ turned(-(at["roll"] + lean * at["lean"]), 2)
            @ turned(twist * at["twist"], 1)
            for bend, lean, twist in zip((*_BEND, 1), (*_LEAN, 1), (*_TWIST, 1), strict=True)
        ]
        head = frames[2] @ turned(-at["look"], 1) @ turned(-at["nod"], 0) @ turned(-at["tilt"], 2)

        legs = p.leg / 0.81
        shift = np.zeros((self.count, 3))
        backwards = 0.14 * np.sin(np.deg2rad(at["bend"])) * (1 - self.seat)  # balance
        shift[:, 0] = legs * at["out"] + self.size * (
            0.008 * self.idle[:, 6] - 0.06 * free[RIGHT] + 0.06 * free[LEFT])  # fmt: skip
        shift[:, 2] = legs * (backwards - at["forward"]) + self.size * 0.006 * self.idle[:, 7]
        pelvis = self.root + apply(self.heading, shift)
        pelvis[:, 1] = np.maximum(p.pelvis_height - legs * at["drop"], 0.11 * self.size)
        trunk = Trunk(p, self.root, self.heading, *frames, head, pelvis)
        for side in (LEFT, RIGHT):
            hip, ankle = trunk.joint(12 if side == LEFT else 16), self.feet[side]
            aside = ((hip - ankle)[:, [0, 2]] ** 2).sum(1)
            highest = ankle[:, 1] + np.sqrt(np.maximum((0.993 * p.leg) ** 2 - aside, 0.0))
            planted = np.clip(1 - free[side] / 0.3, 0, 1)
            pelvis[:, 1] -= planted * np.maximum(hip[:, 1] - highest, 0)
        pelvis[:, 1] = np.maximum(pelvis[:, 1], 0.10 * self.size) + air
        for side in (LEFT, RIGHT):
            self.feet[side][:, 1] += air
        self.trunk = trunk  # its pelvis was changed in place

    def _target(self, step, side, other, joints):
        """Where a reaching step leads [T, 3], with the subject's own deviation from it."""
        trunk = self.trunk
        if step.to == "rest":
            if step.part == "foot":
                return self.feet[side]
            return hanging(side, trunk, self.manner.performer.arms_out, self.seat)
        if step.to in OTHER_ARM:
            _, elbow, wrist, palm, _, _ = ARM[-side]
            place = joints[:, {"other hand": palm, "other wrist": wrist, "other elbow": elbow}[step.to]]
        else:
            place = position(step.to, side, trunk, other)
        outer = step.to.startswith("their ") or LANDMARKS.get(step.to, ("chest",))[0] in (
            "heading", "ground", "between")  # fmt: skip
        # people find their own face better than a place in the air
        precision = 0.5 if LANDMARKS.get(step.to, ("",))[0] in ("head", "neck") else 1.0
        out, up, forward = np.array(step.offset) * self.size + precision * self.manner.bias[side]
        frame = trunk.heading if outer else trunk.chest_frame
        return place + apply(frame, np.array([side * out, up, -forward]))

    def _limb(self, part, side, other, joints, rest):
        """Blend the reaching steps of one limb: its course, elbow and finger directions, [T, 3]."""
        trunk, point, bulge = self.trunk, rest, 0.0
        hint = np.zeros((self.count, 4))  # elbow hint (outwards, up, forward) and how far it holds
        fingers = np.zeros((self.count, 3))
        for step, start, until, _ in self.manner.planned("to"):
            if step.part != part or side not in step.sides:
                continue
            w = timing.ramp(self.phase, start, until)[:, None]
            point = point + w * (self._target(step, side, other, joints) - point)
            bulge = bulge + 4 * w * (1 - w) * step.arc * self.size
            hint = hint + w * (np.array([*step.elbow, 1.0] if step.elbow else [0.0] * 4) - hint)
            out, up, forward = step.fingers or (0.0, 0.0, 0.0)
            fingers = fingers + w * (apply(trunk.heading, np.array([side * out, up, -forward])) - fingers)
        moved = np.zeros((self.count, 3))
        moved[:, 0], moved[:, 2] = 0.6 * side * np.squeeze(bulge), -np.squeeze(bulge)
        for step, start, until, times in self.manner.planned("swing", "tap", "circle"):
            if step.part != part or side not in step.sides:
                continue
            size = np.sqrt(np.dot(step.offset, step.offset)) * (1 if step.kind == "tap" else 2)
            times = timing.feasible(times, (until - start) * self.count / timing.RATE, size)
            late = 0.5 if step.opposed and side == LEFT else 0.0
            course = timing.tap if step.kind == "tap" else timing.wave
            share = course(self.phase, start, until, times, late) * self.manner.amplitude * self.size
            out, up, forward = step.offset
            if step.kind == "circle":  # up and forward run a quarter of a period ahead of outwards
                ahead = course(self.phase, start, until, times, late + 0.25)
                ahead *= self.manner.amplitude * self.size
                moved[:, 1:] += ahead[:, None] * (up, -forward)
                up = forward = 0.0
            moved += share[:, None] * (side * out, up, -forward)
        point = point + apply(trunk.chest_frame, moved)
        return point, hint, fingers

    def _elbow(self, side, hand, hint):
        """The elbow's direction [T, 3]: down and outwards; outwards and ahead for a raised hand."""
        trunk, p = self.trunk, self.proportions
        shoulder = trunk.joint(8 if side == RIGHT else 4)
        raised = np.clip(((hand - shoulder) * trunk.chest_frame[:, :, 1]).sum(1) / p.upper_arm, 0, 1)
        own = np.stack([0.45 + 0.3 * raised, -0.85 + 0.75 * raised, -0.4 + 0.75 * raised], 1)
        own = own + self.manner.performer.elbow
        own = own + hint[:, 3:] * (hint[:, :3] + 0.5 * self.manner.performer.elbow - own)
        pole = apply(trunk.chest_frame, own * (side, 1.0, -1.0))
        pole[:, 1] += 2 * np.clip((0.5 * self.size - shoulder[:, 1]) / 0.3, 0, 1)  # not into the floor
        return pole

    def joints(self, other: Trunk | None) -> np.ndarray:
        """All joints [T, 25, 3] in metres, y = 0 on the ground."""
        joints = np.zeros((self.count, JOINTS, 3))
        for number in (0, 1, 20, 2, 3):
            joints[:, number] = self.trunk.joint(number)
        for side in (LEFT, RIGHT):
            ankle, _, _ = self._limb("foot", side, other, joints, self.feet[side])
            ankle[:, 1] = np.maximum(ankle[:, 1], self.proportions.ankle)
            place_leg(joints, self.trunk, side, ankle, 0.2 * self.manner.performer.stance)
        second = [side for s in self.manner.steps if s.to in OTHER_ARM for side in s.sides]
        last = second[0] if second else LEFT  # the hand that touches the other arm comes after it
        for side in (-last, last):
            rest = hanging(side, self.trunk, self.manner.performer.arms_out, self.seat)
            hand, hint, fingers = self._limb("hand", side, other, joints, rest)
            hand = hand + 0.006 * self.size * self.idle[:, 8:11]
            hand = _kept_off(hand, self.trunk.joint(ARM[side][0]), 0.17 * self.size)
            hand = timing.smoothed(self._around(hand, other), 3)
            forearm = place_arm(joints, self.trunk, side, hand, self._elbow(side, hand, hint))
            share = np.minimum(np.sqrt((fingers * fingers).sum(1, keepdims=True)), 1)
            pointing = unit(fingers + (1 - share) * forearm)
            palm = joints[:, ARM[side][3]]
            tip = self._around(palm + self.proportions.fingers * pointing, other)
            place_fingers(joints, self.trunk, side, unit(timing.smoothed(tip - palm + 0.02 * pointing, 3)))
        return joints

    def _around(self, hand, other):
        """A hand's course [T, 3] led around the own head, both trunks and the floor."""
        hand = outside_trunk(hand, self.trunk)
        if other is not None:
            hand = outside_trunk(hand, other)
        hand = _kept_off(hand, self.trunk.joint(3), 0.11 * self.size)
        hand[:, 1] = np.maximum(hand[:, 1], 0.05)
        return hand


def _kept_off(points, centre, radius: float):
    """Points [T, 3] moved away from a centre [T, 3] to at least the radius."""
    away = points - centre
    near = np.sqrt((away * away).sum(1, keepdims=True))
    return centre + unit(away) * np.maximum(near, radius)
