"""ST-GCN with fewer passes over memory: norms folded, convolutions by frequencies, absent bodies once."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.encoders.bodies import counted_bodies, mean_over_bodies
from zsar.encoders.stgcn import STGCN, Block, SpatialGraphConvolution
from zsar.fast import frequencies
from zsar.fast.dropped import dropped_sum

BODIES, BODIES_ON_GPU = 32, 1024
"""At a time in evaluation mode: what lies between two layers stays in a CPU's cache, and in a GPU's memory."""


def block(self: Block, x: Tensor, adjacency: Tensor) -> Tensor:
    """`Block.forward`: in evaluation mode batch normalisations are part of the maps before them."""
    norm, _, conv, norm_out, dropout = self.tcn
    y = F.relu(_spatial_convolution(self.gcn, x, adjacency, norm), inplace=True)
    y = _temporal_convolution(y, conv, norm_out)
    residual = None if self.residual is None else x
    if isinstance(self.residual, nn.Sequential):
        residual = _temporal_convolution(x, *self.residual)
    return dropped_sum(y, residual, dropout.p if self.training else 0.0)


def pool_bodies(self: STGCN, x: Tensor, pool: Callable[[Tensor], Tensor]) -> Tensor:
    """`STGCN.pool_bodies`: where each body is for itself, those at the origin are one, and not all go at once."""
    if self.training:
        return STGCN.pool_bodies.plain(self, x, pool)
    counted = counted_bodies(x, self.absent_bodies)
    bodies = x.permute(0, 4, 3, 1, 2).flatten(0, 1)
    if counted is not None:
        different = bodies[counted.flatten()]
    else:
        present = bodies.ne(0).flatten(1).any(1)
        different = torch.cat([torch.zeros_like(bodies[:1]), bodies[present]])
    parts = different.split(BODIES_ON_GPU if x.is_cuda else BODIES)
    values = torch.cat([pool(self.convolve(part)) for part in parts])
    if counted is None:
        values = values[torch.where(present, present.cumsum(0), 0)]
    return mean_over_bodies(values, (len(x), x.shape[4]), counted)


def _spatial_convolution(gcn: SpatialGraphConvolution, x: Tensor, adjacency: Tensor, norm: nn.Module) -> Tensor:
    """The spatial graph convolution, then its batch normalisation."""
    # Gathering before mapping costs C instead of O channels per partition; the bias then travels through the
    # adjacency's column sums. Channels-last memory was tried: slower here, and the batch normalisation's
    # error is five times as large in it.
    b, c, t, v = x.shape
    k = gcn.partitions
    gathered = x.reshape(b * c * t, v) @ adjacency.permute(1, 0, 2).reshape(v, k * v)
    gathered = gathered.view(b, c, t, k, v).permute(0, 3, 1, 2, 4).reshape(b, k * c, t, v)
    weight = gcn.conv.weight.view(k, -1, c).permute(1, 0, 2).reshape(-1, k * c, 1, 1)
    bias = gcn.conv.bias.view(k, -1).T @ adjacency.sum(1)
    if norm.training:
        return norm(F.conv2d(gathered, weight).add_(bias[:, None]))
    scale, shift = _scale_and_shift(norm)
    bias = bias * scale[:, None] + shift[:, None]
    return F.conv2d(gathered, weight * scale.view(-1, 1, 1, 1)).add_(bias[:, None])


def _temporal_convolution(x: Tensor, conv: nn.Conv2d, norm: nn.Module) -> Tensor:
    """A convolution over time, then its batch normalisation."""
    weight, bias = conv.weight, conv.bias
    if not norm.training:
        scale, shift = _scale_and_shift(norm)
        weight, bias = weight * scale.view(-1, 1, 1, 1), bias * scale + shift
    if not x.is_cuda and conv.stride[0] == 1 and frequencies.pays(x.shape[1], x.shape[2], weight.shape[2]):
        y = frequencies.convolution(x, weight, bias)
    else:
        y = F.conv2d(x, weight, bias, conv.stride, conv.padding)
    return norm(y) if norm.training else y


def _scale_and_shift(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """A batch normalisation in evaluation mode: what it multiplies each channel by, and then adds."""
    scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
    return scale, norm.bias - norm.running_mean * scale
