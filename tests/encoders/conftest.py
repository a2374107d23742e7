"""A few simulated clips, and a home of the test's own."""

import pytest

from zsar.data.datasets import open_dataset
from zsar.testing.small import small


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A small dataset (see `zsar.testing.small`), which doesn't lie in the tests' own home."""
    return small(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty ``$ZSAR_HOME``."""
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    open_dataset.cache_clear()
