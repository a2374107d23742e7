"""The protocol: arrays of scores in, numbers out, for scores from anywhere.

``scores`` are [N, C], larger is more similar; ``labels`` integers [N], positions among the C classes; ``seen_mask``
bool [C].

ZSL: `zsl_metrics`, `top1`, `mean_per_class`, `per_class_accuracy`, `confusion`.
GZSL: `gzsl_metrics`, `accuracies`, `harmonic_mean`, `seen_unseen_curve`.
Calibrated stacking: `choose_constant`, `apply_constant`, `oracle_constant`, `standard_scores`.
The gate: `fit_gate`, `fit_gate_as_released`, `oracle_threshold`, `Gate`.
How sure: `mean_interval` (seeds), `accuracy_interval`, `harmonic_interval` (samples by subject).
Two methods: `compare`, `mcnemar`; a table: `compare_all`, `holm`, `groups`, `letters`.
How many seeds: `power_of`, `seeds_needed`, `upper_deviation`.
"""

from zsar.evaluation.comparison import (
    Interval,
    PairedComparison,
    accuracy_interval,
    compare,
    harmonic_interval,
    holm,
    mcnemar,
)
from zsar.evaluation.gate import Gate, fit_gate, fit_gate_as_released, oracle_threshold
from zsar.evaluation.gzsl import (
    SeenUnseenCurve,
    accuracies,
    gzsl_metrics,
    harmonic_mean,
    seen_unseen_curve,
    standard_scores,
)
from zsar.evaluation.intervals import mean_interval
from zsar.evaluation.letter_display import compare_all, groups, letters
from zsar.evaluation.metrics import confusion, mean_per_class, per_class_accuracy, top1, zsl_metrics
from zsar.evaluation.power import power_of, seeds_needed, upper_deviation
from zsar.evaluation.stacking import apply_constant, choose_constant, oracle_constant

__all__ = [
    "Gate",
    "Interval",
    "PairedComparison",
    "SeenUnseenCurve",
    "accuracies",
    "accuracy_interval",
    "apply_constant",
    "choose_constant",
    "compare",
    "compare_all",
    "confusion",
    "fit_gate",
    "fit_gate_as_released",
    "groups",
    "gzsl_metrics",
    "harmonic_interval",
    "harmonic_mean",
    "holm",
    "letters",
    "mcnemar",
    "mean_interval",
    "mean_per_class",
    "oracle_constant",
    "oracle_threshold",
    "per_class_accuracy",
    "power_of",
    "seen_unseen_curve",
    "seeds_needed",
    "standard_scores",
    "top1",
    "upper_deviation",
    "zsl_metrics",
]
