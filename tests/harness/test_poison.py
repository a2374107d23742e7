"""What a method trains on: every other clip, and every other text, is NaN, and no weight changes."""

import hashlib
import inspect

import numpy as np
import pytest
import torch

from zsar.data.datasets import open_dataset
from zsar.data.partition import companion, partition
from zsar.data.store import Prepared
from zsar.encoders.features import EncoderChoice
from zsar.errors import DataError
from zsar.harness.fold import Fold
from zsar.harness.train import train
from zsar.methods import available, find
from zsar.testing.small import job
from zsar.text.vectors import ClassVectors, class_vectors

SHORT = {
    "epochs": 2,
    "cycles": 3,
    "warmup": 1,
    "batch": 16,
    "lr": 1e-2,
    "hidden": 2,
    "width": 8,
    "draws": 5,
    "classifier_steps": 5,
    "steps": 8,
    "latent": 8,
    "heads": 2,
    "alignment_steps": 8,
}
ENCODERS = {"trajectory": {"frames": 6, "components": 8}, "stgcn": {"hidden": 2, "width": 8, "epochs": 2, "batch": 16}}
FIT = {"features": list(ENCODERS), "maps": ["stgcn"], "clips": [None]}
CASES = [(m, e) for m in available() for e in FIT[find(m).input]]


def short(method: str) -> dict:
    parameters = inspect.signature(find(method)).parameters
    return {k: v for k, v in SHORT.items() if k in parameters and type(parameters[k].default) is type(v)}


def with_clips(dataset: Prepared, clips, change) -> Prepared:
    """A copy of a dataset in which these clips [T, M, V, 3] are changed, under the same names and version, with the
    checksums that fit: nothing but their values tells them from the others."""
    frames, hashes = np.array(dataset._frames), dataset.hashes.copy()
    for i in clips:
        clip = frames[dataset.offsets[i] : dataset.offsets[i + 1]]
        clip[:] = change(clip)
        hashes[i] = hashlib.sha256(clip.tobytes()).hexdigest()[:16]
    index = {k: getattr(dataset, k) for k in ("offsets", "labels", "subjects", "views", "samples", "sources")}
    return Prepared(dataset.path, dataset.manifest, frames, index | {"hashes": hashes})


def with_nan(dataset: Prepared, clips) -> Prepared:
    return with_clips(dataset, clips, lambda clip: np.nan)


def with_nan_text(vectors: ClassVectors, classes) -> ClassVectors:
    values = vectors.values.copy()
    values[[vectors.classes.index(c) for c in classes]] = np.nan
    return ClassVectors(values, vectors.classes, vectors.model, vectors.prompt_set, vectors.prompts)


def trained(of, dataset, subsets, vectors):
    """The fold of a run, and the weights after it."""
    given = Fold(
        of.label,
        dataset,
        subsets,
        vectors,
        of.encoder,
        of.encoder,
        of.frames,
        streams=find(of.method).streams,
        maps=find(of.method).input == "maps",
    )
    method = find(of.method)(**of.keywords)
    train(method, given, seed=of.seed)
    return given, weights(method)


def weights(method) -> dict[str, torch.Tensor]:
    found = {}
    for name, held in vars(method).items():
        if isinstance(held, torch.nn.Module):
            found |= {f"{name}.{key}": value for key, value in held.state_dict().items()}
        elif isinstance(held, torch.Tensor):
            found[name] = held
    return found


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.fixture(params=CASES, ids=lambda case: "-".join(filter(None, case)))
def case(request, nine, monkeypatch, tmp_path):
    """A job, its dataset, the partition and the vectors; features are computed anew for each of a test's datasets."""
    import dataclasses

    method, encoder = request.param
    of = job(nine, method, **short(method))
    if encoder:
        choice = EncoderChoice.of(encoder, ENCODERS[encoder], of.frames)
        of = dataclasses.replace(of, encoder=choice)
    dataset = open_dataset("pku-sim")
    homes = iter(tmp_path / f"home-{i}" for i in range(9))
    fresh = lambda: monkeypatch.setenv("ZSAR_HOME", str(next(homes)))
    vectors = class_vectors(of.card.prompts, of.prompts, tuple(of.card.classes), of.text_model)
    return of, dataset, partition(dataset, of.card, of.split, of.protocol), vectors, fresh


@pytest.mark.parametrize("judging", ["left out", "on NaN"])
def test_no_weight_depends_on_a_clip_or_text_that_is_not_trained_on(case, monkeypatch, judging):
    of, dataset, main, vectors, fresh = case
    fresh()
    clean, expected = trained(of, dataset, main, vectors)
    fresh()
    untouched = np.setdiff1d(np.arange(len(dataset)), main.seen_train)
    assert set(main.unseen_test) | set(main.seen_test) < set(untouched)  # and training clips of unseen classes
    if judging == "left out":
        nothing = np.zeros((len(main.unseen_test), len(main.candidates)), np.float32)
        monkeypatch.setattr("zsar.harness.train.embed", lambda method, x, seed: x)
        monkeypatch.setattr("zsar.harness.train.scores", lambda *_: {"inductive": nothing})
    given, found = trained(of, with_nan(dataset, untouched), main, with_nan_text(vectors, main.candidates))
    assert torch.isnan(given.test.x).flatten(1).any(1).all() and torch.isnan(given.test.text).all()
    assert torch.equal(given.train.x, clean.train.x) and torch.equal(given.train.text, clean.train.text)
    assert same(found, expected)


def test_the_companion_depends_on_neither_unseen_nor_pseudo_unseen_clips(case):
    of, dataset, main, vectors, fresh = case
    tuning = companion(dataset, of.split, main)
    assert set(tuning.seen_train) < set(main.seen_train) and not set(tuning.candidates) & set(of.split.unseen)
    fresh()
    _, expected = trained(of, dataset, tuning, vectors)
    fresh()
    untouched = np.setdiff1d(np.arange(len(dataset)), tuning.seen_train)
    hidden = set(of.card.classes) - set(tuning.classes)
    _, found = trained(of, with_nan(dataset, untouched), tuning, with_nan_text(vectors, hidden))
    assert same(found, expected)


def test_a_single_training_clip_moves_the_weights(case):
    of, dataset, main, vectors, fresh = case
    fresh()
    _, expected = trained(of, dataset, main, vectors)
    fresh()
    risen = lambda clip: 1.5 * clip + np.linspace(0, 1, len(clip))[:, None, None, None] * [0, 1, 0]
    changed = with_clips(dataset, main.seen_train[:1], risen)
    _, found = trained(of, changed, main, vectors)
    assert not same(found, expected) or not expected  # a method that learns nothing holds nothing


def test_nan_in_a_training_clip_is_refused(case):
    of, dataset, main, vectors, fresh = case
    fresh()
    with pytest.raises(DataError, match="NaN or infinite"):
        trained(of, with_nan(dataset, main.seen_train[:1]), main, vectors)
