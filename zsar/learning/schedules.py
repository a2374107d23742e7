"""Learning rates as functions of the epoch, so that a resumed run needs no scheduler's state."""

import math
from collections.abc import Sequence


def warmup_then_steps(base: float, epoch: int, warmup: int, steps: tuple[int, ...], factor: float = 0.1) -> float:
    """Linear warm-up from zero over ``warmup`` epochs to ``base``, then times ``factor`` at each of ``steps``."""
    if epoch < warmup:
        return base * epoch / warmup
    return base * factor ** sum(epoch >= step for step in steps)


def warmup_then_cosine(base: float, epoch: int, warmup: int, epochs: int) -> float:
    """Linear warm-up from zero over ``warmup`` epochs to ``base``, then a half cosine to zero at ``epochs``."""
    if epoch < warmup:
        return base * epoch / warmup
    return base * 0.5 * (1 + math.cos(math.pi * (epoch - warmup) / max(epochs - warmup, 1)))


def set_rate(optimizer, rate: float) -> None:
    """Give every parameter group of an optimizer this learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def reduced_on_plateau(
    base: float,
    losses: Sequence[float],
    patience: int,
    cooldown: int,
    factor: float = 0.1,
    threshold: float = 1e-4,
    least: float = 1e-8,
) -> float:
    """The rate after these epochs' losses: times ``factor`` after more than ``patience`` epochs without a least one.

    A loss is a new least one where it is lower by the fraction ``threshold``; after a reduction ``cooldown`` epochs do
    not count. A reduction by no more than ``least`` is not made. As torch's `ReduceLROnPlateau` has it.
    """
    rate, best, waited, resting = base, math.inf, 0, 0
    for loss in losses:
        improved = loss < best * (1 - threshold) if best != math.inf else loss < math.inf
        best, waited = (loss, 0) if improved else (best, waited + 1)
        if resting:
            resting, waited = resting - 1, 0
        if waited > patience:
            rate = rate * factor if rate * (1 - factor) > least else rate
            resting, waited = cooldown, 0
    return rate
