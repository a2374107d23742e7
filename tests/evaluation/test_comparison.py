import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zsar.errors import ZsarError
from zsar.evaluation.comparison import (
    accuracy_interval,
    compare,
    harmonic_interval,
    holm,
    mcnemar,
)


def data(n=120, subjects=8, seed=0):
    rng = np.random.default_rng(seed)
    who = rng.integers(0, subjects, n)
    skill = rng.random(subjects)[who]
    return rng.random(n) < skill, who, rng


def test_one_cluster_per_sample_agrees_with_scipy():
    right, _, rng = data(200)
    found = accuracy_interval(right, np.arange(200), draws=20_000)
    other = stats.bootstrap(
        (right * 1.0,),
        np.mean,
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert found.value == pytest.approx(right.mean())
    assert (found.low, found.high) == pytest.approx((other.low, other.high), abs=0.01)


def test_drawing_clusters_agrees_with_a_loop_that_does_so():
    right, who, rng = data()
    members = [right[who == w] for w in np.unique(who)]
    drawn = [
        np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]).mean() for _ in range(20_000)
    ]
    found = accuracy_interval(right, who, draws=20_000)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.015)
    assert found.clusters == len(members)
    narrower = accuracy_interval(right, np.arange(len(right)))
    assert found.high - found.low > 1.5 * (narrower.high - narrower.low)


def test_two_clusters_agree_with_all_their_draws():
    right, who = np.array([1, 1, 1, 0, 0, 0, 0, 1.0]), np.array(list("aaaabbbb"))
    found = accuracy_interval(right, who, level=0.6)  # draws: aa 0.75 (1/4), ab 0.5 (1/2), bb 0.25
    assert (found.low, found.value, found.high) == (0.25, 0.5, 0.75)
    found = accuracy_interval(right, who, level=0.4)
    assert (found.low, found.high) == (0.5, 0.5)


def test_the_harmonic_interval_agrees_with_a_loop():
    right, who, rng = data(300)
    is_seen = rng.random(300) < 0.7
    ids = np.unique(who)

    def harmonic(rows):
        s, u = right[rows][is_seen[rows]].mean(), right[rows][~is_seen[rows]].mean()
        return 2 * s * u / (s + u)

    drawn = [
        harmonic(np.concatenate([np.flatnonzero(who == w) for w in rng.choice(ids, len(ids))])) for _ in range(4000)
    ]
    found = harmonic_interval(right, is_seen, who, draws=20_000)
    assert found.value == pytest.approx(harmonic(np.arange(300)))
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.02)


def test_draws_without_one_kind_are_left_out():
    right, who = np.array([True, False, True, True]), np.array(["a", "a", "b", "b"])
    found = harmonic_interval(right, np.array([True, False, True, True]), who)
    assert np.isfinite([found.low, found.high]).all()  # drawing b twice has no unseen clip
    with pytest.raises(ZsarError, match="seen and of unseen"):
        harmonic_interval(right, np.ones(4, bool), who)


def test_a_single_subject_leaves_the_spread_unknown():
    found = accuracy_interval(np.array([True, False]), np.array(["p", "p"]))
    assert (found.value, found.low, found.high, found.clusters) == (0.5, None, None, 1)
    found = compare(np.array([True] * 30), np.array([False] * 30), np.zeros(30, int))
    assert found.difference.low is None and found.p < 1e-6
    assert not found.distinguishable(found.p)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    hits, rng = 0, np.random.default_rng(0)
    for trial in range(300):
        who = np.repeat(np.arange(40), 10)
        skill = rng.beta(6, 4, 40)[who]  # true mean 0.6
        found = accuracy_interval(rng.random(400) < skill, who, draws=500, seed=trial)
        hits += found.low <= 0.6 <= found.high
    assert 0.90 <= hits / 300 <= 0.98


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_the_binomial_test(only_a, only_b):
    n, k = only_a + only_b, min(only_a, only_b)
    expected = min(1.0, 2 * stats.binom.cdf(k, n, 0.5)) if n else 1.0
    assert mcnemar(only_a, only_b) == pytest.approx(expected)
    assert mcnemar(only_b, only_a) == pytest.approx(expected)


def test_mcnemar_agrees_with_statsmodels():
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    for a, b in ((3, 9), (0, 4), (17, 20), (1, 30)):
        expected = contingency.mcnemar([[5, a], [b, 6]], exact=True).pvalue
        assert mcnemar(a, b) == pytest.approx(expected)


def naive_holm(p):
    """Rejections at every alpha that matters: step down, stop at the first that isn't rejected."""
    order, adjusted, worst = sorted(range(len(p)), key=lambda i: p[i]), [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        worst = max(worst, (len(p) - rank) * p[i])
        adjusted[i] = min(1.0, worst)
    return adjusted


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.001, 0.5))
def test_holm_agrees_with_its_definition(p, alpha):
    found = holm(p)
    assert found == pytest.approx(naive_holm(p))
    rejected = set()
    for rank, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[i] * (len(p) - rank) > alpha:
            break
        rejected.add(i)
    assert {i for i, q in enumerate(found) if q <= alpha} == rejected


def test_holm_agrees_with_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p = np.random.default_rng(0).random(20) ** 3
    assert holm(p) == pytest.approx(multitest.multipletests(p, method="holm")[1])


def test_p_values_outside_zero_and_one_are_refused():
    with pytest.raises(ZsarError, match="between 0 and 1"):
        holm([0.5, float("nan")])
    with pytest.raises(ZsarError, match="negative"):
        mcnemar(-1, 2)


def test_a_comparison_counts_disagreements_and_is_antisymmetric():
    rng = np.random.default_rng(1)
    a, b, who = rng.random(400) < 0.7, rng.random(400) < 0.5, rng.integers(0, 20, 400)
    found, other = compare(a, b, who), compare(b, a, who)
    assert (found.only_a, found.only_b) == (int((a & ~b).sum()), int((b & ~a).sum()))
    assert found.p == mcnemar(found.only_a, found.only_b) == other.p
    assert found.difference.value == pytest.approx(a.mean() - b.mean())
    assert found.difference.low == pytest.approx(-other.difference.high)
    assert found.distinguishable(found.p)
    same = compare(a, a, who)
    assert same.p == 1.0 and same.difference.low == same.difference.high == 0
    assert not same.distinguishable(same.p)


def test_pairing_narrows_the_difference():
    rng = np.random.default_rng(2)
    a, who = rng.random(500) < 0.6, rng.integers(0, 25, 500)
    b = a ^ (rng.random(500) < 0.05)
    paired = compare(a, b, who).difference
    alone = accuracy_interval(a, who)
    assert paired.high - paired.low < 0.7 * (alone.high - alone.low)


def test_several_seeds_are_drawn_too_and_their_p_values_combined():
    rng = np.random.default_rng(3)
    who = rng.integers(0, 20, 300)
    level = np.array([0.3, 0.5, 0.7])[:, None]  # seeds of A differ a lot
    a, b = rng.random((3, 300)) < level, rng.random((3, 300)) < 0.5
    found = compare(a, b, who)
    assert found.difference.value == pytest.approx(a.mean() - b.mean())
    fixed = compare(rng.permutation(a.ravel()).reshape(3, 300), b, who).difference
    assert found.difference.high - found.difference.low > 2 * (fixed.high - fixed.low)
    each = [mcnemar(int((x & ~y).sum()), int((y & ~x).sum())) for x, y in zip(a, b, strict=True)]
    assert found.p == min(1.0, 2 * np.median(each))
    assert compare(a[:1], b[:1], who) == compare(a[0], b[0], who)


@pytest.mark.parametrize(
    ("a", "b", "who", "said"),
    [
        (np.ones(3, bool), np.ones(4, bool), np.zeros(3), "compare the same"),
        (np.ones(3), np.ones(3, bool), np.zeros(3), "outcomes of A should be bool"),
        (np.ones(3, bool), np.ones(3, bool), np.zeros(2), "cluster ids"),
        (np.ones(0, bool), np.ones(0, bool), np.zeros(0), "outcomes of A"),
    ],
)
def test_what_does_not_fit_together_is_refused(a, b, who, said):
    with pytest.raises(ZsarError, match=said):
        compare(a, b, who)


def test_senseless_options_are_refused():
    for options in ({"level": 1.0}, {"draws": 0}):
        with pytest.raises(ZsarError, match="bootstrap needs"):
            accuracy_interval(np.ones(3), np.arange(3), **options)
    with pytest.raises(ZsarError, match="between 0 and 1"):
        accuracy_interval(np.array([0.5, np.nan]), np.arange(2))
