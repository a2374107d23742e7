"""The shifts of Shift-GCN, by index: features move between joints and between frames, nothing is convolved.

Cheng et al., Skeleton-Based Action Recognition with Shift Graph Convolutional Network, CVPR 2020. All of it works on
features laid out [C, V, T, B], batch innermost: there every shift copies whole rows and a pointwise map is one product.
"""

import torch
from torch import Tensor, nn

from zsar.errors import UnknownName
from zsar.learning.distributed import total

OFFSET_GRADIENTS = ("exact", "sign")


def joint_shift(joints: int, channels: int, direction: int = 1) -> Tensor:
    """Row numbers [channels * joints] of the non-local spatial shift: channel c takes joint v from joint v + c, or,
    in ``direction`` -1, from v - c, counted around all joints."""
    channel, joint = torch.arange(channels)[:, None], torch.arange(joints)
    return (channel * joints + (joint + direction * channel) % joints).flatten()


class Permutation(torch.autograd.Function):
    """Rows in another order; the gradient goes back by the inverse order, so nothing is added up."""

    @staticmethod
    def forward(ctx, x: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
        ctx.save_for_backward(inverse)
        return x.index_select(0, order)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        return gradient.index_select(0, *ctx.saved_tensors), None, None


def _taken(x: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """x[c, p, places[i, c, l], r] as [2, C, P, L, R] for x [C, P, K, R]; the mask [2, C, 1, L, 1] of places in x."""
    c, p, k, r = x.shape
    inside = places.clamp(0, k - 1)
    rows = (torch.arange(c * p, device=x.device) * k).view(c, p, 1) + inside[:, :, None]
    taken = x.reshape(c * p * k, r).index_select(0, rows.flatten()).view(2, c, p, -1, r)
    return taken, inside.eq(places)[:, :, None, :, None]


class Interpolation(torch.autograd.Function):
    """x [C, P, K, R] sampled along K at l * stride + offset[c], linearly, zero beyond the ends: [C, P, ceil(K/s), R].

    ``gradient``: of the offsets, ``exact`` or, as released, its ``sign`` times 0.01 (0.0001 where it is zero).
    """

    @staticmethod
    def forward(ctx, x: Tensor, offset: Tensor, stride: int, gradient: str) -> Tensor:
        whole = offset.floor()
        part = (offset - whole).to(x.dtype)[:, None, None, None]
        whole = whole.long()[:, None]
        ctx.save_for_backward(x, whole, part)
        ctx.stride, ctx.gradient, ctx.offset_dtype = stride, gradient, offset.dtype
        places = torch.arange(-(-x.shape[2] // stride), device=x.device) * stride + whole
        (first, second), mask = _taken(x, torch.stack([places, places + 1]))
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
        taken, mask = _taken(gradient.contiguous(), places)
        first, second = taken.mul_(mask & read)
        difference = second.sub_(first)
        along_offset = None
        if ctx.needs_input_grad[1]:
            along_offset = torch.linalg.vecdot(difference.flatten(1), x.flatten(1)).to(ctx.offset_dtype)
            if ctx.gradient == "sign":
                along_offset = released_gradient(total(along_offset))
        along_x = first.addcmul_(difference, part) if ctx.needs_input_grad[0] else None
        return along_x, along_offset, None, None


def interpolation_matrix(offset: Tensor, frames: int, stride: int) -> Tensor:
    """[C, K, ceil(K / s)] by which x [C, P, K] becomes what `Interpolation` makes of it."""
    whole = offset.floor()
    part = (offset - whole)[:, None, None]
    places = torch.arange(0, frames, stride, device=offset.device) + whole.long()[:, None, None]
    # One row before the first frame and one after the last take what lies beyond the ends.
    matrix = part.new_zeros(len(offset), frames + 2, places.shape[2])
    for at, weight in ((places, 1 - part), (places + 1, part)):
        matrix.scatter_(1, (at + 1).clamp_(0, frames + 1), weight.expand(at.shape))
    return matrix[:, 1:-1]


def released_gradient(exact: Tensor) -> Tensor:
    """What the released code puts in an offset's gradient: its direction, at a fixed length."""
    return torch.where(exact == 0, torch.full_like(exact, 1e-4), 0.01 * exact.sign())


class TemporalShift(nn.Module):
    """Every channel moved in time by a learnable real offset: [C, V, T, B] -> [C, V, ceil(T / stride), B].

    Offsets start uniformly within a frame to either side; with a stride half a frame is added, as
    released. ``joint_offsets`` [C] are the released weights' constant offsets between neighbouring joint numbers;
    they are some 1e-8 and left out then.
    """

    def __init__(self, channels: int, stride: int = 1, offset_gradient: str = "sign"):
        super().__init__()
        if offset_gradient not in OFFSET_GRADIENTS:
            raise UnknownName("value", offset_gradient, OFFSET_GRADIENTS, "offset_gradient")
        self.stride, self.offset_gradient = stride, offset_gradient
        self.offset = nn.Parameter(torch.empty(channels).uniform_(-1, 1))
        self.register_buffer("joint_offsets", None)

    def forward(self, x: Tensor) -> Tensor:
        if self.joint_offsets is not None:
            c, v, t, b = x.shape
            x = Interpolation.apply(x.view(c, 1, v, t * b), self.joint_offsets, 1, "exact").view(c, v, t, b)
        offset = self.offset + 0.5 if self.stride > 1 else self.offset
        if x.shape[3] == 1 and not torch.is_grad_enabled():  # rows of single numbers: a product per channel is faster
            return (x[..., 0] @ interpolation_matrix(offset, x.shape[2], self.stride))[..., None]
        return Interpolation.apply(x, offset, self.stride, self.offset_gradient)
