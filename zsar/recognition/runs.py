"""One training run as the benchmark does it, and the scores that calibration and metrics are made from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from zsar.data.partition import Subsets
from zsar.encoders.features import class_numbers, subset_features
from zsar.errors import ZsarError
from zsar.evaluation.stacking import apply_constant, choose_constant
from zsar.harness.fold import inputs
from zsar.harness.plan import Job
from zsar.harness.train import follow
from zsar.learning.contract import Method
from zsar.plugins import find
from zsar.recognition.calibration import Temperature, fit_temperature
from zsar.recognition.scoring import seeded_scores

Told = Callable[[str, int, float], None]


@dataclass(frozen=True)
class Trained:
    """A method after its last epoch, with its scores.

    ``scores`` [n, U] per mode: clips of (pseudo-)unseen classes among these. ``trained`` [m, S]: test clips of trained
    classes among those; ``mixed`` [m + n, S + U]: both among all; None where there are no such clips. ``labels``
    [m + n] are columns of ``mixed``, ``mask`` [S + U] says which are trained on; ``given`` is the shape of one clip or
    feature.
    """

    method: Method
    subsets: Subsets
    epochs: int
    given: tuple[int, ...]
    scores: dict[str, np.ndarray]
    trained: np.ndarray | None
    mixed: np.ndarray | None
    labels: np.ndarray
    mask: np.ndarray

    @property
    def new_labels(self) -> np.ndarray:
        """Labels [n] of the clips of (pseudo-)unseen classes, as columns of ``scores``."""
        seen = int(self.mask.sum())
        return self.labels[self.labels >= seen] - seen


def train(job: Job, dataset, subsets: Subsets, vectors, device: str, told: Told, phase: str) -> Trained:
    """Train on some subsets. ``told`` is told the phase, epoch and loss."""
    given = inputs(job, dataset, subsets, vectors, device)
    method = find("method", job.method)(**job.keywords)
    after_epoch = lambda t, _: told(phase, t.epochs, t.losses[-1])
    trace = follow(method, given, job.seed, None, None, after_epoch)
    if not trace.epochs:
        raise ZsarError(f"{job.label}: the method trained for no epoch")
    seen, unseen = len(subsets.train_classes), len(subsets.candidates)
    labels, mixed, trained = seen + given.labels, None, None
    if len(subsets.seen_test):
        x = subset(job, dataset, subsets, "seen_test", device)
        labels = np.concatenate([class_numbers(dataset.labels[subsets.seen_test], subsets.train_classes), labels])
        text = torch.cat([given.seen_text, given.candidates])
        mixed = seeded_scores(method, torch.cat([x, given.x]), text, job.seed)
        trained = seeded_scores(method, x, given.seen_text, job.seed)
    last = {mode: kept[trace.epochs] for mode, kept in trace.scores.items()}
    mask = np.arange(seen + unseen) < seen
    return Trained(method, subsets, trace.epochs, tuple(given.seen.x.shape[1:]), last, trained, mixed, labels, mask)


def subset(job: Job, dataset, subsets: Subsets, name: str, device: str, most: int | None = None) -> torch.Tensor:
    """What a method is given of the first ``most`` clips of a subset: clips, or their cached features."""
    if job.encoder is not None:
        array = subset_features(dataset, subsets, job.encoder, job.seed, device)[name][:most]
    else:
        array = dataset.clips(
            getattr(subsets, name)[:most], job.frames, getattr(find("method", job.method), "joints", "kinect_v2")
        )
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)


def calibrate(tuned: list[Trained]) -> tuple[dict[str, Temperature], str]:
    """Temperatures for new labels, for labels trained on and for both mixed, of companion runs; why one is missing.

    The constant for mixed labels is the first companion's alone, as in the benchmark.
    """
    made, reason = {}, ""
    try:
        made["new"] = fit_temperature([(run.scores["inductive"], run.new_labels) for run in tuned])
        if any(run.mixed is None for run in tuned):
            raise ZsarError("the companion run has no test clip of a class that it trained on")
        made["trained"] = fit_temperature([(r.trained, r.labels[r.labels < r.mask.sum()]) for r in tuned])
        constant = choose_constant(tuned[0].mixed, tuned[0].labels, tuned[0].mask)
        scaled = [(apply_constant(run.mixed, run.mask, constant), run.labels) for run in tuned]
        made["mixed"] = fit_temperature(scaled, constant)
    except ZsarError as e:
        reason = e.message
    return made, reason
