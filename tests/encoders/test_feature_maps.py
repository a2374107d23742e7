"""Maps are those of the encoder behind the features, computed once, and read from disk as they are indexed."""

import dataclasses
import json
import warnings

import numpy as np
import pytest
import torch

from zsar import storage
from zsar.data.clip_sets import ClipSet
from zsar.data.partition import partition
from zsar.encoders import feature_maps
from zsar.encoders.feature_maps import subset_maps
from zsar.encoders.features import EncoderChoice, fitted, subset_features
from zsar.errors import ZsarError
from zsar.harness.fold import Fold
from zsar.harness.plan import plan
from zsar.testing.small import job

STGCN = EncoderChoice.of("stgcn", {"hidden": 4, "width": 8, "epochs": 2, "batch": 8}, 12)


@pytest.fixture
def subsets(few):
    return partition(few.dataset, few.card, few.split, few.card.default_protocol)


def folder(few, subsets):
    return storage.cache() / "maps" / STGCN.key(few.dataset, subsets, 0)


def test_the_mean_of_a_map_is_the_feature(few, subsets):
    features, files = subset_features(few.dataset, subsets, STGCN, 0), subset_maps(few.dataset, subsets, STGCN, 0)
    assert {name: len(f) for name, f in files.items()} == {"train": 18, "seen_test": 18, "unseen_test": 9}
    for name, its in files.items():
        array = its.clips(np.arange(len(its)))
        assert array.shape == (len(its), 3, 25, 8) and array.dtype == np.float32
        np.testing.assert_allclose(array.mean((1, 2)), features[name], atol=1e-5)
        assert isinstance(its.maps, np.memmap) and not its.maps.flags.writeable


def test_maps_are_computed_once(few, subsets, monkeypatch):
    first = subset_maps(few.dataset, subsets, STGCN, 0)["train"].clips(np.arange(18))
    monkeypatch.setattr(feature_maps, "fitted", lambda *_: pytest.fail("fitted again"))
    again = subset_maps(few.dataset, subsets, STGCN, 0)["train"].clips(np.arange(18))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("damage", ["a flipped byte", "cut", "no manifest", "a strange manifest"])
def test_damaged_maps_are_computed_anew_with_a_warning(few, subsets, damage):
    expected = subset_maps(few.dataset, subsets, STGCN, 0)["train"].clips(np.arange(18))
    path = folder(few, subsets) / "train.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    if damage == "a flipped byte":
        path.write_bytes(content)
    elif damage == "cut":
        path.write_bytes(content[:-7])
    elif damage == "no manifest":
        path.with_name("manifest.json").unlink()
    else:
        path.with_name("manifest.json").write_text(json.dumps({"files": {"train": [1]}}))
    with pytest.warns(UserWarning, match=r"maps/[0-9a-f]+ is damaged .*computed anew"):
        again = subset_maps(few.dataset, subsets, STGCN, 0)["train"].clips(np.arange(18))
    np.testing.assert_array_equal(again, expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        subset_maps(few.dataset, subsets, STGCN, 0)


def test_an_interrupted_computation_leaves_nothing(few, subsets, monkeypatch):
    encoder = type(fitted_encoder(few, subsets))
    monkeypatch.setattr(encoder, "maps", lambda self, x: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        subset_maps(few.dataset, subsets, STGCN, 0)
    assert list((storage.cache() / "maps").iterdir()) == []


def fitted_encoder(few, subsets):
    subset_features(few.dataset, subsets, STGCN, 0)
    return fitted(few.dataset, subsets, STGCN, 0)


def test_large_maps_are_read_from_disk(few, subsets, monkeypatch):
    its = Fold("few", few.dataset, subsets, None, STGCN, STGCN, streams=True, maps=True)
    whole = its._load("train", subsets.seen_train)
    monkeypatch.setattr("zsar.data.clip_sets.RESIDENT_BYTES", 100)
    streamed = its._load("train", subsets.seen_train)
    assert isinstance(whole, torch.Tensor) and isinstance(streamed, ClipSet)
    assert torch.equal(torch.cat(list(streamed.split(7))), whole) and torch.equal(
        streamed[torch.tensor([3, 1])], whole[[3, 1]]
    )


def test_purls_trains_alike_on_maps_on_disk(few, monkeypatch):
    from zsar.harness.fold import fold
    from zsar.harness.train import train
    from zsar.plugins import find

    of = job(few, "purls", key=4, hidden=8, epochs=2)
    histories = []
    for size in (2**30, 100):
        monkeypatch.setattr("zsar.data.clip_sets.RESIDENT_BYTES", size)
        histories.append(train(find("method", "purls")(**of.keywords), fold(of), seed=0))
    one, other = histories
    assert one.losses == other.losses
    np.testing.assert_array_equal(one.scores["inductive"][2], other.scores["inductive"][2])


def test_maps_of_an_encoder_without_any_are_refused_before_anything_runs(few, subsets):
    complaint = "purls learns from an encoder's maps, and trajectory has none.*\nName one that has: .*--encoder stgcn"
    with pytest.raises(ZsarError, match=complaint):
        plan("purls", "pku-sim", encoder="trajectory")
    with pytest.raises(ZsarError, match="trajectory has none"):
        subset_maps(few.dataset, subsets, EncoderChoice.of("trajectory", {}, 12), 0)


def test_released_features_are_refused_for_a_method_of_maps(monkeypatch):
    from zsar.data.cards import card

    bundle = dataclasses.replace(card("pku-sim"), features={"smie.1": "Shift-GCN"})
    monkeypatch.setattr("zsar.harness.plan.card", lambda name: bundle)
    with pytest.raises(ZsarError, match="purls learns from maps, and pku-sim holds features only"):
        plan("purls", "pku-sim")


def test_prompts_that_a_set_lacks_are_named(monkeypatch):
    with pytest.raises(ZsarError, match="purls reads the prompt 'head', but the prompt set 'ntu120' has only label"):
        plan("purls", "ntu60", splits="purls.40-20", encoder="stgcn")
