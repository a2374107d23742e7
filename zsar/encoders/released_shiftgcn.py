"""The names and layouts of the weights that Shift-GCN's authors released, turned into zsar's.

They lay features out with channels innermost where zsar has them outermost (`zsar.encoders.shift`).
"""

import torch
from torch import Tensor, nn

from zsar.encoders.shift import joint_shift
from zsar.errors import DataError

_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_LARGEST_NEGLIGIBLE = 1e-6
"""Released joint offsets are drawn within 1e-8 and never moved: below this a joint is sampled where it is."""


def sizes(state_dict: dict[str, Tensor]) -> dict[str, int]:
    """The keywords ``joints``, ``bodies``, ``hidden`` and ``channels`` of the network that the weights are of."""
    try:
        _, joints, channels = state_dict["l1.gcn1.Feature_Mask"].shape
        hidden = state_dict["l1.gcn1.Linear_weight"].shape[1]
        bodies = len(state_dict["data_bn.weight"]) // (joints * channels)
    except KeyError as e:
        raise DataError(f"these are not released weights of Shift-GCN: they lack {e.args[0]}") from e
    return {"joints": joints, "bodies": bodies, "hidden": hidden, "channels": channels}


def network_weights(network: nn.Module, state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict for ``network`` (a `ShiftGCN`, whose joint offsets are set here) from the released one.

    Raises `DataError` for weights that are missing, too many or of other shapes; the classifier ``fc`` is left out.
    """
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in state_dict.items():
        part, _, rest = key.partition(".")
        parts.setdefault(part, {})[rest] = value
    expected = {"data_bn", *(f"l{i + 1}" for i in range(len(network.blocks)))}
    if set(parts) - {"fc"} != expected:
        odd = sorted((set(parts) - {"fc"}) ^ expected)
        raise DataError(f"these are not released weights of Shift-GCN: missing or unknown are {', '.join(odd)}")
    for i, block in enumerate(network.blocks):
        load_block(block, parts[f"l{i + 1}"], f"l{i + 1}.")
    network.input_norm.load_state_dict(parts["data_bn"])
    return network.state_dict()


def load_block(block: nn.Module, weights: dict[str, Tensor], where: str = "") -> None:
    """Put the released weights of one block into zsar's. Raises `DataError` as `network_weights` does."""
    remaining = dict(weights)

    def take(key: str) -> Tensor:
        if key not in remaining:
            raise DataError(f"these are not released weights of Shift-GCN: they lack {where}{key}")
        return remaining.pop(key)

    out, joints = len(block.norm_in.weight), block.spatial.mask.shape[1]
    state = {
        "spatial.map.weight": take("gcn1.Linear_weight").T,
        "spatial.map.bias": take("gcn1.Linear_bias").flatten(),
        "spatial.mask": take("gcn1.Feature_Mask")[0].T,
        "map.weight": take("tcn1.temporal_linear.weight").flatten(1),
        "map.bias": take("tcn1.temporal_linear.bias"),
    }
    for ours, theirs in (("norm_in", "tcn1.bn"), ("norm_out", "tcn1.bn2")):
        state |= {f"{ours}.{k}": take(f"{theirs}.{k}") for k in _NORM}
    for k in _NORM:
        value = take(f"gcn1.bn.{k}")
        state[f"spatial.norm.{k}"] = value.view(joints, out).T.flatten() if value.dim() else value
    maps = [("spatial.down", "gcn1.down.0", "gcn1.down.1")] if block.spatial.down is not None else []
    if isinstance(block.residual, nn.Sequential):
        maps.append(("residual", "residual.conv", "residual.bn"))
    for ours, conv, norm in maps:
        state |= {f"{ours}.0.weight": take(f"{conv}.weight").flatten(1), f"{ours}.0.bias": take(f"{conv}.bias")}
        state |= {f"{ours}.1.{k}": take(f"{norm}.{k}") for k in _NORM}
    for name in ("shift_in", "shift_out"):
        state[f"{name}.offset"] = take(f"tcn1.{name}.ypos")
        offsets = take(f"tcn1.{name}.xpos")
        getattr(block, name).joint_offsets = None
        if offsets.abs().max() > _LARGEST_NEGLIGIBLE:
            getattr(block, name).joint_offsets = state[f"{name}.joint_offsets"] = offsets.clone()
    for name, direction in (("shift_in", 1), ("shift_out", -1)):
        order = take(f"gcn1.{name}")
        if not torch.equal(order.cpu(), _channels_innermost(joints, len(order) // joints, direction)):
            raise DataError(f"{where}gcn1.{name} is another shift between joints than the paper's non-local one")
    if remaining:
        raise DataError(f"these are not released weights of Shift-GCN: unknown are {', '.join(sorted(remaining))}")
    try:
        block.load_state_dict(state)
    except RuntimeError as e:
        raise DataError(f"{where or 'block'}: weights that don't fit: {' '.join(str(e).split())}") from e


def _channels_innermost(joints: int, channels: int, direction: int) -> Tensor:
    """`joint_shift` for rows v * channels + c instead of c * joints + v."""
    ours = joint_shift(joints, channels, direction).view(channels, joints).T
    return (ours % joints * channels + ours // joints).flatten()
