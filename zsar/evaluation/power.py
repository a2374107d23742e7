"""How many seeds it takes to tell two methods apart."""

import math

from zsar.errors import ZsarError

MOST_SEEDS = 10_000


def power_of(difference: float, sd_a: float, sd_b: float, seeds: int, level: float = 0.95) -> float:
    """The chance that a two-sided t-test on ``seeds`` runs of each method finds the difference.

    ``difference`` and the standard deviations over seeds are in one unit, such as points. Exact for
    equal deviations (t squared has a noncentral F distribution with 1 and 2 n - 2 degrees of
    freedom); for unequal ones Welch's degrees of freedom are taken at the given deviations.
    Raises `ZsarError` for fewer than two seeds, values that aren't finite, negative deviations and
    a level outside (0, 1).
    Source: Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988.

    Examples:
        >>> power_of(3.0, 2.0, 2.0, seeds=5)
        0.549
    """
    _finite(difference=difference, sd_a=sd_a, sd_b=sd_b)
    if seeds < 2:
        raise ZsarError(f"a t-test needs two seeds of each method at least, not {seeds}")
    _within(level=level)
    variances = sd_a**2 / seeds, sd_b**2 / seeds
    if not sum(variances):
        return 1.0 if difference else 1 - level  # no spread: any difference shows
    from scipy.special import ncfdtr, stdtrit

    freedom = sum(variances) ** 2 / sum(v**2 / (seeds - 1) for v in variances)
    shift = abs(difference) / math.sqrt(sum(variances))
    critical = float(stdtrit(freedom, (1 + level) / 2))
    missed = float(ncfdtr(1, freedom, shift**2, critical**2))
    return 1.0 if math.isnan(missed) else 1 - missed  # not a number only far beyond doubt


def seeds_needed(
    difference: float,
    sd: float,
    sd_other: float | None = None,
    *,
    power: float = 0.8,
    level: float = 0.95,
) -> int | None:
    """The fewest seeds of each method with which a difference is found with chance ``power``.

    ``sd`` and ``sd_other`` (the same unless given) are standard deviations over seeds, in the unit
    of ``difference``. None when more than 10,000 would be needed. Raises `ZsarError` as `power_of`
    does, and for a difference of zero.

    Examples:
        >>> seeds_needed(3.0, 2.0)
        9
    """
    _finite(difference=difference)
    _within(power=power, level=level)
    if not difference:
        raise ZsarError("no number of seeds tells methods apart that don't differ: give a difference other than 0")
    other = sd if sd_other is None else sd_other

    def enough(seeds: int) -> bool:
        return power_of(difference, sd, other, seeds, level) >= power

    low, high = 2, 2
    while not enough(high):  # power grows with the number of seeds
        if high >= MOST_SEEDS:
            return None
        low, high = high + 1, min(2 * high, MOST_SEEDS)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high


def upper_deviation(sd: float, seeds: int, confidence: float = 0.8) -> float | None:
    """An upper bound of the true standard deviation, known from ``seeds`` runs.

    One-sided, from the chi-squared distribution: few seeds tell little about their own spread.
    None for a single seed. Raises `ZsarError` for a negative deviation or a senseless confidence.

    Examples:
        >>> upper_deviation(2.0, 3)
        4.23
    """
    _finite(sd=sd)
    _within(confidence=confidence)
    if seeds < 2:
        return None
    from scipy.special import chdtri

    return sd * math.sqrt((seeds - 1) / float(chdtri(seeds - 1, confidence)))


def _finite(**numbers: float) -> None:
    for name, value in numbers.items():
        if not math.isfinite(value) or (name != "difference" and value < 0):
            raise ZsarError(
                f"{name} should be a finite number"
                f"{'' if name == 'difference' else ' that is not negative'}, not {value}"
            )


def _within(**fractions: float) -> None:
    for name, value in fractions.items():
        if not 0 < value < 1:
            raise ZsarError(f"{name} lies between 0 and 1, not at {value}")
