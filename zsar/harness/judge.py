"""Judging: a method's scores of test clips, and the numbers of a history under every rule."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from zsar.errors import ZsarError
from zsar.evaluation import apply_constant, choose_constant, fit_gate, oracle_constant
from zsar.evaluation.gzsl import accuracies, gzsl_metrics
from zsar.evaluation.metrics import zsl_metrics
from zsar.storage import fingerprint

if TYPE_CHECKING:
    from zsar.harness.fold import Fold
    from zsar.harness.train import History
    from zsar.learning.contract import Method

Scores = dict[str, np.ndarray]
"""Scores [N, C] float32 by mode; larger is more similar."""


def epoch_seed(seed: int, epoch: int) -> int:
    """The seed of the random numbers that a run's epoch (from 1) is judged with.

    Each epoch has its own, as in released code: a method that trains a classifier on drawn latents would otherwise have
    the same luck with every one, and the best would be little better than the last.
    """
    return int(fingerprint(seed, epoch), 16) >> 1


def embed(method: Method, x: Any, seed: int) -> Any:
    """Clips or features as the method compares them, without disturbing its training."""
    with seeded(seed, x.device):
        return method.embed(x)


def scores(method: Method, embedded: Any, text: torch.Tensor, seed: int) -> Scores:
    """Scores of embedded clips [N, ...] among the candidates ``text`` [C, P, D], in each mode that the method has.

    A method whose scores depend on the clips before gets them in an order that the seed draws.
    """
    with seeded(seed, embedded.device):
        order = torch.arange(len(embedded))
        if method.sequential:
            order = torch.randperm(len(embedded), generator=torch.Generator().manual_seed(seed))
            embedded = embedded[order.to(embedded.device)]
        by_mode = {"inductive": method.classifier(text)(embedded)}
        if method.transductive:
            by_mode["transductive"] = method.classifier(method.adapt(embedded, text))(embedded)
        back = order.argsort()
        return {
            mode: values.float().cpu()[back].numpy() if method.sequential else values.float().cpu().numpy()
            for mode, values in by_mode.items()
        }


@contextlib.contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """A block without gradients on a fork of the random state that begins with the seed.

    What is measured, and how often, changes nothing in training.
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), torch.no_grad():
        torch.manual_seed(seed)
        yield


def evaluate(method: Method, fold: Fold, *, seed: int = 0) -> dict[str, dict[str, float]]:
    """What a trained method is worth on a fold, by mode; fractions.

    ``top1``, ``mean_per_class`` and ``chance`` of unseen test clips among unseen classes; and, where the fold has seen
    test clips, ``seen``, ``unseen`` and ``harmonic`` of both among all classes, without calibration.
    """
    embedded = embed(method, fold.test.x, seed)
    result = {}
    for mode, values in scores(method, embedded, fold.test.text, seed).items():
        metrics = zsl_metrics(values, fold.test.labels, list(fold.test.classes))
        result[mode] = {name: metrics[name] for name in ("top1", "mean_per_class", "chance")}
    if fold.seen_test is not None:
        embedded = torch.cat([embed(method, fold.seen_test.x, seed), embedded])
        among_all = scores(method, embedded, torch.cat([fold.seen_test.text, fold.test.text]), seed)
        for mode, values in among_all.items():
            seen = len(fold.seen_test.classes)
            labels = np.concatenate([fold.seen_test.labels, seen + fold.test.labels])
            metrics = accuracies(values.argmax(1), labels, np.arange(values.shape[1]) < seen)
            result[mode] |= {name: metrics[name] for name in ("seen", "unseen", "harmonic")}
    return result


def judge(
    rules: tuple[str, ...], main: tuple[History, Fold], companion: tuple[History, Fold] | None = None
) -> tuple[dict, dict[str, np.ndarray]]:
    """The numbers of a run by mode and rule, as records hold them, and the scores that they were taken from, by name.

    The companion's history chooses the epoch of the rule val; in the setting gzsl, strategies are fitted on it at the
    same rule's epoch (its last one for last and oracle, the chosen one for val).
    """
    history, fold = main
    results: dict[str, dict] = {}
    arrays: dict[str, np.ndarray] = {}
    for mode in history.accuracy:
        epochs = {"last": history.epochs, "oracle": history.best(mode)}
        if "val" in rules:
            epochs["val"] = min(companion[0].best(mode), history.epochs)
        results[mode] = {}
        for rule in rules:
            values = history.scores[mode][epochs[rule]]
            metrics = zsl_metrics(values, fold.test.labels, list(fold.test.classes))
            kept = {name: metrics[name] for name in ("top1", "mean_per_class", "per_class", "confusion")}
            results[mode][rule] = {"epoch": epochs[rule], **kept}
            arrays[f"{mode}/{rule}"] = values.astype(np.float32)
        if "val" in rules:
            results[mode]["val"]["pseudo_unseen_top1"] = companion[0].accuracy[mode][epochs["val"] - 1]
    if "gzsl" in fold.settings:
        for mode, by_rule in results.items():
            for rule, numbers in by_rule.items():
                tuned_at = companion[0].best(mode) if rule == "val" else companion[0].epochs
                test = Generalized.of(*main, mode, numbers["epoch"])
                numbers["gzsl"] = calibrated(test, Generalized.of(*companion, mode, tuned_at))
                arrays[f"gzsl/{mode}/{rule}"] = test.scores.astype(np.float32)
                arrays[f"gzsl/{mode}/{rule}/unseen_expert"] = test.unseen_scores.astype(np.float32)
        arrays |= {"gzsl/labels": test.labels, "gzsl/seen_logits": test.seen_logits}
    return results, arrays


@dataclass(frozen=True)
class Generalized:
    """Scores [N, S + U] of seen and unseen test clips over all classes, the seen ones first.

    ``unseen_scores`` [N, U] are among the unseen classes alone; ``labels`` [N] are columns of ``scores``;
    ``seen_logits`` [N, S] come from the encoder's seen classifier.
    """

    scores: np.ndarray
    unseen_scores: np.ndarray
    labels: np.ndarray
    seen_logits: np.ndarray
    classes: tuple[str, ...]

    @classmethod
    def of(cls, history: History, fold: Fold, mode: str, epoch: int) -> Generalized:
        """Those of an epoch."""
        classes = fold.seen_test.classes + fold.test.classes
        among_all, among_unseen = np.split(history.generalized[mode][epoch], [len(classes)], axis=1)
        labels = np.concatenate([fold.seen_test.labels, len(fold.seen_test.classes) + fold.test.labels])
        return cls(among_all, among_unseen, labels, fold.expert_logits, classes)

    @property
    def seen_mask(self) -> np.ndarray:
        """bool [S + U]: which columns are seen classes."""
        return np.arange(len(self.classes)) < self.seen_logits.shape[1]


def calibrated(test: Generalized, tuning: Generalized) -> dict:
    """S, U, H under every strategy and the area under the seen-unseen curve, for a record.

    ``tuning`` is the companion run's: its held-back clips and pseudo-unseen classes choose the constant and fit the
    gate. A strategy that can't be fitted (too few clips) says why instead of numbers.
    """
    mask = test.seen_mask
    plain = gzsl_metrics(test.scores, test.labels, test.classes, mask)
    result = {
        "ausuc": plain.pop("ausuc"),
        "ausuc_mean_per_class": plain.pop("ausuc_mean_per_class"),
        "strategies": {"none": plain},
    }
    for name, predict in {"stacking": _stacking, "gate": _gate, "oracle": _oracle}.items():
        try:
            predictions, parameters = predict(test, tuning)
        except ZsarError as e:
            result["strategies"][name] = {"not_available": e.message}
            continue
        result["strategies"][name] = {**accuracies(predictions, test.labels, mask), "parameters": parameters}
    return result


def _stacking(test: Generalized, tuning: Generalized) -> tuple[np.ndarray, dict]:
    constant = choose_constant(tuning.scores, tuning.labels, tuning.seen_mask)
    return apply_constant(test.scores, test.seen_mask, constant).argmax(1), {"constant": constant}


def _oracle(test: Generalized, tuning: Generalized) -> tuple[np.ndarray, dict]:
    constant = oracle_constant(test.scores, test.labels, test.seen_mask)
    return apply_constant(test.scores, test.seen_mask, constant).argmax(1), {"constant": constant}


def _gate(test: Generalized, tuning: Generalized) -> tuple[np.ndarray, dict]:
    # As many probabilities of each expert as both runs have classes for.
    k = min((~test.seen_mask).sum(), (~tuning.seen_mask).sum())
    fitted = fit_gate(tuning.seen_logits, tuning.unseen_scores, tuning.seen_mask[tuning.labels], top_k=int(k))
    predictions = fitted.predict(test.seen_logits, test.unseen_scores, test.seen_mask)
    return predictions, {
        "coefficients": fitted.coefficients.tolist(),
        "intercept": fitted.intercept,
        "temperature": fitted.temperature,
        "threshold": fitted.threshold,
        "unit": fitted.unit,
    }
