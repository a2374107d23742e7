"""Learning rates as functions of the epoch, so that a resumed run needs no scheduler's state."""

import math


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
