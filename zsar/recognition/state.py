"""A trained method or encoder as named tensors, and back, for whatever follows the contracts."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from zsar.encoders.contract import Encoder
from zsar.errors import DataError, ZsarError
from zsar.learning.contract import Method

NETWORK = "network/"
"""What the names of a network's tensors begin with, beside those of tensors held as attributes."""


def method_state(method: Method) -> tuple[dict[str, Tensor], bool]:
    """All that a trained method's scores depend on: its network's tensors and those held as attributes, and whether
    the network was left in training mode.

    Raises `ZsarError` where it has networks that `build` would not give back.
    """
    tensors, networks = _attributes(method)
    network = networks.pop("network", None) if type(method).build is not Method.build else None
    if networks:
        raise ZsarError(
            f"{type(method).__name__} can't be kept: it trains {', '.join(networks)}, and nothing builds that anew",
            "Write build(self, x_shape, text_shape), which returns the untrained network for one clip or feature and "
            "text of shape [S, P, D]; train should keep it as self.network (several of them in one nn.ModuleDict).",
        )
    if network is not None:
        tensors |= {f"{NETWORK}{name}": value for name, value in _copies(network.state_dict()).items()}
    return tensors, network is not None and network.training


def restore_method(
    method: Method, tensors: dict[str, Tensor], training: bool, *, x: tuple[int, ...], text: Tensor
) -> Method:
    """Put back what `method_state` took; ``x`` is the shape of one clip or feature, ``text`` [S, P, D] of training."""
    _put_attributes(method, {name: value for name, value in tensors.items() if not name.startswith(NETWORK)})
    weights = {name.removeprefix(NETWORK): value for name, value in tensors.items() if name.startswith(NETWORK)}
    _rehearse(lambda weights: copy.copy(method).build(x, tuple(text.shape)).load_state_dict(weights), weights)
    with torch.random.fork_rng(devices=[text.device] if text.is_cuda else []):  # its weights are drawn for nothing
        network = method.build(x, tuple(text.shape))
    if network is not None:
        network.load_state_dict(weights)
        method.network = network.to(text.device).train(training)
    return method


def encoder_state(encoder: Encoder) -> tuple[dict[str, Tensor], str]:
    """A fitted encoder's tensors, and how they are put back: by its own ``restore``, or as its ``attributes``."""
    weights = encoder.weights()
    if weights:
        return _copies(weights), "restore"
    tensors, networks = _attributes(encoder)
    if networks:
        raise ZsarError(
            f"the encoder {type(encoder).__name__} can't be kept: it has networks, but no weights() and restore()"
        )
    return tensors, "attributes"


def restore_encoder(encoder: Encoder, tensors: dict[str, Tensor], how: str, bodies: int) -> Encoder:
    """Put back what `encoder_state` took; ``bodies`` M of its clips."""
    if how == "restore":
        _rehearse(lambda weights: copy.copy(encoder).restore(weights, bodies), tensors)
        encoder.restore(tensors, bodies)
    else:
        _put_attributes(encoder, tensors)
    return encoder


def _rehearse(restore: Callable[[dict[str, Tensor]], Any], weights: dict[str, Tensor]) -> None:
    """Put weights into a network that takes no memory, however large somebody's keywords ask for.

    Raises torch's RuntimeError that names the tensors which don't fit. What can't be built so is not rehearsed.
    """
    if not weights:
        return
    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        try:
            restore({name: value.to("meta") for name, value in weights.items()})
        except Exception as e:
            if "Error(s) in loading state_dict" in str(e):
                raise


def _put_attributes(owner: Any, tensors: dict[str, Tensor]) -> None:
    """Raises `DataError` for a name that stands for something else, such as a function."""
    for name, value in tensors.items():
        if not name.isidentifier() or name.startswith("__") or hasattr(type(owner), name):
            raise DataError(f"holds a tensor {name!r}, which {type(owner).__name__} has no place for")
        setattr(owner, name, value)


def _attributes(owner: Any) -> tuple[dict[str, Tensor], dict[str, nn.Module]]:
    """Tensors and networks held as attributes."""
    attributes = vars(owner).items()
    networks = {name: value for name, value in attributes if isinstance(value, nn.Module)}
    return _copies({name: value for name, value in attributes if isinstance(value, Tensor)}), networks


def _copies(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies that share no memory: safetensors refuses views of one another."""
    return {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
