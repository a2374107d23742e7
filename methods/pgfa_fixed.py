"""PGFA without its encoder: what remains of it where only released features are to be had."""

from dataclasses import dataclass

from torch import nn

from zsar.methods.pgfa import PGFA, FeatureAlignment, PGFANetwork


@dataclass(kw_only=True, eq=False)
class FixedPGFA(FeatureAlignment):
    """PGFA on features that a fixed encoder made: the linear map, the loss and the alignment, nothing end to end.

    Not what the paper proposes, so tables call it by its own name; `zsar bench --methods pgfa` runs it on datasets of
    features only.
    """

    title = "PGFA (fixed encoder)"
    paper, link = PGFA.paper, PGFA.link

    def build(self, x_shape: tuple[int, ...], text_shape: tuple[int, ...]) -> PGFANetwork:
        return PGFANetwork(nn.Identity(), x_shape[-1], text_shape[-1])
