"""How sure a mean over seeds is."""

import math

import numpy as np
from numpy.typing import ArrayLike

from zsar.errors import ZsarError


def mean_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float | None]:
    """The mean of a few runs and the half width of its Student t interval.

    ``values`` [number of seeds], any unit. The half width is in the same unit and is ``None`` for a
    single value: one seed says nothing about the spread, so it is unknown and not zero.
    Raises `ZsarError` when there is no value, one isn't finite, or ``level`` isn't within (0, 1).

    Examples:
        >>> mean_interval([0.5, 0.6, 0.7])
        (0.6, 0.248)
        >>> mean_interval([0.5])
        (0.5, None)
    """
    values = np.asarray(values, dtype=np.float64).reshape(-1)
    if not values.size or not np.isfinite(values).all():
        raise ZsarError(f"an interval needs finite values, not {values.tolist()}")
    if not 0 < level < 1:
        raise ZsarError(f"the level of an interval lies between 0 and 1, not {level}")
    if values.size == 1:
        return float(values[0]), None
    from scipy.special import stdtrit  # the quantile alone; scipy.stats takes ten times as long to import

    quantile = float(stdtrit(values.size - 1, (1 + level) / 2))
    return float(values.mean()), quantile * float(values.std(ddof=1)) / math.sqrt(values.size)
