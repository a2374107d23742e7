"""ST-GCN in the narrow form that SMIE and PGFA train: ten blocks, 16 to 256 channels.

Yan, Xiong, Lin: Spatial Temporal Graph Convolutional Networks for Skeleton-Based Action Recognition, AAAI 2018.
"""

import re

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.encoders.graph import spatial_partition
from zsar.errors import UnknownName
from zsar.fast import frequencies
from zsar.fast.dropped import dropped_sum

ABSENT_BODIES = ("convolve", "skip")
BODIES, BODIES_ON_GPU = 32, 1024
"""At a time in evaluation mode: what lies between two layers stays in a CPU's cache, and in a GPU's memory."""


class SpatialGraphConvolution(nn.Module):
    """Neighbours' features gathered per partition, then mapped: [B, C, T, V] -> [B, O, T, V]."""

    def __init__(self, channels: int, out_channels: int, partitions: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, out_channels * partitions, kernel_size=1)
        self.partitions = partitions

    def forward(self, x: Tensor, adjacency: Tensor, norm: nn.Module) -> Tensor:
        """Mapped and normalised by ``norm``."""
        # Gathering before mapping costs C instead of O channels per partition; the bias then travels through the
        # adjacency's column sums. Channels-last memory was tried: slower here, and the batch normalisation's
        # error is five times as large in it.
        b, c, t, v = x.shape
        k = self.partitions
        gathered = x.reshape(b * c * t, v) @ adjacency.permute(1, 0, 2).reshape(v, k * v)
        gathered = gathered.view(b, c, t, k, v).permute(0, 3, 1, 2, 4).reshape(b, k * c, t, v)
        weight = self.conv.weight.view(k, -1, c).permute(1, 0, 2).reshape(-1, k * c, 1, 1)
        bias = self.conv.bias.view(k, -1).T @ adjacency.sum(1)
        if norm.training:
            return norm(F.conv2d(gathered, weight).add_(bias[:, None]))
        scale, shift = _folded(norm)
        bias = bias * scale[:, None] + shift[:, None]
        return F.conv2d(gathered, weight * scale.view(-1, 1, 1, 1)).add_(bias[:, None])


class Block(nn.Module):
    """A spatial graph convolution and a temporal one of kernel 9, with a residual connection.

    In evaluation mode batch normalisations are part of the maps before them.
    """

    def __init__(self, channels: int, out_channels: int, stride: int, dropout: float, residual: bool, partitions: int):
        super().__init__()
        self.gcn = SpatialGraphConvolution(channels, out_channels, partitions)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, (9, 1), (stride, 1), (4, 0)),
            nn.BatchNorm2d(out_channels),
            nn.Dropout(dropout, inplace=True),
        )
        self.residual = None
        if residual and channels == out_channels and stride == 1:
            self.residual = nn.Identity()
        elif residual:
            self.residual = nn.Sequential(
                nn.Conv2d(channels, out_channels, 1, (stride, 1)), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        norm, relu, conv, norm_out, dropout = self.tcn
        y = _normalised(relu(self.gcn(x, adjacency, norm)), conv, norm_out)
        residual = self.residual
        if isinstance(residual, nn.Sequential):
            residual = _normalised(x, *residual)
        elif residual is not None:
            residual = x
        return dropped_sum(y, residual, dropout.p if self.training else 0.0)


def _normalised(x: Tensor, conv: nn.Conv2d, norm: nn.Module) -> Tensor:
    """A convolution over time, then its batch normalisation."""
    weight, bias = conv.weight, conv.bias
    if not norm.training:
        scale, shift = _folded(norm)
        weight, bias = weight * scale.view(-1, 1, 1, 1), bias * scale + shift
    if not x.is_cuda and conv.stride[0] == 1 and frequencies.pays(x.shape[1], x.shape[2], weight.shape[2]):
        y = frequencies.convolution(x, weight, bias)
    else:
        y = F.conv2d(x, weight, bias, conv.stride, conv.padding)
    return norm(y) if norm.training else y


def _folded(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """A batch normalisation in evaluation mode: what it multiplies each channel by, and then adds."""
    scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
    return scale, norm.bias - norm.running_mean * scale


class STGCN(nn.Module):
    """Clips [N, 3, T, V, M] to features [N, width], the mean over joints, frames and bodies.

    ``absent_bodies``: ``convolve`` treats a missing second body as a body at the origin, as released;
    ``skip`` leaves it out of the batch statistics and of the mean over bodies (and halves the work on
    single-body clips). In evaluation mode all bodies at the origin have the same features, computed once.
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
        if absent_bodies not in ABSENT_BODIES:
            raise UnknownName("value", absent_bodies, ABSENT_BODIES, "absent_bodies")
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
        n, c, t, v, m = x.shape
        x = x.permute(0, 4, 3, 1, 2).reshape(n * m, v * c, t)
        skipped = self.absent_bodies == "skip" and m > 1
        if self.training and not skipped:
            return self._of_bodies(x).view(n, m, -1).mean(1)
        present = x.ne(0).flatten(1).any(1)
        if skipped:
            present.view(n, m)[:, 0] = True
            features = self._of_bodies(x[present])
            bodies = features.new_zeros(n * m, features.shape[1])
            bodies[present] = features
            return bodies.view(n, m, -1).sum(1) / present.view(n, m).sum(1, keepdim=True)
        origin = torch.zeros_like(x[:1])  # one for all absent bodies: in this mode each body is for itself
        features = self._of_bodies(torch.cat([origin, x[present]]))
        return features[torch.where(present, present.cumsum(0), 0)].view(n, m, -1).mean(1)

    def _of_bodies(self, x: Tensor) -> Tensor:
        """Features [B, width] of bodies [B, V * C, T]; not all at once where each is for itself."""
        if self.training:
            return self._convolved(x)
        return torch.cat([self._convolved(part) for part in x.split(BODIES_ON_GPU if x.is_cuda else BODIES)])

    def _convolved(self, x: Tensor) -> Tensor:
        v = self.adjacency.shape[1]
        x = self.data_bn(x).view(len(x), v, -1, x.shape[2]).permute(0, 2, 3, 1).contiguous()
        for block, importance in zip(self.blocks, self.edge_importance, strict=True):
            x = block(x, self.adjacency * importance)
        return x.mean((2, 3))

    @classmethod
    def for_layout(cls, layout, **keywords) -> "STGCN":
        """An encoder for the joints and bones of a `zsar.skeletons.layouts.Layout`."""
        adjacency = spatial_partition(layout.edges, len(layout.joints), layout.centre)
        return cls(torch.from_numpy(adjacency), **keywords)

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords) -> "STGCN":
        """Load an encoder released by SMIE's or PGFA's authors; sizes follow from the weights."""
        renamed = {
            re.sub(r"^st_gcn_networks\.", "blocks.", "adjacency" if k == "A" else k): v for k, v in state_dict.items()
        }
        k = renamed["adjacency"].shape[0]
        channels, hidden = (renamed["blocks.0.gcn.conv.weight"].shape[i] for i in (1, 0))
        width = renamed["blocks.9.gcn.conv.weight"].shape[0] // k
        encoder = cls(renamed["adjacency"], hidden // k, width, channels=channels, **keywords)
        encoder.load_state_dict(renamed)
        return encoder
