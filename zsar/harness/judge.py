"""Generalized zero-shot numbers of one run: strategies are fitted on the companion run, judged on the main one."""

from dataclasses import dataclass

import numpy as np

from zsar.errors import ZsarError
from zsar.evaluation import apply_constant, choose_constant, fit_gate, oracle_constant
from zsar.evaluation.gzsl import accuracies, gzsl_metrics

STRATEGIES = ("none", "stacking", "gate", "oracle")
"""No calibration; a constant off the seen scores; two experts and a gate; the best constant on the test clips."""


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

    @property
    def seen_mask(self) -> np.ndarray:
        """bool [S + U]: which columns are seen classes."""
        return np.arange(len(self.classes)) < self.seen_logits.shape[1]


def judge(test: Generalized, tuning: Generalized) -> dict:
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


def _stacking(test: Generalized, tuning: Generalized):
    constant = choose_constant(tuning.scores, tuning.labels, tuning.seen_mask)
    return apply_constant(test.scores, test.seen_mask, constant).argmax(1), {"constant": constant}


def _oracle(test: Generalized, tuning: Generalized):
    constant = oracle_constant(test.scores, test.labels, test.seen_mask)
    return apply_constant(test.scores, test.seen_mask, constant).argmax(1), {"constant": constant}


def _gate(test: Generalized, tuning: Generalized):
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
