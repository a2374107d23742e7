"""Temperatures: the likeliest one, over several folds; the measure of how far probabilities are off."""

import numpy as np
import pytest

from zsar.errors import ZsarError
from zsar.recognition.calibration import calibration_error, fit_temperature, likelihood, probabilities


def drawn(clips, classes, temperature, seed=0):
    """Scores whose true labels are drawn from their softmax at a temperature."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(clips, classes)) * 3
    p = probabilities(scores, temperature)
    return scores, np.array([rng.choice(classes, p=row) for row in p])


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_of_the_draw_is_found(temperature):
    found = fit_temperature([drawn(4000, 5, temperature), drawn(4000, 4, temperature, 1)])
    assert found.temperature == pytest.approx(temperature, rel=0.1)
    assert (found.folds, found.clips) == (2, 8000) and found.error < 0.03


def test_it_has_the_highest_likelihood():
    scores, labels = drawn(300, 4, 2.0)
    found = fit_temperature([(scores, labels)])
    for other in (0.8, 1.2):
        assert likelihood(probabilities(scores, other * found.temperature), labels) > found.nll


def test_a_scale_of_the_scores_changes_no_probability():
    scores, labels = drawn(300, 4, 2.0)
    a, b = (fit_temperature([(unit * scores, labels)]) for unit in (1, 1e-4))
    assert np.allclose(probabilities(scores, a.temperature), probabilities(1e-4 * scores, b.temperature), atol=1e-3)


def test_error_by_hand():
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.45, 0.55]])
    labels = np.array([0, 1, 1, 1])
    # 0.9, 0.9: half right, off by 0.4; 0.6: right, off by 0.4; 0.55: right, off by 0.45.
    assert calibration_error(p, labels) == pytest.approx(0.5 * 0.4 + 0.25 * 0.4 + 0.25 * 0.45)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [(np.ones((20, 3)), np.zeros(20, int)), (np.eye(5), np.arange(5)), (np.full((20, 2), np.nan), np.zeros(20, int)),
     (np.zeros((20, 1)), np.zeros(20, int))],
)  # fmt: skip
def test_what_says_nothing_is_refused(scores, labels):
    with pytest.raises(ZsarError):
        fit_temperature([(scores, labels)])
