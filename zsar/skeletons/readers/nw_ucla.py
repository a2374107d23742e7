"""Northwestern-UCLA's skeletons as JSON: ``skeletons`` [T, 20, 3] in metres, y up, Kinect v1 order."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zsar.skeletons.clip import Clip
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.reading import clips_of

NAME = re.compile(r"a(\d+)_s(\d+)_e(\d+)_v(\d+)\.json")


def read(source: Path, skip_broken: bool = False, left_out: list | None = None) -> Iterator[Clip]:
    """Clips of the archive or its folder: class ``ucla/aNN`` by file id, subject "1" to "10", view "1" to "3"."""
    parse = lambda content: np.asarray(json.loads(content)["skeletons"], dtype=np.float32)[:, None]
    return clips_of(source, NAME, parse, lambda m: (f"ucla/a{int(m[1]):02d}", str(int(m[2])), str(int(m[4]))),
                    len(layout("kinect_v1").joints), skip_broken, [] if left_out is None else left_out)
