"""Shift-GCN: the temporal shift with both gradients of its offsets, and one whole block in both modes."""

import numpy as np
import torch

from zsar.encoders.shift import ReleasedGradient, interpolate
from zsar.encoders.shiftgcn import Block

STRIDES = (1, 2)
RECOGNISED_BY = ("shift_stride1/ypos", "unit_stride1/weights/gcn1.Linear_weight")
_NORMS = ("gcn1.down.1", "gcn1.bn", "tcn1.bn", "tcn1.bn2", "residual.bn")
_WEIGHTS = (
    *(f"gcn1.{k}" for k in ("Linear_weight", "Linear_bias", "Feature_Mask", "shift_in", "shift_out")),
    *(f"{k}.{p}" for k in ("gcn1.down.0", "tcn1.temporal_linear", "residual.conv") for p in ("weight", "bias")),
    *(f"tcn1.shift_{k}pos" for k in ("in.x", "in.y", "out.x", "out.y")),
    *(f"{k}.{p}" for k in _NORMS for p in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")),
)
INPUTS = tuple(f"shift_stride{s}/{key}" for s in STRIDES for key in ("ypos", "xpos", "grad_out")) + tuple(
    f"unit_stride{s}/weights/{key}" for s in STRIDES for key in _WEIGHTS
)


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a Shift-GCN golden file, computed by `interpolate` and `Block`."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    out = {}
    for stride in STRIDES:
        out |= shift(v, stride)
        start = f"unit_stride{stride}/weights/"
        weights = {k.removeprefix(start): t for k, t in v.items() if k.startswith(start)}
        out |= block(weights, stride, ours(v["input/x"]), v[f"unit_stride{stride}/eval"])
    return out


@torch.no_grad()
def block(weights: dict[str, torch.Tensor], stride: int, x: torch.Tensor, evaluated: torch.Tensor) -> dict:
    """One block in both modes, for either moment at which a file's weights may be taken.

    The running statistics in the file are those of the evaluation, or those after the training pass that followed
    it (as in the file at hand); see `zsar.testing.golden.pgfa.evaluation_mode`.
    """
    unit = Block.from_official(weights, stride)
    before = {key: buffer.clone() for key, buffer in unit.named_buffers() if "running" in key}
    evaluation = released(unit.eval()(x))
    training = released(unit.train()(x))
    if not torch.allclose(evaluation, evaluated, rtol=1e-5, atol=1e-5):
        for key, updated in unit.named_buffers():
            if "running" in key:
                batch = (updated - 0.9 * before[key]) / 0.1
                updated.copy_((before[key] - 0.1 * batch) / 0.9)
        evaluation = released(unit.eval()(x))
    return {f"unit_stride{stride}/eval": evaluation, f"unit_stride{stride}/train": training}


def ours(x: torch.Tensor) -> torch.Tensor:
    """[B, C, T, V] as released to [C, V, T, B]."""
    return x.permute(1, 3, 2, 0).contiguous()


def released(x: torch.Tensor) -> torch.Tensor:
    """[C, V, T, B] to [B, C, T, V] as released."""
    return x.permute(3, 0, 2, 1)


def shift(v: dict[str, torch.Tensor], stride: int) -> dict[str, torch.Tensor]:
    """The temporal shift alone, forwards and backwards; half a frame is added for a stride."""
    key, out = f"shift_stride{stride}/", {}
    for gradient in ("exact", "sign"):
        x = v["input/x"].clone().requires_grad_()
        offset = v[key + "ypos"].clone().requires_grad_()
        moved = ReleasedGradient.apply(offset) if gradient == "sign" else offset
        shifted = released(interpolate(ours(x), moved + (stride - 1) / 2, stride))
        shifted.backward(v[key + "grad_out"])
        out[key + ("exact" if gradient == "exact" else "released") + "_grad_ypos"] = offset.grad
    return out | {key + "out": shifted.detach(), key + "grad_x": x.grad}
