"""PGFA without its encoder: what remains of it where only released features are to be had."""

from typing import Any

from torch import Tensor, nn

from zsar.methods.pgfa import PGFA, PGFANetwork


class FixedPGFA(PGFA):
    """PGFA on features that a fixed encoder made: the linear map, the loss and the alignment, nothing end to end.

    Not what the paper proposes, so tables call it by its own name; `zsar bench --methods pgfa` runs it on datasets of
    features only.
    """

    title = "PGFA (fixed encoder)"
    input = "features"
    on_features = ""

    def __init__(
        self,
        *,
        epochs: int = 50,
        batch: int = 128,
        lr: float = 0.05,
        momentum: float = 0.9,
        weight_decay: float = 5e-4,
        warmup: int = 5,
        steps: tuple = (50, 80),
        support: float = 0.9,
        train_temperature: bool = False,
    ):
        self.epochs, self.batch = epochs, batch
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.warmup, self.steps = warmup, steps
        self.support, self.train_temperature = support, train_temperature

    def untrained(self, x: Tensor, text: Tensor) -> PGFANetwork:
        """The network for features [N, D] and text [S, P, D]."""
        return PGFANetwork(nn.Identity(), x.shape[1], text.shape[-1])

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords: Any) -> "FixedPGFA":
        """Raises `NotImplementedError`: the authors released PGFA end to end only."""
        raise NotImplementedError(f"{cls.title} has no released checkpoint; load PGFA's")
