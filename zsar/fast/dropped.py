"""What ends a residual block: dropout, the sum with the residual, ReLU; in place, a pass over memory for each."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def keep_mask(like: Tensor, p: float) -> Tensor:
    """A mask of ``like``'s shape, False with probability ``p`` (on a CPU to within 2^-17), from the random state."""
    if like.is_cuda:
        return torch.empty(like.shape, dtype=torch.bool, device=like.device).bernoulli_(1 - p)
    # Sixteen random bits for each decide, of 64 drawn at a time: a tenth of the time of drawing one by one.
    bits = torch.empty(-(-like.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    return (bits.view(torch.int16)[: like.numel()] >= round(p * 2**16) - 2**15).view(like.shape)


class _DroppedSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y: Tensor, residual: Tensor | None, p: float) -> Tensor:
        keep = keep_mask(y, p) if p else None
        ctx.scale = 1 / (1 - p) if p < 1 else 0.0
        if keep is not None:
            y.mul_(keep)
        if residual is not None:
            torch.add(residual, y, alpha=ctx.scale, out=y)
        elif keep is not None:
            y.mul_(ctx.scale)
        y.relu_()
        ctx.mark_dirty(y)
        ctx.save_for_backward(y, keep)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor):
        y, keep = ctx.saved_tensors
        gradient = torch.ops.aten.threshold_backward(gradient, y, 0)
        along_y = gradient if keep is None else torch.mul(gradient, keep).mul_(ctx.scale)
        return along_y, gradient if ctx.needs_input_grad[1] else None, None


def dropped_sum(y: Tensor, residual: Tensor | None, p: float) -> Tensor:
    """relu(dropout(y) + residual), written over ``y`` where that can be; nothing is dropped for ``p`` = 0."""
    if residual is not None and residual.dtype != y.dtype:
        return F.relu(F.dropout(y, p) + residual)
    return _DroppedSum.apply(y, residual, p)
