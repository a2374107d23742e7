"""Northwestern-UCLA's skeletons as JSON: ``skeletons`` [T, 20, 3] in metres, y up, Kinect v1 order.

Four clips have fewer than eight frames, two of them a single one; in two clips a frame holds six
joints at the camera's origin. They are kept as the makers give them.
"""

import json
import re
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.reading import FileReading
from zsar.skeletons.readers.source import Source

TITLE = "NW-UCLA"
NAME = re.compile(r"a(\d+)_s(\d+)_e(\d+)_v(\d+)\.json")


def open_reading(source: Path, card=None) -> FileReading:
    """The archive or its folder: class ``ucla/aNN`` by file id, subject "1" to "10", view "1" to "3".

    Raises `DataError` when it holds no such files.
    """
    return FileReading(
        Source(source),
        NAME,
        f"skeleton file of {TITLE} (named like a01_s01_e00_v01.json)",
        parse,
        lambda m: (f"ucla/a{int(m[1]):02d}", str(int(m[2])), str(int(m[4]))),
        len(layout("kinect_v1").joints),
    )


def parse(content: bytes) -> tuple[np.ndarray, str]:
    """Frames [T, 1, 20, 3] of a file's bytes. Raises `DataError`, and whatever the JSON parser or NumPy raises."""
    clip = json.loads(content)
    if not isinstance(clip, dict) or "skeletons" not in clip:
        raise DataError("has no key 'skeletons'")
    frames = np.asarray(clip["skeletons"], dtype=np.float64)
    return frames[:, None] if frames.ndim == 3 else frames, ""
