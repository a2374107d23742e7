"""Jobs of a second each, and methods that go wrong."""

from pathlib import Path

import numpy as np
import pytest

from zsar.results.record import read_records
from zsar.testing.small import job

TINY = {
    "sadvae": {"cycles": 4, "draws": 5, "classifier_steps": 5, "related": 6, "unrelated": 2, "lr": 1e-2},
    "dvta": {"epochs": 4, "warmup": 1, "lr": 1e-3, "batch": 16},
    "pgfa": {"epochs": 4, "warmup": 1, "hidden": 2, "width": 8, "batch": 16},
}


@pytest.fixture
def tiny(nine):
    """``tiny("sadvae", seed=1, **keywords)``: a job on nine simulated classes that takes a moment."""
    return lambda method, **more: job(nine, method, **{**TINY.get(method, {}), **more})


@pytest.fixture
def numbers():
    """Everything in a results folder that may not depend on when and where it was computed."""

    def of(folder: Path) -> dict:
        found = {}
        for record in read_records(folder):
            found[record["run"]] = {k: v for k, v in record.items() if k != "timings"}
            if record["status"] == "done":
                with np.load(folder / f"{record['run']}.npz") as scores:
                    found[record["run"]]["scores"] = {k: scores[k].tobytes() for k in scores.files}
        return found

    return of
