"""A set of candidates' classifier is made once: then a clip is quick, and scored as the harness scores it."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

import zsar
from zsar import plugins
from zsar.harness import judge
from zsar.harness.plan import plan
from zsar.learning.contract import Method
from zsar.recognition.clip_files import read_clips
from zsar.recognition.scoring import MOST_READY, Scorer
from zsar.recognition.training import train

QUICK = {"sadvae": {"cycles": 1, "passes": 1}, "cadavae": {"cycles": 1, "steps": 3}, "synse": {"cycles": 1, "steps": 3}}


class Drawn(Method):
    """Trains a classifier for its candidates, as far as random numbers are concerned."""

    title = "Drawn"

    def __init__(self):
        self.calls = 0

    def embed(self, x):
        return x + 1

    def classifier(self, text):
        self.calls += 1
        weight = torch.randn(len(text), 4)
        return lambda embedded: embedded @ weight.T


class Noisy(Method):
    """Scores with noise, and knows nothing of classifiers."""

    title = "Noisy"

    def score(self, x, text):
        return torch.randn(len(x), len(text))


def harness_scores(method, x, text, seed):
    return judge.scores(method, judge.embed(method, x, seed), text, seed)["inductive"]


@pytest.mark.parametrize("cls", [Drawn, Noisy])
def test_scores_are_the_harness_s(cls):
    x, text = torch.ones(3, 4), torch.rand(5, 1, 2)
    scorer = Scorer(cls(), 7, epochs=3)
    for _ in range(2):
        assert np.array_equal(scorer(x, text), harness_scores(cls(), x, text, judge.epoch_seed(7, 3)))
    for seed, epochs in ((8, 3), (7, 4)):
        assert not np.array_equal(scorer(x, text), Scorer(cls(), seed, epochs)(x, text))


def test_a_classifier_is_made_once_for_a_set_of_candidates():
    method, x = Drawn(), torch.ones(2, 4)
    scorer = Scorer(method, seed=5, epochs=1)
    texts = [torch.full((3, 1, 2), float(i)) for i in range(MOST_READY + 2)]
    first = scorer(x, texts[0])
    assert np.array_equal(scorer(x, texts[0]), first) and method.calls == 1
    for text in texts:
        scorer(x, text)
    assert len(scorer._ready) == MOST_READY < len(texts)
    assert np.array_equal(scorer(x, texts[0]), first) and method.calls == len(texts) + 1


@pytest.mark.parametrize("method", QUICK)
def test_the_first_and_the_warm_clip(method, trained, tmp_path, clip_file):
    [job] = plan(method, "pku-sim", splits="smie.split-7", keywords={method: QUICK[method]}, rules="last")
    train(replace(job, seed=2), folds=0).save(tmp_path / "model")
    model = zsar.load(tmp_path / "model")
    assert plugins.find("method", method).classifier is not Method.classifier
    x, text = torch.rand(5, *model.content["method"]["x"]), torch.from_numpy(model.vectors[:6])
    drawn = 2, model.content["method"]["epochs"]
    expected = harness_scores(model.method, x, text, judge.epoch_seed(*drawn))
    assert np.array_equal(Scorer(model.method, *drawn)(x, text), expected)
    candidates = model.candidates(["drink water", "wave both hands", "fall down"])
    model.warm(candidates)

    def seconds():
        started = time.process_time()
        model.decision_function(read_clips(clip_file), candidates)
        return time.process_time() - started

    assert min(seconds() for _ in range(10)) < 0.05
