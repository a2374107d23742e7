"""Class vectors: those that come with zsar, and the same encoded by the text model where that is on this machine."""

from collections.abc import Iterator

import numpy as np

from zsar.benchmarks.speed.case import Case
from zsar.errors import ZsarError
from zsar.text import models, prompts
from zsar.text.vectors import class_vectors

THREADS = None
SET, KIND = "ntu120", "description"
NOTE = (
    "Descriptions of the 120 classes of NTU RGB+D. The plain form encodes them by all-MiniLM-L6-v2, already loaded, "
    "every time; zsar looks registered prompts up in the vectors that it ships and keeps those of others."
)


def cases(device: str, short: bool) -> Iterator[Case]:
    """Looking 120 vectors up, against encoding them; without the model, the looking up alone."""
    if short:
        return
    classes = list(prompts.prompt_set(SET))
    fast = lambda: class_vectors(SET, [KIND], classes).values[:, 0]
    plain = lambda: models.encode(models.DEFAULT, prompts.texts(SET, KIND, classes))
    try:
        models.locate(models.DEFAULT)
    except ZsarError:
        plain = None

    def check() -> float:
        worst = float(np.abs(fast() - plain()).max())
        assert worst < 1e-3, f"shipped vectors differ from the model's by {worst:.1e}"  # they are kept as float16
        return worst

    yield Case(f"Vectors of {len(classes)} descriptions", "texts of one sentence", fast, plain, plain and check)
