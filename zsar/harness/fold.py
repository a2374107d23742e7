"""What one run is given: tensors for training, and, apart from them, tensors for judging."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zsar.data.clip_sets import clips_of, finite
from zsar.data.partition import Subsets
from zsar.encoders.features import class_numbers, subset_features
from zsar.errors import DataError
from zsar.harness.plan import Job
from zsar.learning.contract import Seen
from zsar.plugins import find
from zsar.text.vectors import ClassVectors


@dataclass(frozen=True)
class SeenTest:
    """What the generalized setting adds: clips ``x`` [m, ...] of seen classes, their ``labels`` [m] among the seen
    classes, and the seen expert's ``logits`` [m + n, S] of seen and unseen test clips."""

    x: Tensor
    labels: np.ndarray
    logits: np.ndarray


@dataclass(frozen=True)
class Inputs:
    """``seen`` and ``seen_text`` are all that a method trains on; the rest is the harness's.

    ``candidates`` [C, P, D] and ``x`` are handed to `score` and `adapt` between epochs; ``labels`` [n] never are.
    """

    seen: Seen
    seen_text: Tensor
    x: Tensor
    candidates: Tensor
    labels: np.ndarray
    generalized: SeenTest | None = None


def inputs(job: Job, dataset, subsets: Subsets, vectors: ClassVectors, device: str) -> Inputs:
    """Load one run's clips, or compute its features, onto the device. Raises `DataError` for NaN in training data."""
    wanted = {"train": subsets.train, "unseen_test": subsets.unseen_test}
    if "gzsl" in job.settings:
        if not len(subsets.seen_test):
            raise DataError(
                f"{job.label}: no test clip of a seen class, so nothing to judge the generalized setting on"
            )
        wanted["seen_test"] = subsets.seen_test
    needed = job.encoder is not None or "gzsl" in job.settings
    if job.card.features:
        arrays = dict(dataset.arrays(subsets))
        if "gzsl" in job.settings and not {"seen_test_logits", "unseen_test_logits"} <= arrays.keys():
            raise DataError(
                f"{job.label}: the bundle has no outputs of a seen classifier (gtest_out, val_out, ztest_out)",
                "The generalized setting needs them as its seen expert; run --setting zsl.",
            )
    else:
        arrays = subset_features(dataset, subsets, job.expert, job.seed, device) if needed else {}
    if job.encoder is None:
        method = find("method", job.method)
        joints, streams = getattr(method, "joints", "kinect_v2"), getattr(method, "streams", False)
        arrays |= {n: clips_of(dataset, rows, job.frames, joints, device, streams) for n, rows in wanted.items()}
    put = lambda array: torch.from_numpy(np.ascontiguousarray(array)).to(device)
    arrays |= {name: put(array) for name, array in arrays.items() if isinstance(array, np.ndarray) and name in wanted}
    if not finite(arrays["train"]):
        raise DataError(
            f"{job.label}: training data with NaN or infinite values",
            f"Import the dataset again: zsar data import {job.card.id}",
        )
    numbers = lambda indices, classes: class_numbers(dataset.labels[indices], classes)
    generalized = None
    if "gzsl" in job.settings:
        logits = np.concatenate([arrays["seen_test_logits"], arrays["unseen_test_logits"]])
        generalized = SeenTest(arrays["seen_test"], numbers(subsets.seen_test, subsets.train_classes), logits)
    return Inputs(
        Seen(arrays["train"], put(numbers(subsets.train, subsets.train_classes))),
        put(vectors.of(subsets.train_classes)),
        arrays["unseen_test"],
        put(vectors.of(subsets.candidates)),
        numbers(subsets.unseen_test, subsets.candidates),
        generalized,
    )
