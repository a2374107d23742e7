"""Index batches drawn on the data's own device."""

from collections.abc import Iterator

import torch
from torch import Tensor


def shuffled(count: int, size: int, device, drop_last: bool = False, generator=None) -> Iterator[Tensor]:
    """Random batches of row numbers, each row once; fewer than ``size`` rows make one batch of what there is."""
    order = torch.randperm(count, generator=generator).to(device)
    if drop_last and count >= size:
        order = order[: count - count % size]
    yield from order.split(size)


def gathered(values: list[Tensor], rows: list[Tensor]) -> Tensor:
    """The given rows of several runs' values, side by side: S of [N, ...], S of [B] -> [S, B, ...]."""
    if len(values) == 1:
        return values[0].index_select(0, rows[0])[None]
    return torch.stack([v.index_select(0, r) for v, r in zip(values, rows, strict=True)])
