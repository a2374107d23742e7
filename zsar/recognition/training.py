"""Training a method to keep: the benchmark's run with its seed, a companion run that calibrates it, and a folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from zsar import plugins
from zsar.encoders import checkpoints
from zsar.encoders.contract import Encoder
from zsar.encoders.features import class_numbers, fitted, subset_features
from zsar.errors import ZsarError
from zsar.harness.fold import Fold, fold
from zsar.harness.plan import Job
from zsar.recognition.clip_files import FoundClip
from zsar.recognition.describing import described
from zsar.recognition.folder import refuse_other, write_folder
from zsar.recognition.labels import Candidates
from zsar.recognition.model import Model
from zsar.recognition.restoring import encoder_state, method_state
from zsar.recognition.runs import OnEpoch, Trained, calibrate, train
from zsar.recognition.scoring import seeded_scores

FOLDS = 4
"""Companion runs: with one, how sure a model is depends on which classes happened to be held back."""
CHECKED = 64
"""Clips on which a written model is compared with the one in memory."""


def train_model(
    job: Job, path: Path, device: str = "cpu", folds: int = FOLDS, on_epoch: OnEpoch = lambda *_: None
) -> dict:
    """Train a job's method as `zsar bench` does and keep it in the folder ``path``; the content of its ``model.json``.

    On the unseen test clips it is what the benchmark reports for the rule ``last``, inductively. ``folds`` are
    the companion runs that calibrate it, each of which never sees some of the classes and takes nearly as long; with
    0 scores stay scores. ``on_epoch`` is called with phase, epoch and loss. Raises `ZsarError` for features that
    somebody else released, and for a method or encoder that can't be kept; nothing is written then.
    """
    refuse_other(path)
    if job.card.features:
        raise ZsarError(
            f"{job.card.id} holds features only: no clip could be given to a model trained on them",
            "Train on a dataset of clips, see: zsar data list",
        )
    job = replace(job, rules=("last",), settings=("zsl",))
    main = fold(job, device=device)
    calibration, reason = {}, "it was trained without companion runs"
    if folds:
        try:
            companions = (fold(job, companion=number, device=device) for number in range(folds))
            tuned = [train(job, each, on_epoch, f"companion {number}") for number, each in enumerate(companions, 1)]
            calibration, reason = calibrate(tuned)
        except ZsarError as e:
            reason = e.message
    made = train(job, main, on_epoch, "main")
    content = described(job, job.id, main.dataset, main.vectors, made, calibration, reason, device)
    tensors = {"text": {"vectors": torch.from_numpy(main.vectors.values)}}
    tensors["method"], content["method"]["state"] = method_state(made.method)
    if job.encoder is not None:
        encoder = fitted_encoder(main.dataset, main.subsets, job, device)
        tensors["encoder"], content["encoder"]["state"] = encoder_state(encoder)
    write_folder(path, content, tensors, lambda folder: _check(folder, job, main, made, device))
    return content


def fitted_encoder(dataset, subsets, job: Job, device: str) -> Encoder:
    """The encoder whose cached features a run is given: restored from its weights, or fitted again where it has none.

    Raises `ZsarError` where fitting again gives other features.
    """
    cls, choice = plugins.find("encoder", job.encoder.name), job.encoder
    if cls.restorable:
        return fitted(dataset, subsets, choice, job.seed)
    encoder = cls(**choice.keywords)
    clips = lambda indices: torch.from_numpy(dataset.clips(indices, choice.frames, encoder.joints)).to(device)
    x = clips(subsets.train)
    y = torch.from_numpy(class_numbers(dataset.labels[subsets.train], subsets.train_classes)).to(device)
    checkpoints.train(encoder, x, y, len(subsets.train_classes), seed=job.seed)
    before = subset_features(dataset, subsets, choice, job.seed, device)["unseen_test"]
    again = encoder.encode(clips(subsets.unseen_test)).float().cpu().numpy()
    if not np.allclose(before, again, rtol=1e-3, atol=1e-3 * np.abs(before).max()):
        raise ZsarError(f"the encoder {choice.name} gives other features when it is fitted again, so it can't be kept")
    return encoder


def _check(folder: Path, job: Job, main: Fold, made: Trained, device: str) -> None:
    """Hold a written model against the one in memory, from raw clips on. Raises `ZsarError` where they differ."""
    dataset, numbers, unseen = main.dataset, main.subsets.unseen_test[:CHECKED], main.test.classes
    clips = [FoundClip(str(dataset.samples[i]), dataset.frames(i), dataset.layout) for i in numbers]
    chosen = Candidates(unseen, main.vectors.of(unseen), unseen, np.zeros(len(unseen), bool))
    model = Model.load(folder, device)
    model.calibrations = {}
    kept = model.decision_function(clips, chosen)
    before = seeded_scores(made.method, main.test.x[:CHECKED], main.test.text, job.seed)
    if not np.allclose(before, kept, rtol=1e-3, atol=1e-3 * max(np.abs(before).max(), 1e-6)):
        raise ZsarError(
            f"{job.method} can't be kept: read back, its scores are {np.abs(before - kept).max():.3g} off",
            "Whatever changes in training should be a tensor or a network held as an attribute; see "
            "zsar.learning.contract.",
        )
