"""Parameters of networks of one shape, end to end in memory: batched products for all, few tensors to optimise."""

import torch
from torch import Tensor, nn

ALIGNED = 16
"""Floats: every block begins on a cache line."""


class Stack:
    """The named parameters of S networks as rows of one tensor [S, P]; the networks keep them as views.

    ``blocks`` maps a block's name to the parameters that lie below each other in it, so that heads of one input are
    one matrix. ``value[name]`` and ``grad[name]`` are [S, rows, columns] (biases [S, 1, rows]), views of ``rows[s]``,
    a parameter per network, and of its gradient.
    """

    def __init__(self, networks: list[nn.Module], blocks: dict[str, tuple[str, ...]]):
        parameters = [dict(network.named_parameters()) for network in networks]
        first = parameters[0]
        sizes = {name: sum(first[p].numel() for p in members) for name, members in blocks.items()}
        starts, width = {}, 0
        for name, size in sizes.items():
            starts[name], width = width, width + -(-size // ALIGNED) * ALIGNED
        like = next(iter(first.values()))
        values = torch.zeros(len(networks), width, device=like.device, dtype=like.dtype)
        grads = torch.zeros_like(values)
        for row, grad, named in zip(values, grads, parameters, strict=True):
            for name, members in blocks.items():
                at = starts[name]
                for p in (named[m] for m in members):
                    part = slice(at, at + p.numel())
                    row[part] = p.detach().reshape(-1)
                    p.data, p.grad = row[part].view(p.shape), grad[part].view(p.shape)
                    at += p.numel()
        self.rows = [nn.Parameter(row) for row in values]
        for row, grad in zip(self.rows, grads, strict=True):
            row.grad = grad
        shapes = {name: (-1, *first[members[0]].shape[1:]) for name, members in blocks.items()}

        def view(flat: Tensor, name: str) -> Tensor:
            block = flat[:, starts[name] : starts[name] + sizes[name]].unflatten(1, shapes[name])
            return block if block.ndim == 3 else block[:, None]

        self._grads = grads
        self.value = {name: view(values, name) for name in blocks}
        self.grad = {name: view(grads, name) for name in blocks}

    def forget(self) -> None:
        """Set all gradients to zero."""
        self._grads.zero_()
