"""The people of a clip: a second body is often absent, all zeros, and counts or does not."""

from torch import Tensor

from zsar.errors import UnknownName

ABSENT_BODIES = ("convolve", "skip")


def require_known(absent_bodies: str) -> None:
    """Raises `UnknownName` unless it is one of `ABSENT_BODIES`."""
    if absent_bodies not in ABSENT_BODIES:
        raise UnknownName("value", absent_bodies, ABSENT_BODIES, "absent_bodies")


def counted_bodies(x: Tensor, absent_bodies: str) -> Tensor | None:
    """Which bodies of clips [N, 3, T, V, M] count, [N, M] bool; None for all of them.

    ``convolve``: all, an absent one as a body at the origin; ``skip``: those that are there, and always the first.
    """
    if absent_bodies == "convolve" or x.shape[4] == 1:
        return None
    counted = x.ne(0).flatten(1, 3).any(1)
    counted[:, 0] = True
    return counted


def mean_over_bodies(values: Tensor, shape: tuple[int, int], counted: Tensor | None) -> Tensor:
    """Values [B, ...] of the counted bodies of clips, in order, as their mean per clip, [N, ...]; ``shape`` N, M."""
    if counted is None:
        return values.unflatten(0, shape).mean(1)
    bodies = values.new_zeros(counted.numel(), *values.shape[1:])
    bodies[counted.flatten()] = values
    number = counted.sum(1).view(-1, *[1] * (values.dim() - 1))
    return bodies.unflatten(0, shape).sum(1) / number
