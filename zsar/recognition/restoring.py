"""A trained method or encoder as named tensors and a little JSON, and back, for whatever follows the contracts."""

from typing import Any

import torch
from torch import Tensor

from zsar.encoders.contract import Encoder
from zsar.errors import ZsarError
from zsar.learning.contract import Method, Seen

_WITHIN = "/"
"""Between an attribute's name and that of a parameter in it."""


def method_state(method: Method) -> tuple[dict[str, Tensor], dict]:
    """All that a trained method's `score` needs: tensors by name, and as JSON how to put them back.

    Networks are rebuilt by the method's own `train`, resumed after its last epoch, so that it must count its epochs
    with `resumable` where it has any. Raises `ZsarError` where it has networks and doesn't.
    """
    state = method.state()
    if state is None:
        tensors, networks = _attributes(method)
        if networks:
            raise ZsarError(
                f"{type(method).__name__} can't be kept: it trains {', '.join(networks)} without `resumable`",
                "Wrap its loop over epochs in self.resumable, as zsar.learning.contract says.",
            )
        return tensors, {"epochs": None, "optimizers": []}
    tensors = {}
    for name, value in state["attributes"].items():
        if isinstance(value, Tensor):
            tensors[name] = value
        else:
            tensors |= {f"{name}{_WITHIN}{key}": part for key, part in value.items()}
    groups = [optimizer["param_groups"] for optimizer in state["optimizers"]]
    return _own(tensors), {"epochs": state["epoch"], "optimizers": groups}


def restored_method(method: Method, tensors: dict[str, Tensor], told: dict, shape: tuple, text: Tensor) -> Method:
    """Put back what `method_state` took; ``shape`` of one clip or feature, ``text`` [S, P, D] of training."""
    if told["epochs"] is None:
        for name, value in tensors.items():
            setattr(method, name, value)
        return method
    attributes: dict[str, Any] = {}
    for name, value in tensors.items():
        outer, within, inner = name.partition(_WITHIN)
        if within:
            attributes.setdefault(outer, {})[inner] = value
        else:
            attributes[outer] = value
    one = Seen(torch.zeros(1, *shape, device=text.device), torch.zeros(1, dtype=torch.int64, device=text.device))
    with torch.random.fork_rng(devices=[text.device] if text.is_cuda else []):
        method.resume(
            {
                "epoch": told["epochs"],
                "attributes": attributes,
                # Nothing is trained any more: which parameters, but not their momenta.
                "optimizers": [{"state": {}, "param_groups": groups} for groups in told["optimizers"]],
                "random": torch.get_rng_state(),
            }
        )
        for _ in method.train(one, text):
            raise ZsarError(f"{type(method).__name__} trains beyond its last epoch when it is resumed after it")
    return method


def encoder_state(encoder: Encoder) -> tuple[dict[str, Tensor], str]:
    """A fitted encoder's tensors, and how they are put back: by its own ``restore``, or as its ``attributes``."""
    weights = encoder.weights()
    if weights:
        return _own(weights), "restore"
    tensors, networks = _attributes(encoder)
    if networks:
        raise ZsarError(
            f"the encoder {type(encoder).__name__} can't be kept: it has networks, but no weights() and restore()"
        )
    return tensors, "attributes"


def restored_encoder(encoder: Encoder, tensors: dict[str, Tensor], how: str, bodies: int) -> Encoder:
    """Put back what `encoder_state` took; ``bodies`` M of its clips."""
    if how == "restore":
        encoder.restore(tensors, bodies)
    else:
        for name, value in tensors.items():
            setattr(encoder, name, value)
    return encoder


def _attributes(thing) -> tuple[dict[str, Tensor], list[str]]:
    """Tensors held as attributes, and the names of networks held so."""
    there = vars(thing).items()
    networks = [name for name, value in there if isinstance(value, torch.nn.Module)]
    return _own({name: value for name, value in there if isinstance(value, Tensor)}), networks


def _own(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies that share no memory: safetensors refuses views of one another."""
    return {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
