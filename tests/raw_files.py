"""Raw recordings in the makers' formats, written from clips: what readers must give back exactly."""

from collections.abc import Iterable

import numpy as np

from zsar.skeletons.layouts import layout

FIRST_ID = 72057594037931101  # of a real file; a float would round it


def ntu_file(frames: np.ndarray, ids=(FIRST_ID, FIRST_ID + 1, FIRST_ID + 2), newline: str = "\n") -> bytes:
    """A ``.skeleton`` file of clip [T, M, 25, 3]; a body is in the frames in which it isn't all zeros."""
    bodies = [[(ids[m], body) for m, body in enumerate(frame) if body.any()] for frame in frames]
    return ntu_bodies(bodies, newline)


def ntu_bodies(frames: Iterable[list[tuple[int, np.ndarray]]], newline: str = "\n") -> bytes:
    """A ``.skeleton`` file of the bodies (id, joints [25, 3]) in each frame."""
    frames = list(frames)
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for body, joints in bodies:
            lines += [f"{body} 0 1 1 1 1 0 0.02764709 0.05745083 2", str(len(joints))]
            # Depth and colour positions and an orientation, of which readers must take nothing for a coordinate.
            lines += [
                f"{' '.join(number(v) for v in j)} 277.4 191.8 1036.2 519.2 -0.2 0.05 0.97 -0.1 2" for j in joints
            ]
    return (newline.join(lines) + newline).encode()


def ntu_name(setup: int, camera: int, subject: int, replication: int, action: int) -> str:
    """A sample's name, without folder and ending."""
    return f"S{setup:03d}C{camera:03d}P{subject:03d}R{replication:03d}A{action:03d}"


def pku_file(frames: np.ndarray, newline: str = "\n") -> bytes:
    """A skeleton file of PKU-MMD's of a video [T, 2, 25, 3]."""
    return "".join(" ".join(number(v) for v in frame.ravel()) + newline for frame in frames).encode()


def number(value) -> str:
    """A float32 in as many digits as give it back exactly."""
    return f"{value:.9g}"


def own_arrays(clips: Iterable, classes: Iterable[str], **more: np.ndarray) -> dict[str, np.ndarray]:
    """What an ``.npz`` of a user's own skeletons holds: clips of kinect_v2, ``classes`` naming their sorted labels."""
    clips = list(clips)
    numbers = sorted({clip.label for clip in clips})
    return {
        "frames": np.concatenate([clip.frames for clip in clips]),
        "offsets": np.cumsum([0, *(len(clip.frames) for clip in clips)]),
        "labels": np.array([numbers.index(clip.label) for clip in clips]),
        "subjects": np.array([clip.subject for clip in clips]),
        "classes": np.array(list(classes)),
        "joints": np.array(layout("kinect_v2").joints),
        "unit": np.array("m"),
        **more,
    }
