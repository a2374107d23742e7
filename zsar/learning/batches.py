"""Index batches drawn on the data's own device."""

from collections.abc import Iterator

import torch
from torch import Tensor


def random_batches(count: int, size: int, device, drop_last: bool = False, generator=None) -> Iterator[Tensor]:
    """Random batches of row numbers, each row once; fewer than ``size`` rows make one batch of what there is."""
    order = torch.randperm(count, generator=generator).to(device)
    if drop_last and count >= size:
        order = order[: count - count % size]
    yield from order.split(size)
