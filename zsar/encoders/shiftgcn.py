"""Shift-GCN: ten blocks of 64 to 256 channels in which joints and frames exchange features by shifting alone.

Cheng et al., Skeleton-Based Action Recognition with Shift Graph Convolutional Network, CVPR 2020.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.encoders.bodies import counted_bodies, mean_over_bodies, require_known
from zsar.encoders.released_shiftgcn import load_block, network_weights, sizes
from zsar.encoders.shift import TemporalShift, joint_shift, reorder
from zsar.learning.faster import faster

STRIDES = (1, 1, 1, 1, 2, 1, 1, 2, 1, 1)


class Norm(nn.BatchNorm1d):
    """Batch normalisation of features whose first axis (or axes) are the channels: [C, ...] -> [C, ...]."""

    leading = True

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.reshape(1, self.num_features, -1)).view(x.shape)


class Pointwise(nn.Module):
    """One linear map of all channels, [C, ...] -> [O, ...]."""

    def __init__(self, channels: int, out_channels: int, deviation: float):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, channels) * deviation)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias[:, None], self.weight, x.reshape(len(x), -1)).view(-1, *x.shape[1:])


class Spatial(nn.Module):
    """Shift between joints, map, shift back: [C, V, T, B] -> [O, V, T, B] (the paper's non-local one)."""

    def __init__(self, channels: int, out_channels: int, joints: int):
        super().__init__()
        self.map = Pointwise(channels, out_channels, math.sqrt(1 / out_channels))
        self.mask = nn.Parameter(torch.zeros(channels, joints))
        self.norm = Norm(out_channels * joints)
        self.down = None
        if channels != out_channels:
            self.down = nn.Sequential(
                Pointwise(channels, out_channels, math.sqrt(2 / out_channels)), Norm(out_channels)
            )
        for name, count in (("in", channels), ("out", out_channels)):
            for way, direction in (("there", 1), ("back", -1)):
                # Follows from the sizes, so it is not part of the weights.
                self.register_buffer(f"{name}_{way}", joint_shift(joints, count, direction), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        c, v, t, b = x.shape
        y = reorder(x.reshape(c * v, t * b), self.in_there, self.in_back)
        y = self.map(y.view(c, v, t * b) * (self.mask.tanh() + 1)[..., None].to(y.dtype))
        y = reorder(y.view(-1, t * b), self.out_back, self.out_there)
        return F.relu(self.norm(y).view(-1, v, t, b) + (x if self.down is None else self.down(x)))


class Block(nn.Module):
    """A spatial part and a temporal one, shift, map, shift, with a residual connection."""

    def __init__(
        self, channels: int, out_channels: int, joints: int, stride: int, residual: bool, offset_gradient: str
    ):
        super().__init__()
        self.stride = stride
        self.spatial = Spatial(channels, out_channels, joints)
        self.norm_in = Norm(out_channels)
        self.shift_in = TemporalShift(out_channels, 1, offset_gradient)
        self.map = Pointwise(out_channels, out_channels, math.sqrt(2 / out_channels))
        self.shift_out = TemporalShift(out_channels, stride, offset_gradient)
        self.norm_out = Norm(out_channels)
        self.residual = None
        if residual and channels == out_channels and stride == 1:
            self.residual = nn.Identity()
        elif residual:
            deviation = math.sqrt(2 / out_channels)
            self.residual = nn.Sequential(Pointwise(channels, out_channels, deviation), Norm(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        y = self.shift_in(self.norm_in(self.spatial(x)))
        y = self.norm_out(self.shift_out(F.relu(self.map(y))))
        return F.relu(y if self.residual is None else y + self.residual(x[:, :, :: self.stride]))

    @classmethod
    def from_official(cls, weights: dict[str, Tensor], stride: int, offset_gradient: str = "sign") -> "Block":
        """One block from the authors' released weights of it (names beginning with ``gcn1`` and ``tcn1``)."""
        _, joints, channels = weights["gcn1.Feature_Mask"].shape
        out = len(weights["tcn1.bn.weight"])
        block = cls(
            channels, out, joints, stride, channels == out or "residual.conv.weight" in weights, offset_gradient
        )
        load_block(block, weights)
        return block


def pooled(maps: Tensor) -> Tensor:
    """[C, V, T, B] to its mean over frames and joints, [B, C]."""
    return maps.mean((1, 2)).T


def bodies_first(maps: Tensor) -> Tensor:
    """[C, V, T, B] to [B, T, V, C]."""
    return maps.permute(3, 2, 1, 0)


class ShiftGCN(nn.Module):
    """Clips [N, 3, T, V, M] to features [N, 4 * hidden], the mean over joints, frames and bodies.

    ``absent_bodies``: ``convolve`` treats a missing second body as a body of zeros, as released; ``skip`` leaves it
    out of everything but the normalisation of the input, which is over all bodies together.
    """

    def __init__(
        self,
        joints: int,
        bodies: int = 2,
        hidden: int = 64,
        channels: int = 3,
        absent_bodies: str = "convolve",
        offset_gradient: str = "sign",
    ):
        super().__init__()
        require_known(absent_bodies)
        self.absent_bodies, self.width = absent_bodies, 4 * hidden
        self.input_norm = Norm(bodies * joints * channels)
        plan = [hidden] * 4 + [2 * hidden] * 3 + [4 * hidden] * 3
        blocks = []
        for i, (stride, out) in enumerate(zip(STRIDES, plan, strict=True)):
            # The first block has no residual connection, as released.
            blocks.append(Block(channels if i == 0 else plan[i - 1], out, joints, stride, i > 0, offset_gradient))
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool_bodies(x, pooled)

    def maps(self, x: Tensor) -> Tensor:
        """What `forward` takes the mean of over frames and joints, [N, T', V, width]; T' = T / 4, rounded up."""
        return self.pool_bodies(x, bodies_first)

    def pool_bodies(self, x: Tensor, pool: Callable[[Tensor], Tensor]) -> Tensor:
        """Clips [N, 3, T, V, M] to what ``pool`` makes of their bodies' maps [width, V, T', B], the mean per clip."""
        counted = counted_bodies(x, self.absent_bodies)
        n, m = len(x), x.shape[4]
        x = self.input_norm(x.permute(4, 3, 1, 2, 0))  # [M, V, C, T, N]: both bodies' joints are channels here
        bodies = x.permute(2, 1, 3, 4, 0).flatten(3)
        if counted is not None:
            bodies = bodies[..., counted.flatten()]
        return mean_over_bodies(self.exchange(bodies, pool), (n, m), counted)

    @faster("shiftgcn:exchange")
    def exchange(self, bodies: Tensor, pool: Callable[[Tensor], Tensor]) -> Tensor:
        """What ``pool`` makes of the blocks' maps [width, V, T', B] of normalised bodies [3, V, T, B]."""
        x = bodies.contiguous()
        for block in self.blocks:
            x = block(x)
        return pool(x.float())

    @classmethod
    def for_layout(cls, layout, **keywords) -> "ShiftGCN":
        """An encoder for the joints of a `zsar.skeletons.layouts.Layout`; their bones make no difference to it."""
        return cls(len(layout.joints), **keywords)

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords) -> "ShiftGCN":
        """Load a network that the authors released; sizes follow from the weights, its classifier is left aside.

        Raises `DataError` when the names or shapes are not those of a released Shift-GCN.
        """
        state_dict = {k.removeprefix("module."): v for k, v in state_dict.items()}  # as several GPUs save them
        network = cls(**sizes(state_dict), **keywords)
        network.load_state_dict(network_weights(network, state_dict))
        return network
