"""Tiny files in the makers' formats, of somebody who stands before a Kinect."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
from scipy.io import savemat

from zsar.skeletons.layouts import layout

STANDING = {
    "head": (0, 0.6),
    "neck": (0, 0.48),
    "top of spine": (0, 0.4),
    "middle of spine": (0, 0.07),
    "base of spine": (0, 0),
    "shoulder": (0.2, 0.35),
    "elbow": (0.25, 0.1),
    "wrist": (0.25, -0.12),
    "hand": (0.25, -0.2),
    "thumb": (0.22, -0.2),
    "tip of hand": (0.25, -0.27),
    "hip": (0.1, -0.05),
    "knee": (0.1, -0.5),
    "ankle": (0.1, -0.85),
    "foot": (0.1, -0.9),
}
"""Where a person's joints are who faces the camera: x for the right side, and height."""


def standing(name: str, frames: int, distance: float = 3.0) -> np.ndarray:
    """[frames, V, 3]: somebody who stands before a Kinect and faces it, the right hand rising."""
    joints = layout(name).joints
    person = np.zeros((frames, len(joints), 3))
    for i, joint in enumerate(joints):
        words = [w for w in joint.split() if w not in ("left", "right")]
        x, y = STANDING[" ".join(words)]
        person[:, i] = (-x if "left" in joint else x), y, distance - 0.12 * (words == ["foot"])
    person[:, joints.index("right hand"), 1] += np.linspace(0, 0.8, frames)
    return person


def mat(joints: np.ndarray, packed: bool = True) -> bytes:
    """A file of UTD-MHAD's: joints [T, 20, 3] in the makers' order."""
    out = io.BytesIO()
    savemat(out, {"d_skel": joints.transpose(1, 2, 0)}, do_compression=packed)
    return out.getvalue()


def utd(frames: int = 5) -> np.ndarray:
    """Somebody standing [T, 20, 3] in the order of UTD-MHAD's files: head first, base of the spine
    fourth.
    """
    makers = [3, 2, 1, 0, *range(4, 20)]
    return standing("kinect_v1", frames)[:, makers]


def ucla(joints: np.ndarray) -> bytes:
    """A file of NW-UCLA's: joints [T, 20, 3]."""
    return json.dumps({"file_name": "x", "skeletons": joints.tolist()}).encode()


def pku(bodies: np.ndarray) -> bytes:
    """A skeleton file of PKU-MMD's: bodies [T, 2, 25, 3]."""
    return "".join(" " + " ".join(f"{v:.6f}" for v in frame.ravel()) + "\n" for frame in bodies).encode()


def pack(path: Path, files: dict[str, bytes]) -> Path:
    """A zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unpack(path: Path, files: dict[str, bytes]) -> Path:
    """A folder."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def video(frames: int = 40, second_from: int | None = None) -> np.ndarray:
    """[frames, 2, 25, 3]: one person, and from some frame on another one."""
    bodies = np.zeros((frames, 2, 25, 3))
    bodies[:, 0] = standing("kinect_v2", frames)
    if second_from is not None:
        bodies[second_from:, 1] = standing("kinect_v2", frames)[second_from:] + [0.8, 0, 0]
    return bodies


def pku_files() -> dict[str, bytes]:
    return {
        "Skeleton/0002-L.txt": pku(video(40)),
        "Skeleton/0003-M.txt": pku(video(30, 10)),
        "Train_Label_PKU_final/0002-L.txt": b"8,0,12,2\n51,12,40,1\n",
        "Train_Label_PKU_final/0003-M.txt": b"14,5,30,2\n\n",
        "Split/cross-subject.txt": b"Training videos: \n0002-L, 0004-R\n\nValidataion videos: \n0003-M\n",
    }
