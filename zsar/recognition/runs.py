"""One training run as the benchmark does it, and the scores that calibration and metrics are made from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from zsar.data.partition import Subsets
from zsar.errors import ZsarError
from zsar.evaluation.stacking import apply_constant, choose_constant
from zsar.harness.fold import Fold
from zsar.harness.plan import Job
from zsar.harness.train import train as train_method
from zsar.learning.contract import Method
from zsar.plugins import find
from zsar.recognition.calibration import Temperature, fit_temperature
from zsar.recognition.scoring import seeded_scores

OnEpoch = Callable[[str, int, float], None]


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


def train(job: Job, divided: Fold, on_epoch: OnEpoch, phase: str) -> Trained:
    """Train on a fold. ``on_epoch`` is called with the phase, the epoch and its loss."""
    method = find("method", job.method)(**job.keywords)
    report = lambda history: on_epoch(phase, history.epochs, history.losses[-1])
    history = train_method(method, divided, seed=job.seed, on_epoch=report)
    test, seen_test, seen = divided.test, divided.seen_test, len(divided.train.classes)
    labels, mixed, trained = seen + test.labels, None, None
    if seen_test is not None:
        labels = np.concatenate([seen_test.labels, labels])
        text = torch.cat([seen_test.text, test.text])
        mixed = seeded_scores(method, torch.cat([seen_test.x, test.x]), text, job.seed)
        trained = seeded_scores(method, seen_test.x, seen_test.text, job.seed)
    last = {mode: kept[history.epochs] for mode, kept in history.scores.items()}
    mask = np.arange(seen + len(test.classes)) < seen
    shape = tuple(divided.train.x.shape[1:])
    return Trained(method, divided.subsets, history.epochs, shape, last, trained, mixed, labels, mask)


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
