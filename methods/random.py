"""Random: what guessing buys, the floor of every table."""

from collections.abc import Iterator

import torch
from torch import Tensor

from zsar.learning.contract import Method, Seen


class Random(Method):
    """Uniform scores blind to clip and text; a torch seed gives the same scores on any device."""

    title = "Random"

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        yield {"loss": 0.0}

    def score(self, x: Tensor, text: Tensor) -> Tensor:
        return torch.rand(len(x), len(text)).to(x.device)
