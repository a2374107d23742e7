"""The protocol: arrays of scores in, numbers out, for scores from anywhere.

Every name below is imported when it is first used. ``scores`` are [N, C], larger is more similar;
``labels`` integers [N], positions among the C classes; ``seen_mask`` bool [C].

ZSL: `zsl_metrics`, `top1`, `mean_per_class`, `per_class_accuracy`, `confusion`.
GZSL: `gzsl_metrics`, `accuracies`, `harmonic_mean`, `seen_unseen_curve`.
Calibrated stacking: `choose_constant`, `apply_constant`, `oracle_constant`, `standard_scores`.
The gate: `fit_gate`, `fit_gate_as_released`, `oracle_threshold`, `Gate`.
How sure: `mean_interval` (seeds), `accuracy_interval`, `harmonic_interval` (samples by subject).
Two methods: `compare`, `mcnemar`; a table: `compare_all`, `holm`, `groups`, `letters`.
How many seeds: `power_of`, `seeds_needed`, `upper_deviation`.
"""

import importlib

_PLACES = {
    "metrics": ("zsl_metrics", "top1", "mean_per_class", "per_class_accuracy", "confusion"),
    "gzsl": ("gzsl_metrics", "accuracies", "harmonic_mean", "seen_unseen_curve", "SeenUnseenCurve"),
    "stacking": ("choose_constant", "apply_constant", "oracle_constant", "standard_scores"),
    "gate": ("Gate", "fit", "fit_as_released", "oracle_threshold"),
    "intervals": ("mean_interval",),
    "comparison": (
        "accuracy_interval",
        "harmonic_interval",
        "compare",
        "mcnemar",
        "holm",
        "Interval",
        "PairedComparison",
    ),
    "letter_display": ("groups", "letters", "compare_all"),
    "power": ("power_of", "seeds_needed", "upper_deviation"),
}
_FULL_NAMES = {"fit": "fit_gate", "fit_as_released": "fit_gate_as_released"}
_PLACE_OF = {_FULL_NAMES.get(name, name): (module, name) for module, names in _PLACES.items() for name in names}

__all__ = sorted(_PLACE_OF)


def __getattr__(name: str):
    if name not in _PLACE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, inner = _PLACE_OF[name]
    return getattr(importlib.import_module(f"{__name__}.{module}"), inner)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
