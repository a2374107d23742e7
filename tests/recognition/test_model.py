"""The model in Python: scikit-learn's habits, any order of labels, mixed labels, other layouts, speed."""

import json
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

import zsar
from zsar.data.cards import card
from zsar.errors import DataError, ZsarError
from zsar.recognition.answers import answers, caveats
from zsar.recognition.clip_files import read_clips
from zsar.recognition.clips import InputClip
from zsar.recognition.training import train
from zsar.skeletons.clip import Clip
from zsar.skeletons.layouts import layout
from zsar.skeletons.retarget import retarget


@pytest.fixture
def clips(trained):
    return [InputClip(str(i), trained.dataset.frames(i), "kinect_v2") for i in trained.subsets.unseen_test.tolist()]


def test_predict_proba_and_score_agree(model, clips, descriptions, trained):
    labels = list(descriptions.values())
    p = model.predict_proba(clips, labels=labels)
    assert p.shape == (len(clips), len(labels)) and np.allclose(p.sum(1), 1) and (p > 0).all()
    found = model.predict(clips, labels=labels)
    assert found.tolist() == [labels[i] for i in p.argmax(1)]
    truth = [descriptions[trained.dataset.labels[i]] for i in trained.subsets.unseen_test]
    right = np.mean(found == np.array(truth))
    assert model.score(clips, labels, truth) == right == trained.content["metrics"]["inductive"]["top1"]
    assert model.score(clips, labels, [labels.index(t) for t in truth]) == right


def test_clips_in_every_form_give_the_same(model, clips, trained):
    labels, frames = ["wave both hands", "sit down", "kick something"], [c.frames for c in clips[:3]]
    expected = model.decision_function(clips[:3], labels)
    as_clips = [Clip(f, "", str(i)) for i, f in enumerate(frames)]
    assert np.array_equal(model.decision_function(as_clips, labels), expected)
    assert np.array_equal(model.decision_function(frames, labels), expected)
    x = trained.dataset.clips(trained.subsets.unseen_test[:3], model.shape.frames)
    assert x.shape[1:] == (3, model.shape.frames, 25, 2)
    assert np.allclose(model.decision_function(x, labels), expected, atol=1e-4)
    one = np.isin(range(3), [i for i, f in enumerate(frames) if not f[:, 1].any()])
    alone = [f[:, 0] for f in frames]
    assert one.any() and np.array_equal(model.decision_function(alone, labels)[one], expected[one])
    assert model.predict([], labels).shape == (0,)


def test_the_order_of_labels_changes_no_score(model, clips, trained):
    seen = [c.name for c in model.classes if c.seen][:2]
    for labels in (["fall down", "drink water", "juggle three balls"], ["juggle three balls", *seen, "fall down"]):
        turned = labels[::-1]
        assert np.array_equal(model.decision_function(clips, labels), model.decision_function(clips, turned)[:, ::-1])


def test_all_labels_are_the_generalized_setting(model, trained):
    numbers = np.concatenate([trained.subsets.seen_test, trained.subsets.unseen_test]).tolist()
    clips = [InputClip(str(i), trained.dataset.frames(i), "kinect_v2") for i in numbers]
    names = card("pku-sim").classes
    found = model.predict(clips, list(names.values())) == [names[trained.dataset.labels[i]] for i in numbers]
    reported, seen = trained.content["metrics"]["generalized"], len(trained.subsets.seen_test)
    assert (found[:seen].mean(), found[seen:].mean()) == (reported["seen"], reported["unseen"])
    # A trained label's score is the same whichever other trained labels are asked for.
    some = [trained.subsets.classes[0], *trained.subsets.candidates]
    more = [*trained.subsets.classes[:3], *trained.subsets.candidates]
    shared = [more.index(c) for c in some]
    assert np.allclose(model.decision_function(clips, some), model.decision_function(clips, more)[:, shared])


def test_a_clip_of_another_layout_is_retargeted(model, clips, tmp_path):
    kinect_v1 = [j for j in layout("kinect_v1").joints]
    order = [layout("kinect_v2").joints.index(j) for j in kinect_v1]
    labels = ["wave both hands", "sit down", "kick something"]
    short = clips[0].frames[:, :, order]
    given = retarget(short, "kinect_v1", "kinect_v2")
    expected = model.decision_function([InputClip("", given, "kinect_v2")], labels)
    assert np.allclose(model.decision_function([short], labels), expected, atol=1e-5)
    np.save(tmp_path / "v1.npy", short)
    assert np.allclose(model.decision_function(read_clips(tmp_path / "v1.npy"), labels), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("clips", "told"),
    [
        (np.zeros((2, 25, 3)), "expected [clips, 3, frames, joints, bodies]"),
        ([np.zeros((4, 25, 3))], "nothing but zeros"),
        ([np.full((4, 25, 3), np.nan)], "NaN"),
        ([np.ones((4, 25, 3)), np.full((4, 25, 3), -101.0)], "clip 1 holds a coordinate of 101 m; beyond 100 m"),
        ([Clip(np.full((4, 1, 25, 3), 1e30), "c/0", "s7")], "s7 holds a coordinate of 1e+30 m"),
        ([InputClip("mine", np.full((4, 1, 25, 3), 1800.0), "kinect_v2")], "mine holds a coordinate of 1800 m"),
        ([InputClip("mine", np.full((4, 1, 25, 3), np.inf), "kinect_v2")], "mine holds NaN or infinite"),
        (np.full((2, 3, 4, 25, 1), 1e30), "clip 0 holds a coordinate of 1e+30 m"),
        ([np.ones((4, 7, 3))], "7 joints"),
        ([np.ones((0, 25, 3))], "no frames"),
        ([np.array(["a"])], "expected [frames, bodies, joints, 3]"),
        ("clip.npy", "not str"),
        (None, "not NoneType"),
    ],
)
def test_what_is_no_clip_is_told(model, clips, told):
    with pytest.raises(DataError, match=re.escape(told)):
        model.predict(clips, ["sit down", "stand up"])


def test_wrong_answers_are_told(model, clips):
    for y in (["stand"] * len(clips), [2] * len(clips), [0]):
        with pytest.raises(ZsarError, match="right label"):
            model.score(clips, ["sit down", "stand up"], y)


def test_uncalibrated_scores_are_no_probabilities(trained, tmp_path, clips):
    train(trained.job, folds=0).save(tmp_path / "model")
    model = zsar.load(tmp_path / "model")
    with pytest.raises(ZsarError, match="isn't calibrated.*without companion runs"):
        model.predict_proba(clips, ["sit down", "stand up"])
    chosen = model.candidates(["sit down", "stand up"])
    told = answers(model, clips[:1], chosen)[0]["predictions"]
    assert all("probability" not in entry and "score" in entry for entry in told)
    assert "scores, not probabilities" in " ".join(caveats(model, chosen))


def test_probabilities_say_where_they_come_from(model):
    told = " ".join(caveats(model, model.candidates(["sit down", "stand up"])))
    assert "fitted on" in told and "2 companion runs" in told and "off by" in told


def test_a_warm_prediction_takes_less_than_50_ms(model, clip_file):
    chosen = model.candidates(["drink water", "wave both hands", "fall down"])
    model.warm(chosen)

    def seconds():
        started = time.process_time()
        model.predict_proba(read_clips(clip_file), chosen)
        return time.process_time() - started

    assert min(seconds() for _ in range(10)) < 0.05


def test_a_moved_model_needs_nothing_else(trained, tmp_path, clip_file):
    """In another process, without the dataset, the cache and the folder that it was written to."""
    moved = shutil.copytree(trained.folder, tmp_path / "elsewhere" / "renamed")
    assert sorted(p.suffix for p in moved.iterdir()) == [".json", ".safetensors", ".safetensors", ".safetensors"]
    done = subprocess.run(
        [sys.executable, "-m", "zsar.cli", "predict", str(moved), str(clip_file), "--json", "--labels", "eat", "sit"],
        env={"ZSAR_HOME": str(tmp_path / "nowhere"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert {e["label"] for e in json.loads(done.stdout)["clips"][0]["predictions"]} == {"eat", "sit"}
    assert not (tmp_path / "nowhere").exists()
