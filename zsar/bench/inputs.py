"""What one run is given: tensors for training, and, apart from them, tensors for judging."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zsar.bench.plan import Job
from zsar.data.partition import Subsets
from zsar.encoders.features import class_numbers, subset_features
from zsar.errors import DataError
from zsar.methods.contract import Seen
from zsar.text.vectors import ClassVectors


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


def inputs(job: Job, dataset, subsets: Subsets, vectors: ClassVectors, device: str) -> Inputs:
    """Load one run's clips, or compute its features, onto the device. Raises `DataError` for NaN in training data."""
    if job.encoder is None:
        from zsar.methods.registry import find

        joints = getattr(find(job.method), "joints", "kinect_v2")
        train, test = (dataset.clips(i, job.frames, joints) for i in (subsets.train, subsets.unseen_test))
    else:
        arrays = subset_features(dataset, subsets, job.encoder, job.seed, device)
        train, test = arrays["train"], arrays["unseen_test"]
    if not np.isfinite(train).all():
        raise DataError(f"{job.label}: training data with NaN or infinite values",
                        f"Import the dataset again: zsar data import {job.card.id}")
    put = lambda array: torch.from_numpy(np.ascontiguousarray(array)).to(device)
    y = class_numbers(dataset.labels[subsets.train], subsets.train_classes)
    return Inputs(
        Seen(put(train), put(y)), put(vectors.of(subsets.train_classes)),
        put(test), put(vectors.of(subsets.candidates)),
        class_numbers(dataset.labels[subsets.unseen_test], subsets.candidates),
    )
