"""Clips as small as a page needs them."""

import base64

import numpy as np
import pytest
from page_inputs import data_of

from zsar.data.datasets import open_dataset
from zsar.encoders.recorded import unseen_test_features
from zsar.page import payload, skeletons
from zsar.results import Results


def test_skeletons_keep_their_coordinates_and_absent_bodies():
    rng = np.random.default_rng(0)
    frames = rng.normal(scale=2, size=(200, 2, 5, 3)).astype(np.float32) + 3
    frames[50:, 1] = 0
    clip = skeletons.pack(frames)
    step = -(-200 // skeletons.FRAMES)
    assert clip["shape"] == [len(frames[::step]), 2] and clip["rate"] == pytest.approx(30 / step)
    numbers = np.frombuffer(base64.b64decode(clip["data"]), "<i2").reshape(*clip["shape"], 5, 3)
    thinned = frames[::step]
    absent = (thinned == 0).all(axis=(2, 3))
    assert np.array_equal((numbers == skeletons.ABSENT).all(axis=(2, 3)), absent) and absent.any()
    shown = numbers[~absent].reshape(-1, 3) * clip["unit"]
    real = thinned[~absent].reshape(-1, 3)
    offset = (real - shown).mean(axis=0)
    assert np.abs(real - shown - offset).max() < clip["unit"] * 1.1
    empty = skeletons.pack(np.zeros((3, 2, 5, 3), np.float32))
    assert empty["shape"] == [3, 0] and empty["data"] == ""


def test_skeletons_stop_where_the_page_is_full():
    budget = skeletons.Budget(10)
    assert budget.take({"data": "123456"}) and not budget.take({"data": "123456"}) and budget.take({"data": "1234"})


def test_simulated_clips_are_those_of_the_dataset(simulated, monkeypatch):
    monkeypatch.setenv("ZSAR_HOME", str(simulated.home))
    open_dataset.cache_clear()
    dataset = open_dataset("pku-sim")
    [group] = data_of(simulated.path.read_text(encoding="utf-8"))["groups"]
    [split] = group["splits"]
    assert 0 < len(split["clips"]) <= 24 and split["skeleton"]["joints"] == 25
    for clip in split["clips"][:3]:
        [i] = np.flatnonzero(dataset.samples == clip["sample"])
        assert clip["skeleton"] == skeletons.pack(dataset.frames(int(i)))
        assert dataset.labels[i] == simulated.records[0]["split"]["unseen"][clip["true"]]
    without = payload(Results.read(simulated.folder), features=unseen_test_features, clips=0)
    [split] = without["groups"][0]["splits"]
    assert not any("skeleton" in clip for clip in split["clips"])
    open_dataset.cache_clear()
