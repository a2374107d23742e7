import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zsar.errors import ZsarError
from zsar.evaluation.power import power_of, seeds_needed, upper_deviation


@settings(max_examples=80, deadline=None)
@given(st.floats(0.1, 5), st.floats(0.3, 5), st.integers(2, 40), st.floats(0.8, 0.99))
def test_power_agrees_with_scipy(difference, sd, seeds, level):
    shift, freedom = difference / sd * np.sqrt(seeds / 2), 2 * seeds - 2
    critical = stats.t.ppf((1 + level) / 2, freedom)
    expected = stats.nct.sf(critical, freedom, shift)
    if shift < 6:  # beyond, the other tail is nothing, and scipy's noncentral t not a number
        expected += stats.nct.cdf(-critical, freedom, shift)
    assert power_of(difference, sd, sd, seeds, level) == pytest.approx(expected, abs=1e-6)


def test_power_agrees_with_statsmodels():
    statistics = pytest.importorskip("statsmodels.stats.power")
    for effect, seeds in ((0.5, 10), (1.0, 17), (2.0, 5), (3.0, 3)):
        expected = statistics.TTestIndPower().power(effect, seeds, 0.05)
        assert power_of(effect, 1, 1, seeds) == pytest.approx(expected)
        needed = statistics.TTestIndPower().solve_power(effect, power=0.8, alpha=0.05)
        assert seeds_needed(effect, 1) == int(np.ceil(needed))


@pytest.mark.parametrize(
    ("difference", "sd_a", "sd_b", "seeds"),
    [
        (3, 2, 2, 8),
        (1, 2, 2, 5),
        (3, 1, 3, 10),
        (4, 1, 1, 3),
    ],
)
def test_power_agrees_with_simulation(difference, sd_a, sd_b, seeds):
    rng = np.random.default_rng(0)
    a = rng.normal(difference, sd_a, (20_000, seeds))
    b = rng.normal(0, sd_b, (20_000, seeds))
    found = stats.ttest_ind(a, b, axis=1, equal_var=sd_a == sd_b).pvalue
    assert power_of(difference, sd_a, sd_b, seeds) == pytest.approx(np.mean(found < 0.05), abs=0.015)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.2, 10), st.floats(0.1, 5), st.floats(0.1, 5), st.floats(0.5, 0.95))
def test_one_seed_less_is_not_enough(difference, sd, other, power):
    needed = seeds_needed(difference, sd, other, power=power)
    assert power_of(difference, sd, other, needed) >= power
    assert needed == 2 or power_of(difference, sd, other, needed - 1) < power


def test_the_ends():
    assert seeds_needed(3, 0) == 2 and seeds_needed(-3, 1) == seeds_needed(3, 1)
    assert seeds_needed(1e9, 1e-9) == 2
    assert seeds_needed(0.001, 5) is None
    assert power_of(0, 1, 1, 9) == pytest.approx(0.05) == power_of(0, 0, 0, 9)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: seeds_needed(0, 1), "no number of seeds"),
        (lambda: seeds_needed(float("nan"), 1), "difference should be a finite number"),
        (lambda: seeds_needed(1, -1), "not negative"),
        (lambda: seeds_needed(1, 1, power=1.0), "power lies between 0 and 1"),
        (lambda: power_of(1, 1, 1, 1), "two seeds"),
        (lambda: power_of(1, 1, 1, 5, level=0), "level lies between"),
        (lambda: upper_deviation(1, 5, 2), "confidence lies"),
    ],
)
def test_senseless_input_is_refused(call, said):
    with pytest.raises(ZsarError, match=said):
        call()


@pytest.mark.parametrize("seeds", [2, 3, 5, 20])
def test_the_bound_of_a_deviation_holds_as_often_as_it_says(seeds):
    found = np.random.default_rng(0).normal(0, 2, (20_000, seeds)).std(axis=1, ddof=1)
    factor = upper_deviation(1.0, seeds, 0.8)
    assert np.mean(found * factor >= 2) == pytest.approx(0.8, abs=0.01)
    assert upper_deviation(1.0, 1) is None


def test_public_names_need_nothing_heavy():
    code = (
        "import sys, zsar.evaluation as e; [getattr(e, name) for name in e.__all__]; "
        "heavy = {'torch', 'sklearn', 'scipy', 'pandas'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
