import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_tables import SEEN, tables

from zsar.errors import ZsarError
from zsar.evaluation import gzsl, stacking


@settings(max_examples=100, deadline=None)
@given(tables(), st.booleans(), st.booleans())
def test_no_constant_is_better_than_the_chosen_one(table, raw, per_class):
    scores, labels, mask = table
    options = {"raw": raw, "per_class": per_class}
    constant = stacking.choose_constant(scores, labels, mask, **options)
    name = "harmonic_mean_per_class" if per_class else "harmonic"

    def harmonic(c):
        shifted = stacking.apply_constant(scores, mask, c, raw=raw)
        return gzsl.accuracies(shifted.argmax(1), labels, mask)[name]

    best = harmonic(constant)
    assert all(harmonic(c) <= best + 1e-9 for c in np.linspace(-8, 8, 161) + 0.0123)


def test_a_constant_chosen_in_standard_units_carries_over_to_another_scale():
    rng = np.random.default_rng(3)
    labels = np.arange(400) % 5
    scores = rng.normal(size=(400, 5)) + 1.5 * np.eye(5)[labels] + 2 * SEEN
    constant = stacking.choose_constant(scores, labels, SEEN)
    here = stacking.apply_constant(scores, SEEN, constant).argmax(1)
    there = stacking.apply_constant(1000 * scores + 7, SEEN, constant).argmax(1)
    assert (here == there).all()
    chosen = gzsl.accuracies(here, labels, SEEN)["harmonic"]
    assert chosen > gzsl.accuracies(scores.argmax(1), labels, SEEN)["harmonic"] + 0.1


def test_scores_without_a_spread_get_zeros():
    assert (stacking.standard_scores(np.full((2, 3), 0.1)) == 0).all()
    assert stacking.standard_scores(np.array([[1.0, 2.0, 3.0]])).std() == pytest.approx(1)


def test_calibration_nobody_needs_stays_at_zero():
    scores = np.array([[9.0, 0.0], [0.0, 9.0]])
    constant = stacking.choose_constant(scores, np.array([0, 1]), np.array([True, False]), raw=True)
    assert constant == 0.0


def test_a_constant_needs_both_kinds_and_has_to_be_finite():
    with pytest.raises(ZsarError, match="test clips of seen"):
        stacking.choose_constant(np.eye(5)[[1]], np.array([1]), SEEN)
    with pytest.raises(ZsarError, match="should be finite"):
        stacking.apply_constant(np.eye(5), SEEN, np.inf)
    with pytest.raises(ZsarError, match="don't match"):
        stacking.apply_constant(np.eye(4), SEEN, 0.0)
