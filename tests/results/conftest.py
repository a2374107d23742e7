"""Made-up records as fixtures."""

import pytest
from made_up import made_up, three_methods


@pytest.fixture
def record():
    """A function that makes one made-up record."""
    return made_up


@pytest.fixture
def records():
    """`three_methods`."""
    return three_methods()
