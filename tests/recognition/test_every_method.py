"""Every installed method, and every kind of encoder, is kept and reads back as it was."""

import pytest

import zsar
from zsar import plugins
from zsar.harness.plan import plan
from zsar.recognition.training import train

QUICK = {
    "epochs": 2,
    "cycles": 2,
    "steps": 3,
    "alignment_steps": 3,
    "passes": 1,
    "batch": 32,
    "draws": 5,
    "classifier_steps": 5,
    "hidden": 4,
    "width": 8,
    "warmup": 1,
}


def keywords(cls) -> dict:
    import inspect

    known = inspect.signature(cls).parameters
    return {k: v for k, v in QUICK.items() if k in known and not isinstance(known[k].default, tuple)}


def check(job, folder, trained):
    fresh = train(job, folds=0)
    fresh.save(folder)
    model, content = zsar.load(folder), fresh.content
    clips = [trained.dataset.frames(i) for i in trained.subsets.unseen_test.tolist()]
    names = [c.name for c in model.classes if not c.seen]
    truth = [next(c.name for c in model.classes if c.id == trained.dataset.labels[i])
             for i in trained.subsets.unseen_test]  # fmt: skip
    assert model.score(clips, names, truth) == content["metrics"]["inductive"]["top1"]
    return model, content


@pytest.mark.parametrize("method", sorted(set(plugins.available("method")) - {"nearest", "random"}))
def test_method(method, trained, tmp_path):
    settings = {method: keywords(plugins.find("method", method))}
    [job] = plan(method, "pku-sim", splits="smie.split-7", keywords=settings, rules="last")
    model, content = check(job, tmp_path / "model", trained)
    assert model.transductive == plugins.find("method", method).transductive == ("transductive" in content["metrics"])


@pytest.mark.parametrize("encoder", ["stgcn", "shiftgcn"])
def test_trained_encoder(encoder, trained, tmp_path):
    settings = {encoder: keywords(plugins.find("encoder", encoder))}
    [job] = plan("nearest", "pku-sim", splits="smie.split-7", encoder=encoder, keywords=settings, rules="last")
    model, _ = check(job, tmp_path / "model", trained)
    assert model.content["encoder"]["name"] == encoder and model.content["encoder"]["state"] == "restore"
