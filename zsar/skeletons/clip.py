"""One clip, as a reader yields it and the prepared store keeps it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Clip:
    """One recorded (or simulated) action.

    ``frames`` [T, M, V, 3] float32 metres, y up, in the dataset's own joint layout; an absent body is all zeros.
    ``label`` is a class id such as ``utd/a03``; ``sample`` names the clip within its dataset;
    ``source`` is the file that it came from; ``note`` says what was mended in it, for the import's report.
    """

    frames: np.ndarray
    label: str
    sample: str
    subject: str = ""
    view: str = ""
    source: str = ""
    note: str = ""
