import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zsar.errors import ZsarError
from zsar.evaluation.intervals import mean_interval


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), st.floats(0.5, 0.999))
def test_agrees_with_scipy(values, level):
    mean, half = mean_interval(values, level)
    assert mean == pytest.approx(np.mean(values))
    error = stats.sem(values)
    if error > 1e-12:
        low, high = stats.t.interval(level, len(values) - 1, loc=np.mean(values), scale=error)
        assert (mean - half, mean + half) == (pytest.approx(low), pytest.approx(high))
    else:
        assert half == pytest.approx(0, abs=1e-9)


def test_one_seed_leaves_the_width_unknown():
    assert mean_interval([0.4]) == (0.4, None)


@pytest.mark.parametrize(("values", "level"), [([], 0.95), ([0.1, float("nan")], 0.95), ([0.1, 0.2], 1.0)])
def test_senseless_input_is_refused(values, level):
    with pytest.raises(ZsarError):
        mean_interval(values, level)
