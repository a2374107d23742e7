"""What makes this repository's documents lies in ``docs/building`` and is no part of the library."""

import sys
from pathlib import Path

import pytest

for folder in ("docs/building", "tests/results"):
    sys.path.insert(0, str(Path(__file__).parents[2] / folder))

from made_up import made_up  # noqa: E402


@pytest.fixture
def record():
    """A function that makes one made-up record."""
    return made_up
