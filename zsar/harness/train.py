"""Following one training run: between epochs its scores are taken, and after each it can be stopped and resumed."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from zsar.harness.fold import Inputs
from zsar.learning.contract import Method

MODES = ("inductive", "transductive")


class Trace:
    """Scores of a run's epochs: the top-1 of every epoch, the full scores of those that a rule may need.

    ``keep`` are epochs (counted from 1) whose scores are kept besides the best and the last one. ``scores`` [n, U]
    are those of the unseen test clips among the unseen classes. ``generalized`` [m + n, S + U + U], where asked for,
    are those of seen and unseen test clips among all classes and, side by side with them, among the unseen ones.
    """

    def __init__(self, labels: np.ndarray, keep: dict[str, int] | None = None):
        self.labels, self.keep = labels, keep or {}
        self.losses: list[float] = []
        self.accuracy: dict[str, list[float]] = {}
        self.scores: dict[str, dict[int, np.ndarray]] = {}
        self.generalized: dict[str, dict[int, np.ndarray]] = {}

    def add(self, scores: dict[str, np.ndarray], loss: float) -> None:
        """Take the scores [n, C] of the next epoch, per mode."""
        self.losses.append(loss)
        epoch = len(self.losses)
        for mode, values in scores.items():
            history = self.accuracy.setdefault(mode, [])
            kept = self.scores.setdefault(mode, {})
            history.append(float((values.argmax(1) == self.labels).mean()) if len(self.labels) else 0.0)
            kept[epoch] = values
            for scores_of in (kept, self.generalized.get(mode, {})):
                for other in list(scores_of):
                    if other not in (epoch, self.best(mode), self.keep.get(mode)):
                        del scores_of[other]

    def add_generalized(self, scores: dict[str, np.ndarray]) -> None:
        """Take the scores [m + n, S + U + U] of the epoch taken last, per mode."""
        for mode, values in scores.items():
            self.generalized.setdefault(mode, {})[self.epochs] = values

    @property
    def is_notable(self) -> bool:
        """Whether the epoch taken last is the best so far, or to be kept, in any mode."""
        return any(self.epochs in (self.best(mode), self.keep.get(mode)) for mode in self.accuracy)

    @property
    def epochs(self) -> int:
        """Number of epochs taken."""
        return len(self.losses)

    def best(self, mode: str) -> int:
        """The first epoch with the highest top-1, counted from 1."""
        return int(np.argmax(self.accuracy[mode])) + 1

    def state(self) -> dict:
        """All of it, as plain containers and tensors."""
        pack = lambda by_mode: {m: {e: torch.from_numpy(s) for e, s in kept.items()} for m, kept in by_mode.items()}
        return {
            "losses": self.losses,
            "accuracy": self.accuracy,
            "keep": self.keep,
            "scores": pack(self.scores),
            "generalized": pack(self.generalized),
        }

    @classmethod
    def of(cls, labels: np.ndarray, state: dict) -> "Trace":
        """The trace that `state` was taken of."""
        trace = cls(labels, state["keep"])
        trace.losses, trace.accuracy = state["losses"], state["accuracy"]
        unpack = lambda by_mode: {m: {e: s.numpy() for e, s in kept.items()} for m, kept in by_mode.items()}
        trace.scores, trace.generalized = unpack(state["scores"]), unpack(state["generalized"])
        return trace


class Training(NamedTuple):
    """What it takes to follow one training run; ``resumed`` holds the states of method and trace after an epoch."""

    method: Method
    given: Inputs
    seed: int
    keep: dict[str, int] | None = None
    resumed: dict | None = None
    after_epoch: Callable[[Trace, Method], None] = lambda trace, method: None

    def begin(self) -> Trace:
        """The trace so far, after telling the method where it was."""
        if self.resumed is None:
            return Trace(self.given.labels, self.keep)
        self.method.resume(self.resumed["method"])
        return Trace.of(self.given.labels, self.resumed["trace"])

    def judge(self, trace: Trace, report: dict[str, float]) -> None:
        """Take the scores of the epoch that has just ended."""
        trace.add(measure(self.method, self.given, self.seed), float(report["loss"]))
        if self.given.generalized is not None and trace.is_notable:
            trace.add_generalized(measure_generalized(self.method, self.given, self.seed))
        self.after_epoch(trace, self.method)

    def end(self, trace: Trace) -> Trace:
        """The trace with all that is kept of the last epoch."""
        if self.given.generalized is not None and trace.epochs:
            trace.add_generalized(measure_generalized(self.method, self.given, self.seed))
        return trace


def follow(method: Method, given: Inputs, seed: int, *more) -> Trace:
    """Train a method on the seen classes and take its scores after each epoch; the arguments are `Training`'s.

    The random state is the seed's own; judging happens on a fork of it, so that what is measured, and how often,
    changes nothing in training.
    """
    training = Training(method, given, seed, *more)
    trace = training.begin()
    if training.resumed is None:
        torch.manual_seed(seed)
    for report in method.train(given.seen, given.seen_text):
        training.judge(trace, report)
    return training.end(trace)


def measure(method: Method, given: Inputs, seed: int) -> dict[str, np.ndarray]:
    """Scores [n, U] of the unseen test clips among the unseen classes, in each mode that the method has."""
    return _scores(method, given.x, given.candidates, seed)


def measure_generalized(method: Method, given: Inputs, seed: int) -> dict[str, np.ndarray]:
    """Scores [m + n, S + U + U] of seen and unseen test clips: among all classes, the seen ones first, and among the
    unseen classes alone (the unseen expert's: some methods' scores depend on which candidates there are)."""
    x = torch.cat([given.generalized.x, given.x])
    among_all = _scores(method, x, torch.cat([given.seen_text, given.candidates]), seed)
    among_unseen = _scores(method, x, given.candidates, seed)
    return {mode: np.concatenate([among_all[mode], among_unseen[mode]], axis=1) for mode in among_all}


def _scores(method: Method, x: torch.Tensor, text: torch.Tensor, seed: int) -> dict[str, np.ndarray]:
    """Scores per mode, without disturbing the method's training."""
    with torch.random.fork_rng(devices=[x.device] if x.device.type == "cuda" else []), torch.no_grad():
        torch.manual_seed(seed)
        embedded = method.embed(x)
        scores = {"inductive": method.classifier(text)(embedded)}
        if method.transductive:
            scores["transductive"] = method.classifier(method.adapt(embedded, text))(embedded)
    return {mode: s.float().cpu().numpy() for mode, s in scores.items()}
