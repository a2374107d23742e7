"""UTD-MHAD's skeletons: one .mat file per clip, ``d_skel`` [20, 3, T] in metres, y up."""

import re
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.mat5 import array
from zsar.skeletons.readers.reading import FileReading
from zsar.skeletons.readers.source import Source

TITLE = "UTD-MHAD"
NAME = re.compile(r"a(\d+)_s(\d+)_t(\d+)_skeleton\.mat")
ORDER = (
    "head",
    "top of spine",
    "middle of spine",
    "base of spine",
    "left shoulder",
    "left elbow",
    "left wrist",
    "left hand",
    "right shoulder",
    "right elbow",
    "right wrist",
    "right hand",
    "left hip",
    "left knee",
    "left ankle",
    "left foot",
    "right hip",
    "right knee",
    "right ankle",
    "right foot",
)
"""The joints as they follow each other in the files (the makers' Skeleton_joint_order.txt)."""


def open_reading(source: Path, card=None) -> FileReading:
    """The makers' archive or its folder: class ``utd/aNN``, subject "1" to "8", view "1".

    Raises `DataError` when it holds no such files.
    """
    return FileReading(
        Source(source),
        NAME,
        f"skeleton file of {TITLE} (named like a1_s1_t1_skeleton.mat)",
        parse,
        lambda m: (f"utd/a{int(m[1]):02d}", str(int(m[2])), "1"),
        len(ORDER),
    )


def parse(content: bytes) -> tuple[np.ndarray, str]:
    """Frames [T, 1, 20, 3] in Kinect v1 order, of a file's bytes. Raises `DataError`."""
    joints = array(content, "d_skel")
    if joints is None:
        raise DataError("has no variable d_skel")
    if joints.ndim == 2:  # MATLAB drops the last axis of a single frame
        joints = joints[:, :, None]
    if joints.shape[:2] != (len(ORDER), 3) or joints.ndim != 3:
        raise DataError(f"has a d_skel of shape {joints.shape}, expected [{len(ORDER)}, 3, frames]")
    return joints.transpose(2, 0, 1)[:, None, [ORDER.index(joint) for joint in layout("kinect_v1").joints]], ""
