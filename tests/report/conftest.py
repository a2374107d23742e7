"""Made-up records as fixtures, those of ``tests/results``."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "results"))

from made_up import made_up, three_methods  # noqa: E402


@pytest.fixture
def record():
    """A function that makes one made-up record."""
    return made_up


@pytest.fixture
def records():
    """`three_methods`."""
    return three_methods()
