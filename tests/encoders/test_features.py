"""Features are fitted on the training clips only, and computed once."""

import dataclasses
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from zsar import plugins
from zsar.data.partition import companion, partition
from zsar.encoders import features
from zsar.encoders.features import EncoderChoice, class_numbers, subset_features
from zsar.errors import UnknownName, ZsarError

TRAJECTORY = EncoderChoice.of("trajectory", {"frames": 6, "components": 8}, 12)
STGCN = EncoderChoice.of("stgcn", {"hidden": 4, "width": 8, "epochs": 2, "batch": 8}, 12)


@pytest.fixture
def subsets(few):
    return partition(few.dataset, few.card, few.split, few.card.default_protocol)


class Spoilt:
    """A dataset whose test clips are replaced; its version is its own."""

    def __init__(self, dataset, rows, value, version):
        self.layout = dataset.layout
        self.dataset, self.rows, self.value, self.version = (
            dataset,
            set(rows.tolist()),
            value,
            version,
        )
        self.id, self.samples, self.labels = dataset.id, dataset.samples, dataset.labels

    def clips(self, indices, *rest):
        x = self.dataset.clips(indices, *rest)
        x[[i in self.rows for i in indices.tolist()]] = self.value
        return x


@pytest.mark.parametrize("choice, width", [(TRAJECTORY, 16), (STGCN, 8)], ids=["trajectory", "stgcn"])
def test_features_and_logits_of_every_subset(few, subsets, choice, width):
    arrays = subset_features(few.dataset, subsets, choice, 0)
    sizes = {"train": 18, "seen_test": 18, "unseen_test": 9}
    assert {k: v.shape for k, v in arrays.items()} == {k: (n, width) for k, n in sizes.items()} | {
        f"{k}_logits": (n, 6) for k, n in sizes.items()
    }
    assert all(v.dtype == np.float32 and np.isfinite(v).all() for v in arrays.values())
    assert all((arrays[k] >= 0).all() for k in sizes)


@pytest.mark.parametrize("choice", [TRAJECTORY, STGCN], ids=["trajectory", "stgcn"])
@pytest.mark.parametrize("value", [7.0, np.nan])
def test_test_clips_change_nothing_of_the_training_features(few, subsets, choice, value):
    whole = subset_features(few.dataset, subsets, choice, 0)
    tests = np.concatenate([subsets.seen_test, subsets.unseen_test])
    spoilt = subset_features(Spoilt(few.dataset, tests, value, "spoilt"), subsets, choice, 0)
    for key in ("train", "train_logits"):
        np.testing.assert_array_equal(spoilt[key], whole[key])
    assert not np.array_equal(spoilt["unseen_test"], whole["unseen_test"])
    fewer = dataclasses.replace(subsets, unseen_test=subsets.unseen_test[:2], seen_test=subsets.seen_test[:0])
    alone = subset_features(few.dataset, fewer, choice, 0)
    assert "seen_test" not in alone
    np.testing.assert_array_equal(alone["train"], whole["train"])
    np.testing.assert_allclose(alone["unseen_test"], whole["unseen_test"][:2], rtol=1e-5, atol=1e-6)


def test_training_clips_do_change_them(few, subsets):
    whole = subset_features(few.dataset, subsets, TRAJECTORY, 0)
    other = subset_features(Spoilt(few.dataset, subsets.seen_train[:3], 0.5, "other"), subsets, TRAJECTORY, 0)
    assert not np.allclose(other["unseen_test"], whole["unseen_test"])


def test_the_companions_features_are_fitted_on_its_own_training_clips(few, subsets):
    tuning = companion(few.dataset, few.split, subsets)
    whole = subset_features(few.dataset, tuning, TRAJECTORY, 0)
    others = np.setdiff1d(np.arange(len(few.dataset)), tuning.seen_train)
    spoilt = subset_features(Spoilt(few.dataset, others, np.nan, "spoilt"), tuning, TRAJECTORY, 0)
    np.testing.assert_array_equal(spoilt["train"], whole["train"])


@pytest.fixture
def computed(monkeypatch):
    calls, real = [], features._compute
    monkeypatch.setattr(features, "_compute", lambda *a: calls.append(a) or real(*a))
    return calls


def test_the_second_call_reads_the_file(few, subsets, computed, home):
    first = subset_features(few.dataset, subsets, TRAJECTORY, 0)
    second = subset_features(few.dataset, subsets, TRAJECTORY, 0)
    assert len(computed) == 1 and len(list((home / "features").iterdir())) == 1
    assert first.keys() == second.keys()
    for key in first:
        np.testing.assert_array_equal(first[key], second[key])


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b"",
        lambda b: b[: len(b) // 2],
        lambda b: b"x" * len(b),
        lambda b: b[:-9] + bytes([b[-9] ^ 1]) + b[-8:],
        lambda b: b[:-4] + np.float32(np.nan).tobytes(),
    ],
    ids=["empty", "truncated", "overwritten", "one bit", "NaN"],
)
def test_a_damaged_file_is_computed_anew(few, subsets, computed, home, damage):
    first = subset_features(few.dataset, subsets, TRAJECTORY, 0)
    (path,) = (home / "features").iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    with pytest.warns(UserWarning, match=f"{path.name} is damaged"):
        again = subset_features(few.dataset, subsets, TRAJECTORY, 0)
    np.testing.assert_array_equal(again["train"], first["train"])
    assert len(computed) == 2 and path.read_bytes() == whole
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        subset_features(few.dataset, subsets, TRAJECTORY, 0)


def test_a_file_without_a_checksum_is_read_and_one_with_nan_computed_anew(few, subsets, computed, home):
    from safetensors.numpy import load_file, save_file

    first = subset_features(few.dataset, subsets, TRAJECTORY, 0)
    (path,) = (home / "features").iterdir()
    arrays = load_file(path)
    save_file(arrays, path)
    np.testing.assert_array_equal(subset_features(few.dataset, subsets, TRAJECTORY, 0)["train"], first["train"])
    assert len(computed) == 1
    save_file(arrays | {"train": np.full_like(arrays["train"], np.nan)}, path)
    with pytest.warns(UserWarning, match=f"{path.name} is damaged"):
        again = subset_features(few.dataset, subsets, TRAJECTORY, 0)
    np.testing.assert_array_equal(again["train"], first["train"])


def test_the_key_follows_what_determines_the_features(few, subsets, monkeypatch):
    data = few.dataset
    key = TRAJECTORY.key(data, subsets, 0)
    assert TRAJECTORY.key(data, subsets, 1) == key  # nothing in it is drawn
    assert STGCN.key(data, subsets, 1) != STGCN.key(data, subsets, 0)
    other = SimpleNamespace(version="other", samples=data.samples, layout=data.layout)
    retargeted = SimpleNamespace(version=data.version, samples=data.samples, layout="kinect_v1")
    keys = [
        key,
        TRAJECTORY.key(other, subsets, 0),
        TRAJECTORY.key(retargeted, subsets, 0),
        STGCN.key(data, subsets, 0),
        TRAJECTORY.key(data, dataclasses.replace(subsets, seen_train=subsets.seen_train[1:]), 0),
        TRAJECTORY.key(data, dataclasses.replace(subsets, unseen_test=subsets.unseen_test[1:]), 0),
        TRAJECTORY.key(data, dataclasses.replace(subsets, classes=subsets.classes[::-1]), 0),
        EncoderChoice.of("trajectory", {"frames": 6, "components": 9}, 12).key(data, subsets, 0),
        EncoderChoice.of("trajectory", {"frames": 6, "components": 8}, 13).key(data, subsets, 0),
    ]
    monkeypatch.setattr(plugins.find("encoder", "trajectory"), "version", 99)
    keys.append(TRAJECTORY.key(data, subsets, 0))
    assert len(set(keys)) == len(keys)


def test_pretraining_is_its_seeds_own_and_disturbs_nobody(few, subsets, tmp_path, monkeypatch):
    import torch

    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = subset_features(few.dataset, subsets, STGCN, 0)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "elsewhere"))
    again = subset_features(few.dataset, subsets, STGCN, 0)
    other = subset_features(few.dataset, subsets, STGCN, 1)
    np.testing.assert_array_equal(first["unseen_test"], again["unseen_test"])
    assert not np.allclose(first["unseen_test"], other["unseen_test"])


def test_pretraining_learns(few, subsets):
    choice = EncoderChoice.of("stgcn", {"hidden": 4, "width": 16, "epochs": 25, "batch": 9, "dropout": 0.0}, 12)
    y = class_numbers(few.dataset.labels[subsets.seen_train], subsets.classes)
    hits = (subset_features(few.dataset, subsets, choice, 0)["train_logits"].argmax(1) == y).mean()
    assert hits > 0.6  # chance is a sixth


def test_a_batch_larger_than_the_data_trains_all_the_same(few, subsets):
    untrained = EncoderChoice.of("stgcn", {"hidden": 4, "width": 8, "epochs": 0, "batch": 1000}, 12)
    trained = EncoderChoice.of("stgcn", {"hidden": 4, "width": 8, "epochs": 2, "batch": 1000}, 12)
    first, second = (subset_features(few.dataset, subsets, c, 0)["train"] for c in (untrained, trained))
    assert not np.array_equal(first, second)


def test_class_numbers():
    assert class_numbers(np.array(["b", "a", "b"]), ("a", "b")).tolist() == [1, 0, 1]


def test_typos_are_answered():
    with pytest.raises(UnknownName, match="encoder 'trajectroy'\nDid you mean trajectory"):
        EncoderChoice.of("trajectroy", {}, 12)
    with pytest.raises(UnknownName, match="keyword 'component' in encoder trajectory\nDid you mean components"):
        EncoderChoice.of("trajectory", {"component": 3}, 12)
    with pytest.raises(ZsarError, match="encoder trajectory: components should be a int"):
        EncoderChoice.of("trajectory", {"components": "many"}, 12)
