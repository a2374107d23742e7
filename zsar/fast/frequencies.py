"""Convolution over time by frequencies: for wide layers a fraction of the products, and no less exact.

Seen as a circle long enough that nothing wraps around, T frames convolved are products frequency by frequency; those of
complex numbers take three products of real ones (Gauss). For T = 13 frames and 9 taps that makes 25 matrix products
where the plain form has 97, and the transforms there and back are orthogonal, so that errors don't grow.
"""

import functools
import math

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

CHANNELS = 128
"""Fewer channels gain nothing by it: their transforms cost as much as is saved."""
SAVED = 3.0
"""At the least so many times fewer products; with less the transforms take what is saved."""
CLIPS = 16
"""At a time, so that what lies between the transforms stays in the processor's cache."""


def pays(channels: int, frames: int, taps: int) -> bool:
    """Whether frequencies are the faster way on a CPU (measured; see ``benchmarks/speed``)."""
    plain = sum(max(frames - abs(q - taps // 2), 0) for q in range(taps))
    return channels >= CHANNELS and plain >= SAVED * (1 + 3 * (_length(frames, taps) // 2))


def _length(frames: int, taps: int) -> int:
    length = frames + taps // 2
    return length + 1 - length % 2


@functools.cache
def transforms(frames: int, taps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of frames [R, T], of taps [R, K] and back [T, R], float64, for R products."""
    length = _length(frames, taps)
    t, q = torch.arange(frames).double(), torch.arange(taps).double() - taps // 2
    of_frames, of_taps, back = [torch.ones_like(t)], [torch.ones_like(q)], [torch.ones_like(t) / length]
    for f in range(1, length // 2 + 1):
        angle = 2 * math.pi * f / length
        real, imaginary = (angle * t).cos(), -(angle * t).sin()
        of_frames += [real, imaginary, real + imaginary]
        real, imaginary = (angle * q).cos(), (angle * q).sin()
        of_taps += [real, imaginary, real + imaginary]
        cos, sin = 2 / length * (angle * t).cos(), 2 / length * (angle * t).sin()
        back += [cos + sin, sin - cos, -sin]
    return torch.stack(of_frames), torch.stack(of_taps), torch.stack(back, 1)


def _to_frequencies(matrix: Tensor, x: Tensor) -> Tensor:
    """[R, T] and [B, C, T, V] to [R, C, B * V]."""
    return (matrix @ x.permute(2, 1, 0, 3).reshape(x.shape[2], -1)).view(len(matrix), x.shape[1], -1)


def _to_frames(matrix: Tensor, products: Tensor, joints: int) -> Tensor:
    """[T, R] and [R, O, B * V] to a view [B, O, T, V]."""
    result = matrix @ products.view(len(products), -1)
    return result.view(len(matrix), products.shape[1], -1, joints).permute(2, 1, 0, 3)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        o, c, taps, _ = weight.shape
        of_frames, of_taps, back = transforms(x.shape[2], taps)
        # Weights are transformed in their own precision; x may be of a lower one.
        products = (of_taps.to(weight) @ weight.permute(2, 0, 1, 3).reshape(taps, -1)).view(-1, o, c).to(x.dtype)
        of_frames, back = of_frames.to(x), back.to(x)
        ctx.save_for_backward(x, products, of_frames, of_taps.to(weight), back)
        out = x.new_empty(len(x), o, *x.shape[2:])
        bias = bias.to(x.dtype).view(-1, 1, 1)
        for part, result in zip(x.split(CLIPS), out.split(CLIPS), strict=True):
            torch.add(
                _to_frames(back, torch.bmm(products, _to_frequencies(of_frames, part)), x.shape[3]), bias, out=result
            )
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor):
        x, products, of_frames, of_taps, back = ctx.saved_tensors
        along_x = torch.empty_like(x)
        along_products = torch.zeros_like(products, dtype=of_taps.dtype)
        for part, g, result in zip(x.split(CLIPS), gradient.split(CLIPS), along_x.split(CLIPS), strict=True):
            g = _to_frequencies(back.T, g)
            along_products += torch.bmm(g, _to_frequencies(of_frames, part).transpose(1, 2)).to(of_taps.dtype)
            result.copy_(_to_frames(of_frames.T, torch.bmm(products.transpose(1, 2), g), x.shape[3]))
        taps = of_taps.shape[1]
        along_weight = (of_taps.T @ along_products.flatten(1)).view(taps, *products.shape[1:]).permute(1, 2, 0)
        return along_x, along_weight[..., None].contiguous(), gradient.sum((0, 2, 3), dtype=of_taps.dtype)


def convolution(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x [B, C, T, V] with weights [O, C, K, 1], K odd, and bias [O]: [B, O, T, V], zeros beyond the ends.

    As `torch.nn.functional.conv2d` with padding (K // 2, 0); under autocast in its precision.
    """
    kind = x.device.type
    if torch.is_autocast_enabled(kind):
        x = x.to(torch.get_autocast_dtype(kind))
    with torch.autocast(kind, enabled=False):
        return _Convolution.apply(x, weight, bias)
