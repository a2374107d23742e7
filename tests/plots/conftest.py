"""Made-up records with numbers that differ, in a folder; and everything that a figure says."""

from pathlib import Path

import numpy as np
import pytest
from made_up import made_up

from zsar.results.record import write_record

COMMITTED = Path(__file__).parents[2] / "benchmarks" / "records"


@pytest.fixture
def committed():
    """The folder of the committed records."""
    return COMMITTED


@pytest.fixture
def varied():
    """A function: one made-up record whose confusion and per-class accuracies are drawn from its seed."""

    def make(method="pgfa", split="22/5", seed=0, **more):
        record = made_up(method, split=split, seed=seed, **more)
        if record["status"] == "done":
            unseen = record["split"]["unseen"]
            for m, by_rule in enumerate(record["results"].values()):
                for r, numbers in enumerate(by_rule.values()):
                    rng = np.random.default_rng([seed, len(method), m, r])
                    numbers["confusion"] = rng.integers(0, 20, (len(unseen), len(unseen))).tolist()
                    numbers["per_class"] = {c: float(rng.random()) for c in unseen}
        return record

    return make


@pytest.fixture
def folder(tmp_path):
    """A function that writes records (and the arrays beside them, by run id) into a results folder."""

    def write(records, arrays=None):
        place = tmp_path / "records"
        for record in records:
            write_record(place, record)
        for run, content in (arrays or {}).items():
            np.savez(place / f"{run}.npz", **content)
        return place

    return write


@pytest.fixture
def texts():
    """A function: all text of a figure, one entry per piece."""

    def of(figure):
        from matplotlib.text import Text

        figure.draw_without_rendering()
        found = figure.findobj(lambda part: isinstance(part, Text))
        return [t.get_text() for t in found if t.get_text() and t.get_visible()]

    return of
