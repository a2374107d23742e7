"""Making the clips of ``pku-sim``: subjects, views, sensor noise; one seed, the same bytes.

Nothing here was recorded: these are simulated motions under the class names of PKU-MMD.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from zsar import configuration
from zsar.errors import UnknownName, ZsarError
from zsar.simulation import timing
from zsar.simulation.body import JOINTS, mirrored, turned
from zsar.simulation.motion import Actor
from zsar.simulation.performer import Manner, Performer
from zsar.simulation.programs import Program, programs
from zsar.skeletons.clip import Clip

VERSION = 1  # raised whenever the same arguments give other clips
_SUBJECT, _PARTNER, _HABIT, _CLIP = 1, 2, 3, 4  # the kinds of random streams
# sensor noise in metres: trunk, arms and legs, hands and feet, tips and thumbs
_NOISE = np.full(JOINTS, 0.004)
_NOISE[[5, 6, 9, 10, 13, 14, 17, 18]] = 0.008
_NOISE[[7, 11, 15, 19]] = 0.013
_NOISE[21:] = 0.02
_LIMBS = {-1: [4, 5, 6, 7, 21, 22, 12, 13, 14, 15], 1: [8, 9, 10, 11, 23, 24, 16, 17, 18, 19]}


def program(class_id: str) -> dict:
    """The motion program of one class, as it stands in ``configs/motions/pku51.yaml``.

    Raises `UnknownName` for a class that PKU-MMD doesn't have.
    """
    if class_id not in programs():
        raise UnknownName("class", class_id, programs(), "pku-sim")
    return configuration.read("motions", "pku51")["motions"][class_id]


def generate(
    classes: Sequence[str] | None = None,
    clips_per_class: int = 40,
    subjects: int = 10,
    seed: int = 0,
    views: int = 3,
    noise: float = 1.0,
) -> Iterator[Clip]:
    """Yield simulated clips, class after class: frames [T, 2, 25, 3] float32 metres, y up.

    T is 40 to 90. The floor is y = 0, the camera looks along +z and stands 2.5 to 3.5 m from the
    people; the second body is all zeros unless the class has one. A clip depends on the seed, its
    class, its number and ``subjects`` and ``views``, not on which other classes are generated.
    ``noise`` scales the sensor noise; 0 is the exact body. Raises `UnknownName` for an unknown
    class and `ZsarError` for counts below one.
    """
    by_label = programs()
    labels = list(by_label if classes is None else classes)
    for label in labels:
        if label not in by_label:
            raise UnknownName("class", label, by_label, "pku-sim")
    for name, count in (("clips_per_class", clips_per_class), ("subjects", subjects), ("views", views)):
        if count < 1:
            raise ZsarError(f"{name} is {count}", "Ask for at least one.")
    people = [Performer.draw(_stream(seed, _SUBJECT, i)) for i in range(subjects)]
    index = {label: i for i, label in enumerate(by_label)}
    return (
        _clip(by_label[label], index[label], number, people, seed, views, noise)
        for label in labels
        for number in range(clips_per_class)
    )


def _stream(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, *key]))


def _clip(program: Program, index: int, number: int, people, seed, views, noise) -> Clip:
    subject, view = number % len(people), number // len(people) % views
    rng = _stream(seed, _CLIP, index, number)
    performer = people[subject]
    # partners are nobody's subject, so that a cross-subject split shares no person
    second = Performer.draw(_stream(seed, _PARTNER, index, subject)) if program.partner else None
    joints = _perform(program, performer, second, _stream(seed, _HABIT, index, subject), rng)
    if performer.left_handed and program.mirrored:
        joints = mirrored(joints)
    joints = _seen(joints, view, views, rng)
    joints = joints + noise * _sensor(joints, rng)
    frames = np.zeros((joints.shape[1], 2, JOINTS, 3), np.float32)
    frames[:, : len(joints)] = joints.transpose(1, 0, 2, 3)
    code = program.label.split("/")[1]
    sample = f"pku-sim/{code}/s{subject + 1:02d}/v{view + 1}/{number:04d}"
    return Clip(frames, program.label, sample, f"s{subject + 1:02d}", f"v{view + 1}", f"simulated (seed {seed})")


def _perform(program: Program, performer, second, habit, rng) -> np.ndarray:
    """The joints [M, T, 25, 3] of one performance; the actor starts at the origin."""
    low, high = program.frames
    count = int(np.clip(round(rng.uniform(low, high) * performer.tempo), 40, 90))
    phase = timing.uneven(count, rng)
    actor = Actor(Manner.draw(performer, program.actor, habit, rng), phase, (0.0, 0.0), 0.0, rng)
    if program.partner is None:
        return actor.joints(None)[None]
    out, forward = np.array(program.partner.at) * (1 + 0.08 * rng.standard_normal())
    yaw = program.partner.facing + rng.normal(0, 5)
    manner = Manner.draw(second, program.partner, habit, rng)
    partner = Actor(manner, phase, (out, -forward), yaw, rng)
    return np.stack([actor.joints(partner.trunk), partner.joints(actor.trunk)])


def _seen(joints, view: int, views: int, rng) -> np.ndarray:
    """Turn and move a scene [M, T, 25, 3] to where a camera sees it, up to 45 degrees aside."""
    angle = rng.normal(0, 10)
    if len(joints) == 2:  # two people are filmed from the side, either of them on the left
        angle += rng.choice((-90.0, 90.0))
    if views > 1:
        angle += np.linspace(-45, 45, views)[view]
    middle = joints[:, :, 0].mean((0, 1)) * (1, 0, 1)
    place = np.array([rng.normal(0, 0.2), 0.0, rng.uniform(2.6, 3.4)])
    return (joints - middle) @ turned(np.array([angle]), 1)[0].T + place


def _sensor(joints, rng) -> np.ndarray:
    """Sensor noise [M, T, 25, 3] in metres: jitter and drift, stronger at the ends and far side."""
    bodies, count = joints.shape[:2]
    scale = np.tile(_NOISE, (bodies, 1))
    depth = joints[..., 2].mean(1)
    for limbs, shoulder in ((_LIMBS[-1], 4), (_LIMBS[1], 8)):
        far = np.clip((depth[:, shoulder] - depth[:, 20]) / 0.15, 0, 1)
        scale[:, limbs] *= 1 + far[:, None]
    jitter = rng.standard_normal((count, bodies, JOINTS, 3))
    drift = timing.wandering(count, bodies * JOINTS * 3, rng, 10.0).reshape(count, bodies, JOINTS, 3)
    return ((0.5 * jitter + drift) * scale[None, :, :, None]).transpose(1, 0, 2, 3)
