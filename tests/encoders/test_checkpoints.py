"""Encoder training that is killed goes on where it was, and checkpoints cost little."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from zsar.data.partition import partition
from zsar.encoders import checkpoints
from zsar.encoders.features import EncoderChoice, cache_path, class_numbers, subset_features
from zsar.encoders.pretraining import STGCNEncoder
from zsar.learning import resuming

TINY = {
    "stgcn": {"hidden": 4, "width": 8, "batch": 8},
    "shiftgcn": {"hidden": 4, "batch": 8, "absent_bodies": "skip"},
}


@pytest.fixture
def subsets(few):
    return partition(few.dataset, few.card, few.split, few.card.default_protocol)


def test_an_encoder_is_trained_without_a_checkpoint_and_the_callers_random_numbers_are_left_alone(few, subsets):
    x = torch.from_numpy(few.dataset.clips(subsets.seen_train, 12))
    y = torch.from_numpy(class_numbers(few.dataset.labels[subsets.seen_train], subsets.classes))
    features, state = [], torch.get_rng_state()
    for epochs in (1, 1, 2):
        encoder = STGCNEncoder(**TINY["stgcn"], epochs=epochs)
        checkpoints.train(encoder, x, y, len(subsets.classes), seed=3)
        features.append(encoder.encode(x))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(features[0], features[1]) and not torch.equal(features[1], features[2])


def test_fast_epochs_are_saved_at_most_once_a_second(few, subsets, tmp_path, monkeypatch):
    x = torch.from_numpy(few.dataset.clips(subsets.seen_train, 12))
    y = torch.from_numpy(class_numbers(few.dataset.labels[subsets.seen_train], subsets.classes))
    clips = x, y, len(subsets.classes)
    writes = []
    monkeypatch.setattr(resuming.storage, "write_bytes", lambda path, content: writes.append(path))
    encoder = STGCNEncoder(**TINY["stgcn"], epochs=6)
    clock = iter(np.arange(0, 100, 0.1))
    monkeypatch.setattr(checkpoints.time, "perf_counter", lambda: next(clock))
    checkpoints.train(encoder, *clips, seed=0, checkpoint=tmp_path / "key.fit")
    assert 1 <= len(writes) < 6
    monkeypatch.setattr(resuming, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    writes.clear()
    checkpoints.train(STGCNEncoder(**TINY["stgcn"], epochs=6), *clips, seed=0, checkpoint=tmp_path / "key.fit")
    assert len(writes) == 6


def test_a_damaged_checkpoint_starts_over(few, subsets, home):
    choice = EncoderChoice.of("stgcn", {**TINY["stgcn"], "epochs": 2}, 12)
    path = cache_path(few.dataset, subsets, choice, 0)
    undisturbed = subset_features(few.dataset, subsets, choice, 0)
    path.unlink()
    path.with_suffix(".fit").write_bytes(b"nothing of use")
    again = subset_features(few.dataset, subsets, choice, 0)
    np.testing.assert_array_equal(again["unseen_test"], undisturbed["unseen_test"])
    assert [p.name for p in path.parent.iterdir()] == [path.name]


RUN = """
import os, sys, time
from zsar.data.partition import partition
from zsar.encoders.features import EncoderChoice, subset_features
from zsar.learning import resuming
from zsar.testing.small import small
resuming.SECONDS_BETWEEN_CHECKPOINTS = 0.0
few = small(sys.argv[1])
subsets = partition(few.dataset, few.card, few.split, few.card.default_protocol)
choice = EncoderChoice.of(sys.argv[2], {keywords}, 12)
def report(epoch):
    print(epoch.number, flush=True)
    if epoch.number == 3:
        time.sleep(300)  # the third epoch isn't saved yet: here it is killed
subset_features(few.dataset, subsets, choice, 0, on_epoch=report)
"""


@pytest.mark.parametrize("name", TINY)
def test_killed_training_goes_on_bit_for_bit(name, few, subsets, home, tmp_path):
    keywords = {**TINY[name], "epochs": 5}
    choice = EncoderChoice.of(name, keywords, 12)
    code = RUN.replace("{keywords}", repr(keywords))
    # The dataset is made anew there, as the same one: its features have the same key.
    started = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "data"), name], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    while started.stdout.readline().strip() != "3":
        assert started.poll() is None
    started.send_signal(signal.SIGKILL)
    started.wait()
    path = cache_path(few.dataset, subsets, choice, 0)
    assert not path.exists() and path.with_suffix(".fit").is_file()
    epochs = []
    resumed = subset_features(few.dataset, subsets, choice, 0, on_epoch=lambda e: epochs.append(e.number))
    assert epochs == [3, 4, 5] and not path.with_suffix(".fit").exists()
    content = path.read_bytes()
    path.unlink()
    undisturbed = subset_features(few.dataset, subsets, choice, 0)
    for key in undisturbed:
        np.testing.assert_array_equal(resumed[key], undisturbed[key])
    assert path.read_bytes() == content
