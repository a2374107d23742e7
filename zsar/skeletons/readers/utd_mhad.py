"""UTD-MHAD's skeletons: one .mat file per clip, ``d_skel`` [20, 3, T] in metres, y up."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.reading import clips_of

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


def read(source: Path, skip_broken: bool = False, left_out: list | None = None) -> Iterator[Clip]:
    """Clips of the makers' archive or its folder: class ``utd/aNN``, subject "1" to "8", view "1".

    Raises `DataError` naming archive and file; see `zsar.skeletons.readers.reading.attempt` for
    ``skip_broken``.
    """
    kinect = layout("kinect_v1")
    order = [ORDER.index(joint) for joint in kinect.joints]

    def parse(content: bytes) -> np.ndarray:
        from scipy.io import loadmat

        joints = loadmat(io.BytesIO(content), variable_names=["d_skel"]).get("d_skel")
        if joints is None:
            raise DataError("has no variable d_skel")
        if joints.ndim == 2:  # MATLAB drops the last axis of a single frame
            joints = joints[:, :, None]
        if joints.shape[:2] != (len(order), 3):
            raise DataError(f"has a d_skel of shape {joints.shape}, expected [{len(order)}, 3, frames]")
        return joints.transpose(2, 0, 1)[:, None, order]

    return clips_of(
        source,
        NAME,
        f"skeleton file of {TITLE} (named like a1_s1_t1_skeleton.mat)",
        parse,
        lambda m: (f"utd/a{int(m[1]):02d}", str(int(m[2])), "1"),
        len(kinect.joints),
        skip_broken,
        [] if left_out is None else left_out,
    )
