"""Clips read batch by batch are the clips that would be held in memory, bit for bit, and so is all training on them."""

import numpy as np
import pytest
import torch

from zsar.data import clip_sets
from zsar.data.clip_sets import ClipSet, clips_of, fed, finite
from zsar.data.datasets import open_dataset
from zsar.data.partition import partition
from zsar.encoders.features import EncoderChoice, subset_features
from zsar.errors import DataError
from zsar.harness.fold import fold
from zsar.harness.train import train
from zsar.methods import find
from zsar.testing.small import job

PGFA = {"hidden": 2, "width": 8, "epochs": 2, "batch": 16, "warmup": 0}


@pytest.fixture
def dataset(nine):
    return open_dataset("pku-sim")


@pytest.fixture
def both(dataset):
    """The same clips read as they are needed, and held in memory."""
    indices = np.arange(len(dataset))[::-1][:23]
    return ClipSet(dataset, indices, 12), torch.from_numpy(dataset.clips(indices, 12))


def test_it_is_used_like_the_tensor(both):
    lazy, held = both
    assert len(lazy) == len(held) and tuple(lazy.shape) == tuple(held.shape) and lazy.device == held.device
    rows = torch.tensor([5, 0, 22, 5])
    assert torch.equal(lazy[rows], held[rows]) and torch.equal(lazy[3:9], held[3:9])
    for size in (1, 7, 23, 100):
        parts = list(lazy.split(size))
        assert [len(p) for p in parts] == [len(p) for p in held.split(size)] and torch.equal(torch.cat(parts), held)
    assert torch.equal(torch.cat([lazy, lazy])[:40], torch.cat([held, held])[:40])
    empty = ClipSet(lazy.dataset, np.array([], dtype=int), 12)
    assert len(empty) == 0 and tuple(empty.shape[1:]) == tuple(held.shape[1:]) and finite(empty)


def test_batches_are_fed_in_order_and_drawn_where_they_are_used(both):
    lazy, held = both
    torch.manual_seed(0)
    drawn = lambda: (torch.randint(23, (4,)) for _ in range(5))
    found = [(rows, clips) for rows, clips in fed(lazy, drawn())]
    torch.manual_seed(0)
    for (rows, clips), (other_rows, other) in zip(found, fed(held, drawn()), strict=True):
        assert torch.equal(rows, other_rows) and torch.equal(clips, other)
    assert list(fed(lazy, [])) == []
    for _, _ in fed(lazy, drawn()):
        break  # the reader ends with it


def test_what_goes_wrong_while_reading_is_raised(both):
    lazy, _ = both
    with pytest.raises(IndexError):
        list(fed(lazy, [torch.tensor([0]), torch.tensor([99])]))


def test_what_fits_is_held(dataset, monkeypatch):
    indices = np.arange(5)
    assert isinstance(clips_of(dataset, indices, 12, "kinect_v2", "cpu", True), torch.Tensor)
    monkeypatch.setattr(clip_sets, "RESIDENT_BYTES", 5 * 4 * 3 * 12 * 25 * 2 - 1)
    assert isinstance(clips_of(dataset, indices, 12, "kinect_v2", "cpu", True), ClipSet)
    assert isinstance(clips_of(dataset, indices[:4], 12, "kinect_v2", "cpu", True), torch.Tensor)
    assert isinstance(clips_of(dataset, indices, 12, "kinect_v2", "cpu", False), torch.Tensor)  # not everyone can


def test_training_and_judging_pgfa_is_the_same_bit_for_bit(nine, dataset, monkeypatch):
    of = job(nine, "pgfa", settings=("zsl", "gzsl"), **PGFA)
    runs = []
    for room in (2**32, 0):
        monkeypatch.setattr(clip_sets, "RESIDENT_BYTES", room)
        divided = fold(of)
        lazily = [isinstance(x, ClipSet) for x in (divided.train.x, divided.test.x, divided.seen_test.x)]
        assert lazily == [room == 0] * 3
        method = find("pgfa")(**of.keywords)
        history = train(method, divided, seed=0)
        runs.append((history, method.network.state_dict()))
    (one, weights), (other, other_weights) = runs
    assert one.losses == other.losses
    assert all(torch.equal(weights[k], other_weights[k]) for k in weights)
    for mode in one.scores:
        np.testing.assert_array_equal(one.scores[mode][2], other.scores[mode][2])
        np.testing.assert_array_equal(one.generalized[mode][2], other.generalized[mode][2])


@pytest.mark.parametrize("encoder", ["stgcn", "shiftgcn"])
def test_pretraining_is_the_same_bit_for_bit(nine, dataset, encoder, monkeypatch, tmp_path):
    of = job(nine, "pgfa")
    main = partition(dataset, of.card, of.split, of.protocol)
    choice = EncoderChoice.of(encoder, {"hidden": 2, "epochs": 2, "batch": 16}, 12)
    found = []
    for room in (2**32, 0):
        monkeypatch.setattr(clip_sets, "RESIDENT_BYTES", room)
        monkeypatch.setenv("ZSAR_HOME", str(tmp_path / str(room)))
        found.append(subset_features(dataset, main, choice, 0))
    for key in found[0]:
        np.testing.assert_array_equal(found[0][key], found[1][key])


def test_nan_in_training_clips_is_refused_all_the_same(nine, dataset, monkeypatch):
    of = job(nine, "pgfa", **PGFA)
    main = partition(dataset, of.card, of.split, of.protocol)
    frames = np.array(dataset._frames)
    frames[dataset.offsets[main.seen_train[-1]]] = np.nan
    monkeypatch.setattr(dataset, "_frames", frames)
    monkeypatch.setattr(clip_sets, "RESIDENT_BYTES", 0)
    with pytest.raises(DataError, match="training data with NaN"):
        _ = fold(of).train


@pytest.mark.gpu
def test_batches_arrive_on_a_gpu(dataset):
    lazy, held = ClipSet(dataset, np.arange(20), 12, device="cuda"), torch.from_numpy(dataset.clips(np.arange(20), 12))
    for rows, clips in fed(lazy, torch.arange(20).split(6)):
        assert clips.is_cuda and torch.equal(clips.cpu(), held[rows])
