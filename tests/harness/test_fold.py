"""What training and judging get of a fold, with a method and without one."""

import dataclasses

import numpy as np
import pytest
import torch

from zsar.data.partition import companion, partition
from zsar.encoders.features import EncoderChoice
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.harness import fold as folds
from zsar.harness.fold import fold, fold_of
from zsar.learning.contract import Seen


def test_a_method_is_handed_clips_labels_and_text_of_seen_classes(tiny):
    job = tiny("sadvae")
    divided = fold(job)
    seen, text = divided.train
    assert isinstance(seen, Seen) and seen.x is divided.train.x and text is divided.train.text
    assert divided.train.classes == job.split.seen and len(text) == len(job.split.seen)
    assert len(seen.x) == len(divided.train) and set(seen.y.tolist()) == set(range(len(job.split.seen)))
    torch.testing.assert_close(text, torch.from_numpy(job.vectors.of(job.split.seen)))


def test_what_judges_is_apart(tiny):
    job = tiny("pgfa", settings=("zsl", "gzsl"))
    divided = fold(job)
    main = partition(job.dataset, job.card, job.split, job.protocol)
    assert divided.test.classes == job.split.unseen and divided.seen_test.classes == job.split.seen
    for test, rows in ((divided.test, main.unseen_test), (divided.seen_test, main.seen_test)):
        assert [test.classes[i] for i in test.labels] == job.dataset.labels[rows].tolist()
        assert test.samples.tolist() == job.dataset.samples[rows].tolist() and len(test) == len(rows)
        assert test.x.shape == (len(rows), 3, 12, 25, 2) and len(test.text) == len(test.classes)
    assert divided.expert_logits.shape == (len(main.seen_test) + len(main.unseen_test), len(job.split.seen))
    assert "6 seen and 3 unseen classes" in repr(divided)


def test_companions_hold_back_seen_classes(tiny):
    job = tiny("sadvae")
    main = partition(job.dataset, job.card, job.split, job.protocol)
    for number in (0, 1):
        held = fold(job, companion=number)
        expected = companion(job.dataset, job.split, main, number)
        assert held.test.classes == expected.candidates and set(held.test.classes) < set(job.split.seen)
        assert held.train.classes == expected.classes and len(held.train) == len(expected.seen_train)


def test_nothing_is_loaded_before_it_is_asked_for(tiny, monkeypatch):
    read = []
    monkeypatch.setattr(
        folds, "clips_of", lambda dataset, rows, *_: read.append(len(rows)) or torch.zeros(len(rows), 3)
    )
    divided = fold(tiny("pgfa", settings=("zsl", "gzsl")))
    assert divided.test.labels.size and divided.seen_test.labels.size and not read
    assert len(divided.train.x) == read[0] and divided.train is divided.train and len(read) == 1


def test_without_test_clips_of_seen_classes_the_generalized_setting_is_refused(tiny, monkeypatch):
    def without(*arguments):
        return dataclasses.replace(partition(*arguments), seen_test=np.array([], dtype=int))

    monkeypatch.setattr(folds, "partition", without)
    assert fold(tiny("sadvae")).seen_test is None
    with pytest.raises(DataError, match="no test clip of a seen class"):
        fold(tiny("sadvae", settings=("gzsl",)))


def test_a_fold_without_a_method_has_the_default_recipe(home):
    divided = fold_of("pku-sim", "smie.split-7", settings=("zsl", "gzsl"))
    assert divided.encoder.name == "trajectory" and divided.encoder.keywords["components"] == 32
    assert divided.frames == 50 and divided.vectors.model == "all-MiniLM-L6-v2"
    assert divided.train.x.shape[1] == 64  # every component's positive and negative part
    assert divided.train.text.shape[1] == 2 and divided.vectors.prompts == ("label", "description")
    assert len(divided.expert_logits) == len(divided.seen_test) + len(divided.test)


def test_encoder_prompts_companion_and_clips_can_be_named(home):
    few = EncoderChoice.of("trajectory", {"frames": 6, "components": 4}, 12)
    divided = fold_of("pku-sim", "smie.split-7", encoder=few, prompts=("label",), companion=0)
    assert divided.train.x.shape[1] == 8 and divided.train.text.shape[1] == 1
    assert divided.name == "pku-sim.smie.split-7" and len(divided.test.classes) < len(divided.train.classes)
    clips = fold_of("pku-sim", "smie.split-7", frames=8, clips=True)
    assert clips.test.x.shape[1:] == (3, 8, 25, 2)


def test_what_a_fold_cannot_be_of_is_refused(home):
    with pytest.raises(ZsarError, match="a fold is of one"):
        fold_of("pku-sim", "smie")
    with pytest.raises(UnknownName, match="trajectory"):
        fold_of("pku-sim", "smie.split-7", encoder="trajectories")
