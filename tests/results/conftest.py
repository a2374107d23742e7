"""Made-up records as fixtures."""

import pytest
from made_up import SPLITS, made_up


@pytest.fixture
def record():
    """A function that makes one made-up record."""
    return made_up


@pytest.fixture
def records():
    """Three methods, one of them transductive and end-to-end, on three splits with three seeds."""
    made = []
    for split in SPLITS:
        for seed in range(3):
            made += [
                made_up("pgfa", "PGFA", split, seed, modes=("inductive", "transductive"), encoder=None),
                made_up("dvta", "DVTA", split, seed),
                made_up("sadvae", "SA-DVAE", split, seed),
            ]
    return made
