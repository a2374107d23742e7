"""The gate: fitted on the file's validation clips, judged on its test clips as given."""

import numpy as np

from zsar.errors import DataError
from zsar.evaluation import Gate, accuracies, fit_gate_as_released

RECOGNISED_BY = ("val_unseen_zs_probs", "test_zs_probs", "coef", "best_threshold")
INPUTS = (
    "num_classes",
    "num_unseen",
    "unseen",
    "val_unseen",
    "seen",
    "seen_without_val",
    "val_unseen_zs_probs",
    "val_seen_zs_probs",
    "val_unseen_seen_logits",
    "val_seen_seen_logits",
    "test_labels",
    "test_seen_logits",
    "test_zs_probs",
)
TOLERANCES = {"coef": 1e-2, "intercept": 1e-2}
"""The released solver stops early, so that its last digits depend on the machine."""
POINTS = 2.0
"""How far the harmonic mean of a gate trained here may be from the file's."""


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a gate file; raises `DataError` when the one trained here is 2 points off."""
    trained = fit_gate_as_released(
        np.concatenate([values["val_unseen_seen_logits"], values["val_seen_seen_logits"]]),
        np.concatenate([values["val_unseen_zs_probs"], values["val_seen_zs_probs"]]),
        np.repeat([False, True], [len(values["val_unseen_zs_probs"]), len(values["val_seen_zs_probs"])]),
    )
    released = Gate(
        values["coef"].reshape(-1),
        float(values["intercept"][0]),
        float(values["best_temperature"]),
        float(values["best_threshold"]),
    )
    theirs, ours = _percent(released, values), _percent(trained, values)
    if abs(ours["harmonic"] - values["harmonic_mean"]) > POINTS:
        raise DataError(
            f"the gate trained here has a harmonic mean of {ours['harmonic']:.2f} on test clips,"
            f" the file {float(values['harmonic_mean']):.2f}: more than {POINTS:g} points apart"
        )
    return {
        "best_threshold": trained.threshold,
        "best_temperature": np.asarray(trained.temperature, dtype=int),
        "gate_validation_accuracy": trained.held_out_accuracy,
        "coef": trained.coefficients.reshape(1, -1),
        "intercept": np.array([trained.intercept]),
        "seen_accuracy": theirs["seen"],
        "unseen_accuracy": theirs["unseen"],
        "harmonic_mean": theirs["harmonic"],
    }


def _percent(gate: Gate, values: dict[str, np.ndarray]) -> dict[str, float]:
    """Accuracies in percent, with the two decimals that are printed."""
    seen_mask = np.isin(np.arange(int(values["num_classes"])), values["seen"])
    predictions = gate.predict(values["test_seen_logits"], values["test_zs_probs"], seen_mask)
    shares = accuracies(predictions, values["test_labels"], seen_mask)
    return {side: round(100 * shares[side], 2) for side in ("seen", "unseen", "harmonic")}
