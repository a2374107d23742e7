"""Parameters of networks of one shape, end to end in memory: batched products for all, few tensors to optimise."""

from typing import Any

import torch
from torch import Tensor, nn

ALIGNED = 16
"""Floats: every block begins on a cache line."""


class Stack:
    """The named parameters of S networks as rows of one tensor [S, P]; the networks keep them as views.

    ``blocks`` maps a block's name to the parameters that lie below each other in it, so that heads of one input are
    one matrix. ``value[name]`` and ``grad[name]`` are [S, rows, columns] (biases [S, 1, rows]), views of ``rows[s]``,
    a parameter per network, and of its gradient. ``places`` are the members' slices of a row and their shapes, in the
    networks' own order.
    """

    def __init__(self, networks: list[nn.Module], blocks: dict[str, tuple[str, ...]]):
        parameters = [dict(network.named_parameters()) for network in networks]
        first = parameters[0]
        sizes = {name: sum(first[p].numel() for p in members) for name, members in blocks.items()}
        starts, width = {}, 0
        for name, size in sizes.items():
            starts[name], width = width, width + -(-size // ALIGNED) * ALIGNED
        places: dict[str, slice] = {}
        like = next(iter(first.values()))
        values = torch.zeros(len(networks), width, device=like.device, dtype=like.dtype)
        grads = torch.zeros_like(values)
        for row, grad, named in zip(values, grads, parameters, strict=True):
            for name, members in blocks.items():
                at = starts[name]
                for member in members:
                    p = named[member]
                    places[member] = part = slice(at, at + p.numel())
                    row[part] = p.detach().reshape(-1)
                    p.data, p.grad = row[part].view(p.shape), grad[part].view(p.shape)
                    at += p.numel()
        self.places = [(places[name], p.shape) for name, p in first.items() if name in places]
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


class Unstacked:
    """The optimizer of a stack's rows, with the state of one whose parameters are the networks' own, in their order.

    A checkpoint thus is that of the plain form, and either form goes on from the other's.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, stack: Stack):
        self.optimizer, self.stack = optimizer, stack

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The rows' group, with the numbers of the networks' parameters in place of the rows."""
        (group,) = self.optimizer.param_groups
        return [{**group, "params": list(range(len(self.stack.rows) * len(self.stack.places)))}]

    def state_dict(self) -> dict[str, Any]:
        """The state of every parameter, cut out of its row's."""
        rows, places = self.optimizer.state_dict(), self.stack.places
        state = {
            run * len(places) + i: {k: (v[part].view(shape) if v.ndim else v).clone() for k, v in row.items()}
            for run, row in rows["state"].items()
            for i, (part, shape) in enumerate(places)
        }
        return {"state": state, "param_groups": self.param_groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put such a state back into the rows."""
        places, rows = self.stack.places, {}
        for number, values in state["state"].items():
            run, i = divmod(number, len(places))
            row = rows.setdefault(run, {})
            for key, value in values.items():
                if value.ndim:
                    row.setdefault(key, torch.zeros_like(self.stack.rows[run]).detach())[places[i][0]] = value.flatten()
                else:
                    row[key] = value
        (group,) = state["param_groups"]
        numbers = list(range(len(self.stack.rows)))
        self.optimizer.load_state_dict({"state": rows, "param_groups": [{**group, "params": numbers}]})
