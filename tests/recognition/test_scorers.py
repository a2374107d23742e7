"""Methods that train a classifier for their candidates do so once: then a clip is quick, and scored the same."""

import time
from dataclasses import replace

import pytest
import torch

import zsar
from zsar.harness.plan import plan
from zsar.plugins import find
from zsar.recognition.clip_files import read_clips
from zsar.recognition.scoring import Scorer, seeded_scores
from zsar.recognition.training import train_model

QUICK = {"sadvae": {"cycles": 1, "passes": 1}, "cadavae": {"cycles": 1, "steps": 3}, "synse": {"cycles": 1, "steps": 3}}


@pytest.mark.parametrize("method", QUICK)
def test_the_first_and_the_warm_clip(method, trained, tmp_path, clip_file):
    [job] = plan(method, "pku-sim", splits="smie.split-7", keywords={method: QUICK[method]}, rules="last")
    train_model(replace(job, seed=2), tmp_path / "model", folds=0)
    model = zsar.load(tmp_path / "model")
    assert hasattr(find("method", method), "scorer")
    kept, x = model._scores_of.method, torch.rand(5, *model.content["method"]["given"])
    text = torch.from_numpy(model.vectors[:6])
    assert (Scorer(kept, 2)(x, text) == seeded_scores(kept, x, text, 2)).all()
    chosen = model.candidates(["drink water", "wave both hands", "fall down"])
    model.warm(chosen)

    def seconds():
        started = time.process_time()
        model.decision_function(read_clips(clip_file), chosen)
        return time.process_time() - started

    assert min(seconds() for _ in range(10)) < 0.05
