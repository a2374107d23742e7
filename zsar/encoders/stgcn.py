"""ST-GCN in the narrow form that SMIE and PGFA train: ten blocks, 16 to 256 channels.

Yan, Xiong, Lin: Spatial Temporal Graph Convolutional Networks for Skeleton-Based Action Recognition, AAAI 2018.
"""

import re
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.encoders.bodies import counted_bodies, mean_over_bodies, require_known
from zsar.learning.faster import faster


def spatial_partition(edges, joints: int, centre: int) -> np.ndarray:
    """The three adjacency matrices of the spatial configuration partition (section 3.3), [3, V, V] float32.

    The joint itself; its neighbours nearer to the centre of gravity; those further from it. Columns of the whole
    adjacency are normalised to one. As released, distances count only up to one bone: neighbours that are both
    further from the centre go with the nearer ones.
    """
    adjacency = np.eye(joints)
    for i, j in edges:
        adjacency[i, j] = adjacency[j, i] = 1
    distance = np.where(adjacency[centre] > 0, 1, np.inf)
    distance[centre] = 0
    adjacency /= adjacency.sum(axis=0, keepdims=True)
    itself = np.eye(joints, dtype=bool)
    further = distance[:, None] < distance[None, :]
    return np.stack([np.where(m, adjacency, 0) for m in (itself, ~itself & ~further, further)]).astype(np.float32)


class SpatialGraphConvolution(nn.Module):
    """Mapped for each partition, then gathered from the neighbours in it: [B, C, T, V] -> [B, O, T, V]."""

    def __init__(self, channels: int, out_channels: int, partitions: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, out_channels * partitions, kernel_size=1)
        self.partitions = partitions

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        mapped = self.conv(x).unflatten(1, (self.partitions, -1))
        return torch.einsum("bkctv,kvw->bctw", mapped, adjacency).contiguous()


class Block(nn.Module):
    """A spatial graph convolution and a temporal one of kernel 9, with a residual connection."""

    def __init__(self, channels: int, out_channels: int, stride: int, dropout: float, residual: bool, partitions: int):
        super().__init__()
        self.gcn = SpatialGraphConvolution(channels, out_channels, partitions)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, (9, 1), (stride, 1), (4, 0)),
            nn.BatchNorm2d(out_channels),
            nn.Dropout(dropout),
        )
        self.residual = None
        if residual and channels == out_channels and stride == 1:
            self.residual = nn.Identity()
        elif residual:
            self.residual = nn.Sequential(
                nn.Conv2d(channels, out_channels, 1, (stride, 1)), nn.BatchNorm2d(out_channels)
            )

    @faster("stgcn:block")
    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        y = self.tcn(self.gcn(x, adjacency))
        return F.relu(y if self.residual is None else y + self.residual(x))


def pooled(maps: Tensor) -> Tensor:
    """[B, C, T, V] to its mean over frames and joints, [B, C]."""
    return maps.mean((2, 3))


def channels_last(maps: Tensor) -> Tensor:
    """[B, C, T, V] to [B, T, V, C]."""
    return maps.permute(0, 2, 3, 1)


class STGCN(nn.Module):
    """Clips [N, 3, T, V, M] to features [N, width], the mean over joints, frames and bodies.

    ``absent_bodies``: ``convolve`` treats a missing second body as a body at the origin, as released; ``skip`` leaves
    it out of the batch statistics and of the mean over bodies (and halves the work on single-body clips).
    """

    def __init__(
        self,
        adjacency: Tensor,
        hidden: int = 16,
        width: int = 256,
        dropout: float = 0.5,
        channels: int = 3,
        absent_bodies: str = "convolve",
    ):
        super().__init__()
        require_known(absent_bodies)
        adjacency = torch.as_tensor(adjacency)
        k, v, _ = adjacency.shape
        self.register_buffer("adjacency", adjacency)
        self.absent_bodies = absent_bodies
        self.width = width
        self.data_bn = nn.BatchNorm1d(channels * v)
        plan = [hidden] * 4 + [2 * hidden] * 3 + [4 * hidden] * 2 + [width]
        blocks, previous = [], channels
        for i, out in enumerate(plan):
            stride = 2 if i in (4, 7) else 1
            # Neither dropout nor a residual connection in the first block, as released.
            blocks.append(Block(previous, out, stride, dropout if i else 0.0, i > 0, k))
            previous = out
        self.blocks = nn.ModuleList(blocks)
        self.edge_importance = nn.ParameterList([nn.Parameter(torch.ones_like(adjacency)) for _ in plan])

    def forward(self, x: Tensor) -> Tensor:
        return self.pool_bodies(x, pooled)

    def maps(self, x: Tensor) -> Tensor:
        """What `forward` takes the mean of over frames and joints, [N, T', V, width]; T' = T / 4, rounded up."""
        return self.pool_bodies(x, channels_last)

    @faster("stgcn:pool_bodies")
    def pool_bodies(self, x: Tensor, pool: Callable[[Tensor], Tensor]) -> Tensor:
        """Clips [N, 3, T, V, M] to what ``pool`` makes of their bodies' maps [B, width, T', V], the mean per clip."""
        counted = counted_bodies(x, self.absent_bodies)
        bodies = x.permute(0, 4, 3, 1, 2).flatten(0, 1)
        if counted is not None:
            bodies = bodies[counted.flatten()]
        return mean_over_bodies(pool(self.convolve(bodies)), (len(x), x.shape[4]), counted)

    def convolve(self, bodies: Tensor) -> Tensor:
        """Maps [B, width, T', V] of bodies [B, V, 3, T]."""
        x = self.data_bn(bodies.flatten(1, 2)).view(bodies.shape).permute(0, 2, 3, 1).contiguous()
        for block, importance in zip(self.blocks, self.edge_importance, strict=True):
            x = block(x, self.adjacency * importance)
        return x

    @classmethod
    def for_layout(cls, layout, **keywords) -> "STGCN":
        """An encoder for the joints and bones of a `zsar.skeletons.layouts.Layout`."""
        adjacency = spatial_partition(layout.edges, len(layout.joints), layout.centre)
        return cls(torch.from_numpy(adjacency), **keywords)

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords) -> "STGCN":
        """Load an encoder released by SMIE's or PGFA's authors; sizes follow from the weights."""
        weights = {
            re.sub(r"^st_gcn_networks\.", "blocks.", "adjacency" if k == "A" else k): v for k, v in state_dict.items()
        }
        k = weights["adjacency"].shape[0]
        channels, hidden = (weights["blocks.0.gcn.conv.weight"].shape[i] for i in (1, 0))
        width = weights["blocks.9.gcn.conv.weight"].shape[0] // k
        encoder = cls(weights["adjacency"], hidden // k, width, channels=channels, **keywords)
        encoder.load_state_dict(weights)
        return encoder
