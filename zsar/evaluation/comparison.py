"""How sure an accuracy is over samples, and whether two methods can be told apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from zsar.errors import ZsarError
from zsar.evaluation import checks

DRAWS = 10_000
CHUNK = 1_000_000
"""Draws times clusters that are held in memory at once."""
Statistic = Callable[[np.ndarray], np.ndarray]
"""From sums [Q] or [Q, draws] over clusters to one number, or one of each draw."""


@dataclass(frozen=True)
class Interval:
    """An estimate and its interval; ``low`` and ``high`` are None when the spread is unknown."""

    value: float
    low: float | None
    high: float | None
    clusters: int


@dataclass(frozen=True)
class PairedComparison:
    """Method A against method B on the same samples.

    ``difference`` is A minus B in accuracy, a fraction, with its clustered bootstrap interval.
    ``p`` is McNemar's exact two-sided p value; ``only_a`` and ``only_b`` count the samples (over
    all seeds) that one method alone got right.
    """

    difference: Interval
    p: float
    only_a: int
    only_b: int

    def distinguishable(self, adjusted_p: float, level: float = 0.95) -> bool:
        """Whether McNemar, corrected for the table, and the subjects' bootstrap both say so.

        Both are asked because McNemar takes clips of one subject for independent, and the
        bootstrap of few subjects is too narrow. With an unknown interval the answer is no.
        """
        low, high = self.difference.low, self.difference.high
        if low is None or high is None:
            return False
        return adjusted_p <= 1 - level and (low > 0 or high < 0)


def accuracy_interval(
    right: ArrayLike, clusters: ArrayLike, *, level: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Accuracy over samples and its bootstrap interval, clustered by subject: an `Interval`.

    ``right`` [N] is whether each sample was right (or its fraction over seeds), ``clusters`` [N]
    are ids, usually subjects, that are drawn whole and with replacement; percentile interval. With
    a single cluster the interval is unknown. Below about ten clusters it is too narrow.
    Raises `ZsarError` for empty or mismatching arrays and values outside [0, 1].
    Source: Davison and Hinkley, Bootstrap Methods and their Application, 1997.

    Examples:
        >>> interval = accuracy_interval([True, True, False, True], ["anna", "anna", "ben", "ben"])
        >>> interval.value, interval.low, interval.high, interval.clusters
        (0.75, 0.5, 1.0, 2)
    """
    sums, counts, n = _cluster_sums(checks.fractions(right, "right"), clusters)
    return _bootstrap(np.stack([sums, counts]), n, lambda s: s[0] / s[1], level=level, draws=draws, seed=seed)


def harmonic_interval(
    right: ArrayLike,
    is_seen: ArrayLike,
    clusters: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """Harmonic mean of seen and unseen accuracy and its clustered bootstrap: an `Interval`.

    ``is_seen`` bool [N]; the rest as for `accuracy_interval`. A draw without a seen, or without an
    unseen, sample has no harmonic mean and is left out. Raises `ZsarError` as `accuracy_interval`
    does, and when either kind has no sample.

    Examples:
        >>> interval = harmonic_interval([1, 1, 0, 1], [True, True, False, False], ["anna", "ben", "anna", "ben"])
        >>> interval.value, interval.low, interval.high
        (0.667, 0.0, 1.0)
    """
    right, is_seen = checks.fractions(right, "right"), np.asarray(is_seen)
    if is_seen.shape != right.shape or is_seen.dtype != bool:
        raise ZsarError(f"is_seen should be bool {list(right.shape)}, not {is_seen.dtype}")
    if is_seen.all() or not is_seen.any():
        raise ZsarError("a harmonic mean needs samples of seen and of unseen classes")
    sums = [_cluster_sums(part, clusters)[0] for part in (right * is_seen, right * ~is_seen)]
    counts = [_cluster_sums(part, clusters)[0] for part in (is_seen * 1.0, ~is_seen * 1.0)]

    def harmonic(drawn: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            s, u = drawn[0] / drawn[2], drawn[1] / drawn[3]
            both = 2 * s * u / (s + u)
        return np.where((s + u) == 0, 0.0, both)

    return _bootstrap(np.stack([*sums, *counts]), len(sums[0]), harmonic, level=level, draws=draws, seed=seed)


def compare(
    right_a: ArrayLike,
    right_b: ArrayLike,
    clusters: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> PairedComparison:
    """Method A against B: paired bootstrap clustered by subject, and McNemar's exact test.

    ``right_a`` and ``right_b`` are bool [N], or [S, N] for S seeds, of the same samples in the same
    order; ``clusters`` [N]. With several seeds the bootstrap draws seeds as well as clusters, each
    method's seeds on their own, and p is twice the median of the seeds' p values, which is valid
    however they depend on one another (Rüger, 1978). Without a disagreement p is 1.
    Raises `ZsarError` for empty or mismatching arrays.

    Examples:
        >>> a, b = [True, True, True, True], [True, False, False, True]
        >>> comparison = compare(a, b, ["anna", "anna", "ben", "ben"])
        >>> comparison.difference.value, comparison.p, comparison.only_a, comparison.only_b
        (0.5, 0.5, 2, 0)
    """
    a, b = _outcomes(right_a, "A"), _outcomes(right_b, "B")
    if a.shape != b.shape:
        raise ZsarError(f"A has outcomes {list(a.shape)}, B {list(b.shape)}: compare the same seeds and samples")
    only_a, only_b = (a & ~b).sum(axis=1), (b & ~a).sum(axis=1)
    seeds, generator = len(a), np.random.default_rng([seed, 1])
    rows = [_cluster_sums(row.astype(np.float64), clusters) for row in (*a, *b)]
    counts, n = rows[0][1:]

    def gap(drawn: np.ndarray) -> np.ndarray:
        """Accuracy of A minus B from sums [2 S + 1], or [2 S + 1, draws] with seeds drawn too."""
        ours, theirs = drawn[:seeds], drawn[seeds:-1]
        if drawn.ndim == 1 or seeds == 1:
            return (ours.mean(axis=0) - theirs.mean(axis=0)) / drawn[-1]
        chances, size = np.full(seeds, 1 / seeds), drawn.shape[1]
        times_a, times_b = (generator.multinomial(seeds, chances, size=size).T for _ in range(2))
        return (ours * times_a - theirs * times_b).sum(axis=0) / seeds / drawn[-1]

    sums = np.stack([*(r[0] for r in rows), counts])
    difference = _bootstrap(sums, n, gap, level=level, draws=draws, seed=seed)
    p = [mcnemar(int(x), int(y)) for x, y in zip(only_a, only_b, strict=True)]
    combined = p[0] if len(p) == 1 else min(1.0, 2 * float(np.median(p)))
    return PairedComparison(difference, combined, int(only_a.sum()), int(only_b.sum()))


def mcnemar(only_a: int, only_b: int) -> float:
    """The exact two-sided p value that A and B are right equally often.

    ``only_a`` and ``only_b`` count the samples that one of them alone got right. Without any, p is
    1. Raises `ZsarError` for negative counts. Source: McNemar, Psychometrika 12, 1947.

    Examples:
        >>> mcnemar(9, 1)
        0.02148
    """
    if min(only_a, only_b) < 0:
        raise ZsarError(f"counts of disagreements can't be negative: {only_a}, {only_b}")
    if only_a + only_b == 0:
        return 1.0
    from scipy.special import bdtr  # scipy.stats takes a second to import

    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """p values corrected for being several, in the order given; compare them with alpha itself.

    Raises `ZsarError` for values outside [0, 1].
    Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.

    Examples:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    p = checks.fractions(p_values, "p values") if len(p_values) else np.zeros(0)
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(raised, 1.0)
    return corrected.tolist()


def _bootstrap(sums: np.ndarray, n: int, statistic: Statistic, *, level: float, draws: int, seed: int) -> Interval:
    """Percentile interval of ``statistic`` of sums [Q, clusters] drawn with replacement."""
    if not 0 < level < 1 or draws < 1:
        raise ZsarError(f"a bootstrap needs a level within (0, 1) and draws, not {level}, {draws}")
    value = float(statistic(sums.sum(axis=1)))
    if n < 2:
        return Interval(value, None, None, n)
    generator, parts = np.random.default_rng(seed), []
    step = max(1, CHUNK // n)
    for start in range(0, draws, step):
        # How often each cluster is drawn: n draws with equal chances.
        times = generator.multinomial(n, np.full(n, 1 / n), size=min(step, draws - start))
        parts.append(statistic(sums @ times.T))
    values = np.concatenate(parts)
    values = values[np.isfinite(values)]
    if not values.size:
        return Interval(value, None, None, n)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high), n)


def _cluster_sums(values: np.ndarray, clusters: ArrayLike) -> tuple[np.ndarray, np.ndarray, int]:
    """Sum and number of samples in each cluster, and the number of clusters."""
    clusters = np.asarray(clusters)
    if clusters.shape != values.shape:
        raise ZsarError(f"{values.size} samples, but cluster ids of shape {list(clusters.shape)}")
    _, which = np.unique(clusters, return_inverse=True)
    which = which.reshape(-1)
    counts = np.bincount(which).astype(np.float64)
    return np.bincount(which, weights=values), counts, len(counts)


def _outcomes(right: ArrayLike, name: str) -> np.ndarray:
    """Bool [S, N]."""
    right = np.asarray(right)
    if right.dtype != bool or right.ndim not in (1, 2) or not right.size:
        raise ZsarError(
            f"the outcomes of {name} should be bool [N] or [seeds, N], not {right.dtype} {list(right.shape)}"
        )
    return right.reshape(-1, right.shape[-1])
