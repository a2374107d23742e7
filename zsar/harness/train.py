"""Training: a method on a fold, epoch by epoch, its scores taken in between; it can be interrupted and go on."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zsar.errors import ZsarError
from zsar.harness.fold import Fold
from zsar.harness.judge import Scores, embed, epoch_seed, scores
from zsar.learning.contract import Method
from zsar.learning.faster import stacked
from zsar.learning.resuming import StateFile

OnEpoch = Callable[["History"], None]


class History:
    """Losses and scores of one training, epoch by epoch; epochs are counted from 1.

    ``accuracy`` holds the top-1 of every epoch by mode. ``scores`` [n, U] are those of the unseen test clips among the
    unseen classes; ``generalized`` [m + n, S + U + U], in the setting gzsl, those of seen and unseen
    test clips among all classes and, side by side with them, among the unseen ones. Scores are kept of the last epoch,
    of each mode's best and of those that ``keep`` names by mode. ``parameters`` counts what was trained.
    """

    def __init__(self, labels: np.ndarray, keep: dict[str, int] | None = None):
        self.labels, self.keep = labels, keep or {}
        self.losses: list[float] = []
        self.accuracy: dict[str, list[float]] = {}
        self.scores: dict[str, dict[int, np.ndarray]] = {}
        self.generalized: dict[str, dict[int, np.ndarray]] = {}
        self.seconds = 0.0
        self.parameters = 0

    def __repr__(self) -> str:
        last = ", ".join(f"{mode} {values[-1]:.3f}" for mode, values in self.accuracy.items())
        return f"History({self.epochs} epochs, {self.seconds:.1f} s; top-1 of the last: {last or 'none'})"

    @property
    def epochs(self) -> int:
        """Number of epochs trained."""
        return len(self.losses)

    def best(self, mode: str) -> int:
        """The first epoch with the highest top-1."""
        return int(np.argmax(self.accuracy[mode])) + 1

    def add(self, values_by_mode: Scores, loss: float) -> None:
        """Take the scores [n, U] of the next epoch, and forget those that no rule needs any more."""
        self.losses.append(loss)
        for mode, values in values_by_mode.items():
            right = (values.argmax(1) == self.labels).mean() if len(self.labels) else 0.0
            self.accuracy.setdefault(mode, []).append(float(right))
            self.scores.setdefault(mode, {})[self.epochs] = values
            for kept in (self.scores[mode], self.generalized.get(mode, {})):
                for epoch in set(kept) - {self.epochs, self.best(mode), self.keep.get(mode)}:
                    del kept[epoch]

    def add_generalized(self, values_by_mode: Scores) -> None:
        """Take the scores [m + n, S + U + U] of the last epoch."""
        for mode, values in values_by_mode.items():
            self.generalized.setdefault(mode, {})[self.epochs] = values

    @property
    def is_notable(self) -> bool:
        """Whether the last epoch is the best so far, or one to keep, in some mode."""
        return any(self.epochs in (self.best(mode), self.keep.get(mode)) for mode in self.accuracy)

    def state(self) -> dict[str, Any]:
        """All of it, as plain containers and tensors."""
        pack = lambda by_mode: {m: {e: torch.from_numpy(s) for e, s in kept.items()} for m, kept in by_mode.items()}
        return {
            **{name: getattr(self, name) for name in ("losses", "accuracy", "keep", "seconds", "parameters")},
            "scores": pack(self.scores),
            "generalized": pack(self.generalized),
        }

    @classmethod
    def of(cls, labels: np.ndarray, state: dict[str, Any]) -> History:
        """The history that `state` was taken of."""
        history = cls(labels, state["keep"])
        for name in ("losses", "accuracy", "seconds", "parameters"):
            setattr(history, name, state[name])
        unpack = lambda by_mode: {m: {e: s.numpy() for e, s in kept.items()} for m, kept in by_mode.items()}
        history.scores, history.generalized = unpack(state["scores"]), unpack(state["generalized"])
        return history


def trained_parameters(method: Method) -> int:
    """How many numbers a trained method has learnt: its networks' parameters that are not frozen.

    Of a method without a network, all numbers in the floating point tensors that it holds.
    """
    values = vars(method).values()
    networks = [value for value in values if isinstance(value, torch.nn.Module)]
    if networks:
        learnt = [p for network in networks for p in network.parameters() if p.requires_grad]
    else:
        learnt = [value for value in values if isinstance(value, torch.Tensor) and value.is_floating_point()]
    return sum(tensor.numel() for tensor in {id(tensor): tensor for tensor in learnt}.values())


class Checkpoint:
    """The history and the method of one training on disk."""

    def __init__(self, path: Path):
        self._file = StateFile(path)

    def read(
        self, labels: np.ndarray, keep: dict[str, int], *, generalized: bool
    ) -> tuple[History, dict[str, Any] | None] | None:
        """The history and the method's state (None: training is over); None where training begins anew.

        It does so without a file, with one of another version or a damaged one, and with a history of other epochs or
        settings, whose scores may be gone.
        """
        try:
            state = self._file.read()
            history = History.of(labels, state["history"])
            complete = history.keep == keep and bool(history.generalized or not generalized)
            return (history, state["method"]) if complete else None
        except Exception:  # another version's
            return None

    def save(self, history: History, method: Method | None) -> None:
        """Save after an epoch, or, with no method, at the end."""
        if method is not None and not self._file.is_due():
            return
        state = method.state() if method is not None else None
        if method is None or state is not None:
            self._file.write({"history": history.state(), "method": state})

    def remove(self) -> None:
        """Forget it, with its folder where it was the last one."""
        self._file.path.unlink(missing_ok=True)
        try:
            os.rmdir(self._file.path.parent)
        except OSError:  # others' checkpoints are in it, or it does not exist
            pass


def train(
    method: Method,
    fold: Fold,
    *,
    seed: int,
    keep: dict[str, int] | None = None,
    checkpoint: Checkpoint | None = None,
    on_epoch: OnEpoch | None = None,
) -> History:
    """Train a method on a fold's seen classes, and take its scores on the test clips after every epoch.

    ``keep`` names epochs by mode whose scores are kept besides the best and the last. With a ``checkpoint``, training
    goes on where it was interrupted. ``on_epoch`` is called with the history so far. The random state is the seed's
    own. Raises `ZsarError` for a method that trains for no epoch.
    """
    return _follow(_Following(method, fold, seed, keep, checkpoint, on_epoch))


def train_together(
    methods: Sequence[Method],
    folds: Sequence[Fold],
    *,
    seeds: Sequence[int],
    keep: Sequence[dict[str, int]] | None = None,
    checkpoints: Sequence[Checkpoint] | None = None,
    on_epoch: Sequence[OnEpoch] | None = None,
) -> list[History]:
    """As `train`, for runs of one method with the same keywords, in one loop where they fit together.

    That is where their data have the same shapes and they begin with the same epoch; others are trained on their own.
    Raises what `train` does, and `ZsarError` for a method without a form for several runs (`stacked`).
    """
    form, nothing = stacked(type(methods[0])), [None] * len(methods)
    if form is None:
        raise ZsarError(f"{type(methods[0]).title} trains one run at a time")
    columns = (methods, folds, seeds, keep or nothing, checkpoints or nothing, on_epoch or nothing)
    runs = [_Following(*row, share=len(methods)) for row in zip(*columns, strict=True)]
    shape = lambda run: (run.history.epochs, tuple(run.fold.train.x.shape), tuple(run.fold.train.text.shape))
    for _, group in itertools.groupby(sorted((run for run in runs if not run.is_over), key=shape), shape):
        alike = list(group)
        if len(alike) == 1:
            _follow(alike[0])
        else:
            _follow_together(form, alike)
    return [run.history for run in runs]


class _Following:
    """One training as it is followed: its scores are taken and saved after every epoch."""

    def __init__(self, method, fold, seed, keep=None, checkpoint=None, on_epoch=None, share: int = 1):
        self.method, self.fold, self.seed, self.checkpoint, self.on_epoch = method, fold, seed, checkpoint, on_epoch
        self.share, labels, keep = share, fold.test.labels, keep or {}
        state = checkpoint.read(labels, keep, generalized="gzsl" in fold.settings) if checkpoint else None
        self.history, of_method = state or (History(labels, keep), None)
        self.is_over, self.is_resumed = state is not None and of_method is None, of_method is not None
        if self.is_resumed:
            method.resume(of_method)
        if not self.is_over:  # loaded, or computed, before the clock runs
            fold.train, fold.test.x  # noqa: B018
        self._before, self._started = self.history.seconds, time.perf_counter()

    def after_epoch(self, report: dict[str, float]) -> None:
        loss, seed = float(report["loss"]), epoch_seed(self.seed, self.history.epochs + 1)
        embedded = embed(self.method, self.fold.test.x, seed)
        self.history.add(scores(self.method, embedded, self.fold.test.text, seed), loss)
        if "gzsl" in self.fold.settings and self.history.is_notable:
            self.history.add_generalized(self._generalized(embedded, seed))
        self._count()
        if self.on_epoch:
            self.on_epoch(self.history)
        if self.checkpoint:
            self.checkpoint.save(self.history, self.method)

    def end(self) -> History:
        """The history with all that is kept of the last epoch."""
        if not self.history.epochs:
            raise ZsarError(f"{self.fold.name}: the method trained for no epoch")
        if "gzsl" in self.fold.settings and not self.history.is_notable:
            seed = epoch_seed(self.seed, self.history.epochs)
            self.history.add_generalized(self._generalized(embed(self.method, self.fold.test.x, seed), seed))
        self._count()
        self.history.parameters = trained_parameters(self.method)
        if self.checkpoint:
            self.checkpoint.save(self.history, None)
        return self.history

    def _generalized(self, embedded: Any, seed: int) -> Scores:
        """Scores [m + n, S + U + U]: among all classes, the seen ones first, and among the unseen classes alone (the
        unseen expert's: some methods' scores depend on which candidates there are)."""
        test, seen_test = self.fold.test, self.fold.seen_test
        embedded = torch.cat([embed(self.method, seen_test.x, seed), embedded])
        among_all = scores(self.method, embedded, torch.cat([seen_test.text, test.text]), seed)
        among_unseen = scores(self.method, embedded, test.text, seed)
        return {mode: np.concatenate([among_all[mode], among_unseen[mode]], axis=1) for mode in among_all}

    def _count(self) -> None:
        self.history.seconds = self._before + (time.perf_counter() - self._started) / self.share


def _follow(run: _Following) -> History:
    if run.is_over:
        return run.history
    if not run.is_resumed:
        torch.manual_seed(run.seed)
    for report in run.method.train(*run.fold.train):
        run.after_epoch(report)
    return run.end()


def _follow_together(form: Callable[..., Any], runs: list[_Following]) -> None:
    from zsar.fast.seeds import Own  # there, or there would be no form

    draws = [Own(run.seed, run.fold.train.x.device) for run in runs]
    seen, text = zip(*(tuple(run.fold.train) for run in runs), strict=True)
    for reports in form([run.method for run in runs], list(seen), list(text), draws):
        for run, report, own in zip(runs, reports, draws, strict=True):
            with own.in_force():  # a checkpoint holds the run's own random state
                run.after_epoch(report)
    for run in runs:
        run.end()
