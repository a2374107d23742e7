"""The shifts of Shift-GCN, by index: features move between joints and between frames, nothing is convolved.

Cheng et al., Skeleton-Based Action Recognition with Shift Graph Convolutional Network, CVPR 2020. All of it works on
features laid out [C, V, T, B], batch innermost: there every shift copies whole rows and a pointwise map is one product.
"""

import torch
from torch import Tensor, nn

from zsar.errors import UnknownName
from zsar.learning.distributed import total
from zsar.learning.faster import faster

OFFSET_GRADIENTS = ("exact", "sign")


def joint_shift(joints: int, channels: int, direction: int = 1) -> Tensor:
    """Row numbers [channels * joints] of the non-local spatial shift: channel c takes joint v from joint v + c, or,
    in ``direction`` -1, from v - c, counted around all joints."""
    channel, joint = torch.arange(channels)[:, None], torch.arange(joints)
    return (channel * joints + (joint + direction * channel) % joints).flatten()


@faster("shiftgcn:reorder")
def reorder(x: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
    """Rows in another order; ``inverse`` is the order that puts them back."""
    return x.index_select(0, order)


@faster("shiftgcn:interpolate")
def interpolate(x: Tensor, offset: Tensor, stride: int) -> Tensor:
    """x [C, P, K, R] along K at l * stride + offset[c], linearly, zero beyond the ends: [C, P, ceil(K / stride), R]."""
    frames, whole = torch.arange(x.shape[2], device=x.device), offset.floor()
    part = (offset - whole)[:, None, None]
    before = (frames[::stride] + whole[:, None])[:, None]
    weights = (frames[:, None] == before) * (1 - part) + (frames[:, None] == before + 1) * part
    return torch.einsum("cpkr,ckl->cplr", x, weights.to(x.dtype))


class ReleasedGradient(torch.autograd.Function):
    """Offsets as they are, with the gradient of the released code: its direction, at a fixed length."""

    @staticmethod
    def forward(ctx, offset: Tensor) -> Tensor:
        return offset.view_as(offset)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        exact = total(gradient.clone())
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
            x = interpolate(x.view(c, 1, v, t * b), self.joint_offsets, 1).view(c, v, t, b)
        offset = ReleasedGradient.apply(self.offset) if self.offset_gradient == "sign" else self.offset
        return interpolate(x, offset + 0.5 if self.stride > 1 else offset, self.stride)
