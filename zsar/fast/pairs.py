"""A perceptron on all pairs of two sets, in memory that the number of pairs doesn't set, with its gradient."""

import torch
import torch.nn.functional as F
from torch import Tensor

AT_ONCE = 2**21
"""Activations of the first layer that are held at once: about a processor's last-level cache."""
KEPT = 2**28
"""Activations of the second layer that wait for the gradient; what exceeds them is computed again."""


class _Pairs(torch.autograd.Function):
    """See `pair_scores`."""

    @staticmethod
    def forward(ctx, left: Tensor, right: Tensor, weight: Tensor, bias: Tensor, last: Tensor) -> Tensor:
        device, classes = left.device.type, len(right)
        lowered = torch.is_autocast_enabled(device)
        ctx.dtype = torch.get_autocast_dtype(device) if lowered else left.dtype
        keep = min(len(left), KEPT // (classes * len(weight))) if any(ctx.needs_input_grad) else 0
        inputs = left, right, weight, bias, last
        ctx.save_for_backward(*inputs)
        with torch.autocast(device, enabled=False):
            left, right, weight, bias, last = (p.to(ctx.dtype) for p in inputs)
            ctx.kept = left.new_empty(keep * classes, len(weight))
            scores, buffers = left.new_empty(len(left), classes), _Buffers(left, right, weight)
            for rows in _parts(left, right):
                first = buffers.first_layer(left[rows], right)
                second = _place(ctx.kept, buffers.second, rows, classes)
                torch.addmm(bias, first, weight.T, out=second).relu_()
                scores[rows] = (second @ last).view(-1, classes)
        return scores

    @staticmethod
    def backward(ctx, slope: Tensor):
        inputs, slope = ctx.saved_tensors, slope.to(ctx.dtype)
        with torch.autocast(slope.device.type, enabled=False):
            left, right, weight, bias, last = (p.to(ctx.dtype) for p in inputs)
            d_left, d_right, d_weight, d_bias, d_last = (torch.zeros_like(p) for p in inputs)
            buffers = _Buffers(left, right, weight)
            d_first_buffer, d_second_buffer = torch.empty_like(buffers.first), torch.empty_like(buffers.second)
            for rows in _parts(left, right):
                first = buffers.first_layer(left[rows], right)
                second = _place(ctx.kept, buffers.second, rows, len(right))
                if rows.stop * len(right) > len(ctx.kept):
                    torch.addmm(bias, first, weight.T, out=second).relu_()
                g = slope[rows].reshape(-1)
                d_last += g @ second
                d_second = _through_relu(torch.outer(g, last, out=d_second_buffer[: len(g)]), second)
                d_bias += d_second.sum(0)
                if d_weight.dtype == ctx.dtype:
                    d_weight.addmm_(d_second.T, first)
                else:
                    d_weight += d_second.T @ first
                d_first = _through_relu(torch.mm(d_second, weight, out=d_first_buffer[: len(g)]), first)
                d_first = d_first.view(-1, *right.shape)
                d_left[rows] = d_first.sum(1).to(d_left.dtype)
                d_right += d_first.sum(0)
        ctx.kept = None
        return d_left, d_right, d_weight, d_bias, d_last


class _Buffers:
    """Memory that every part of the pairs uses anew."""

    def __init__(self, left: Tensor, right: Tensor, weight: Tensor):
        pairs = _rows_at_once(left, right) * len(right)
        self.first, self.second = left.new_empty(pairs, right.shape[1]), left.new_empty(pairs, len(weight))

    def first_layer(self, left: Tensor, right: Tensor) -> Tensor:
        """relu(l + r) of some rows with all of the right, [rows C, H]."""
        out = self.first[: len(left) * len(right)]
        torch.add(left[:, None], right, out=out.view(-1, *right.shape))
        return out.relu_()


def pair_scores(left: Tensor, right: Tensor, weight: Tensor, bias: Tensor, last: Tensor) -> Tensor:
    """relu(relu(l + r) W' + b) v for every pair: l of [N, H], r of [C, H], W [K, H], b [K], v [K] -> [N, C].

    Under autocast the products are taken in its type. The first layer's activations are never held for all pairs:
    `AT_ONCE` of them at a time, and once more for the gradient.
    """
    return _Pairs.apply(left, right, weight, bias, last)


def plain_pair_scores(left: Tensor, right: Tensor, weight: Tensor, bias: Tensor, last: Tensor) -> Tensor:
    """As `pair_scores`, with all activations held: for function transforms, and to compare with."""
    return F.relu(F.linear(F.relu(left[:, None] + right), weight, bias)) @ last


def _rows_at_once(left: Tensor, right: Tensor) -> int:
    return min(len(left), max(1, AT_ONCE // right.numel()))


def _parts(left: Tensor, right: Tensor) -> list[slice]:
    step = _rows_at_once(left, right)
    return [slice(start, min(start + step, len(left))) for start in range(0, len(left), step)]


def _place(kept: Tensor, spare: Tensor, rows: slice, classes: int) -> Tensor:
    """Where the second layer of these rows' pairs is, or goes."""
    if rows.stop * classes <= len(kept):
        return kept[rows.start * classes : rows.stop * classes]
    return spare[: (rows.stop - rows.start) * classes]


def _through_relu(slope: Tensor, out: Tensor) -> Tensor:
    return torch.ops.aten.threshold_backward.grad_input(slope, out, 0, grad_input=slope)
