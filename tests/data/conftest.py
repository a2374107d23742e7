"""Every test of data has a home of its own, and configuration that others changed is forgotten."""

import pytest

from zsar import configuration
from zsar.data import cards, splits
from zsar.data.datasets import open_dataset


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty ``$ZSAR_HOME``."""
    path = tmp_path / "home"
    monkeypatch.setenv("ZSAR_HOME", str(path))
    open_dataset.cache_clear()
    yield path
    open_dataset.cache_clear()


@pytest.fixture
def configure(tmp_path, monkeypatch):
    """Write a file of one kind of configuration; only that file is then known of its kind."""
    place, real = tmp_path / "configs", configuration.folder
    caches = (configuration.read, cards._registered, splits.family)

    def write(kind: str, name: str, text: str) -> None:
        (place / kind).mkdir(parents=True, exist_ok=True)
        (place / kind / f"{name}.yaml").write_text(text, encoding="utf-8")
        monkeypatch.setattr(
            configuration,
            "folder",
            lambda k, package="zsar.configs": place / k if (place / k).is_dir() else real(k, package),
        )
        for cache in caches:
            cache.cache_clear()

    yield write
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()
