"""Shift-GCN's shifts with their gradients written out, and few bodies one by one."""

from collections.abc import Callable

import torch
from torch import Tensor

from zsar.encoders.shiftgcn import ShiftGCN

FEW = 4
"""Bodies up to which each goes through by itself for features alone: what is computed of it stays in the cache."""


def exchange(self: ShiftGCN, bodies: Tensor, pool: Callable[[Tensor], Tensor]) -> Tensor:
    """`ShiftGCN.exchange`: few bodies one by one, where no statistics and no gradient are of all of them."""
    plain = ShiftGCN.exchange.plain
    if self.training or torch.is_grad_enabled() or bodies.shape[3] > FEW:
        return plain(self, bodies, pool)
    return torch.cat([plain(self, body, pool) for body in bodies.split(1, 3)])


class _Reordering(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
        ctx.save_for_backward(inverse)
        return x.index_select(0, order)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        return gradient.index_select(0, *ctx.saved_tensors), None, None


def reorder(x: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
    """`zsar.encoders.shift.reorder`: the gradient goes back by the inverse order, so nothing is added up."""
    return _Reordering.apply(x, order, inverse)


def interpolate(x: Tensor, offset: Tensor, stride: int) -> Tensor:
    """`zsar.encoders.shift.interpolate` by index; without a gradient, rows of single numbers by a product each."""
    if x.shape[3] == 1 and not torch.is_grad_enabled():
        return (x[..., 0] @ _weights(offset, x.shape[2], stride))[..., None]
    return _Interpolation.apply(x, offset, stride)


class _Interpolation(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, offset: Tensor, stride: int) -> Tensor:
        whole = offset.floor()
        part = (offset - whole).to(x.dtype)[:, None, None, None]
        whole = whole.long()[:, None]
        ctx.save_for_backward(x, whole, part)
        ctx.stride, ctx.offset_dtype = stride, offset.dtype
        places = torch.arange(-(-x.shape[2] // stride), device=x.device) * stride + whole
        (first, second), mask = _rows(x, torch.stack([places, places + 1]))
        return (first * ((1 - part) * mask[0])).addcmul_(second, part * mask[1])

    @staticmethod
    def backward(ctx, gradient: Tensor):
        x, whole, part = ctx.saved_tensors
        # What each input row was read for: row k by output (k - whole) / stride, and by the one before it.
        places = torch.arange(x.shape[2], device=x.device) - whole
        places = torch.stack([places, places - 1])
        read = True
        if ctx.stride > 1:
            read = (places % ctx.stride == 0)[:, :, None, :, None]
            places = places.div(ctx.stride, rounding_mode="floor")
        rows, mask = _rows(gradient.contiguous(), places)
        first, second = rows.mul_(mask & read)
        difference = second.sub_(first)
        along_offset = None
        if ctx.needs_input_grad[1]:
            along_offset = torch.linalg.vecdot(difference.flatten(1), x.flatten(1)).to(ctx.offset_dtype)
        along_x = first.addcmul_(difference, part) if ctx.needs_input_grad[0] else None
        return along_x, along_offset, None


def _rows(x: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """x[c, p, places[i, c, l], r] as [2, C, P, L, R] for x [C, P, K, R]; the mask [2, C, 1, L, 1] of places in x."""
    c, p, k, r = x.shape
    inside = places.clamp(0, k - 1)
    numbers = (torch.arange(c * p, device=x.device) * k).view(c, p, 1) + inside[:, :, None]
    rows = x.reshape(c * p * k, r).index_select(0, numbers.flatten()).view(2, c, p, -1, r)
    return rows, inside.eq(places)[:, :, None, :, None]


def _weights(offset: Tensor, frames: int, stride: int) -> Tensor:
    """[C, K, ceil(K / s)] by which x [C, P, K] becomes what it is interpolated to."""
    whole = offset.floor()
    part = (offset - whole)[:, None, None]
    places = torch.arange(0, frames, stride, device=offset.device) + whole.long()[:, None, None]
    # One row before the first frame and one after the last take what lies beyond the ends.
    weights = part.new_zeros(len(offset), frames + 2, places.shape[2])
    for at, weight in ((places, 1 - part), (places + 1, part)):
        weights.scatter_(1, (at + 1).clamp_(0, frames + 1), weight.expand(at.shape))
    return weights[:, 1:-1]
