"""Several runs of one method in one training loop: each with its own random numbers and its own state."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from zsar.learning.contract import Method


FORMS = {
    "zsar.methods.dvta:DVTA": "dvta:train_together",
    "zsar.methods.sadvae:SADVAE": "sadvae:train_together",
}
"""Methods whose runs can be trained together, and the functions of `zsar.fast` that do it."""


class Global:
    """The random numbers of a run on its own: torch's global ones."""

    def generator(self, device: torch.device) -> None:
        """None: what torch takes for its global generator."""

    def in_force(self) -> contextlib.AbstractContextManager:
        """Nothing to do: they always are."""
        return contextlib.nullcontext()


class Own:
    """Random numbers of one run among several: the same that are torch's global ones after ``manual_seed(seed)``."""

    def __init__(self, seed: int, device: torch.device | str = "cpu"):
        kinds = {"cpu", torch.device(device).type}
        self.generators = {kind: torch.Generator(kind).manual_seed(seed) for kind in kinds}

    def generator(self, device: torch.device) -> torch.Generator:
        """To be given to torch's functions that draw on this device."""
        return self.generators[device.type]

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        """A block in which they are torch's global ones, for code that takes no generator."""
        cuda = self.generators.get("cuda")
        with torch.random.fork_rng(devices=[] if cuda is None else [torch.cuda.current_device()]):
            torch.set_rng_state(self.generators["cpu"].get_state())
            if cuda is not None:
                torch.cuda.set_rng_state(cuda.get_state())
            yield
            self.generators["cpu"].set_state(torch.get_rng_state())
            if cuda is not None:
                cuda.set_state(torch.cuda.get_rng_state())


def normal(draws: list[Global | Own], count: int, batch: int, device: torch.device) -> torch.Tensor:
    """Every run's ``count`` draws of one number per row, one after the other: [S, count, batch, 1]."""
    noise = torch.empty(len(draws), count, batch, 1, device=device)
    for own, of_run in zip(draws, noise, strict=True):
        generator = own.generator(device)
        for one in of_run:
            one.normal_(generator=generator)
    return noise


def gather(values: list[torch.Tensor], rows: list[torch.Tensor]) -> torch.Tensor:
    """The given rows of several runs' values, side by side: S of [N, ...], S of [B] -> [S, B, ...]."""
    if len(values) == 1:
        return values[0].index_select(0, rows[0])[None]
    return torch.stack([v.index_select(0, r) for v, r in zip(values, rows, strict=True)])


class OfRun:
    """One run's share of an optimizer whose parameters are all runs', in order: its state is that of a run alone."""

    def __init__(self, optimizer: torch.optim.Optimizer, run: int, runs: int):
        self.optimizer = optimizer
        count = sum(len(group["params"]) for group in optimizer.param_groups) // runs
        self.numbers = range(run * count, (run + 1) * count)

    def state_dict(self) -> dict[str, Any]:
        """The state of an optimizer of this run's parameters alone."""
        whole = self.optimizer.state_dict()
        (group,) = whole["param_groups"]
        state = {i: whole["state"][n] for i, n in enumerate(self.numbers) if n in whole["state"]}
        return {"state": state, "param_groups": [{**group, "params": list(range(len(self.numbers)))}]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put such a state in its place, and leave the other runs' alone."""
        whole = self.optimizer.state_dict()
        (group,), (own,) = whole["param_groups"], state["param_groups"]
        merged = {**whole["state"], **{self.numbers[i]: values for i, values in state["state"].items()}}
        self.optimizer.load_state_dict({"state": merged, "param_groups": [{**own, "params": group["params"]}]})


def epochs_together(
    methods: list[Method], count: int, draws: list[Global | Own], *optimizers: torch.optim.Optimizer
) -> Iterator[int]:
    """`Resumable.resumable` for several runs at once, which all begin with the same epoch."""
    shares = [[OfRun(o, run, len(methods)) for o in optimizers] for run in range(len(methods))]
    counting = [method.resumable(count, *share) for method, share in zip(methods, shares, strict=True)]
    while True:
        numbers = set()
        for own, epochs in zip(draws, counting, strict=True):
            with own.in_force():
                numbers.add(next(epochs, count))
        if numbers == {count}:
            return
        (epoch,) = numbers
        yield epoch


def gradients(networks: list[torch.nn.Module], plain: torch.nn.Module, loss: Callable) -> Callable:
    """A function (inputs, *targets), all [S, ...], that sets every network's gradients and returns the losses [S].

    ``loss(output, *targets)`` is a run's own; ``plain`` is a network of the same shape without in-place operations,
    whose own parameters aren't used. One batched operation for all runs where each alone would have its own.
    """
    from torch.func import functional_call, grad_and_value, stack_module_state, vmap

    def of_run(parameters: dict, inputs: tuple, *targets):
        return loss(functional_call(plain, parameters, inputs), *targets)

    each = vmap(grad_and_value(of_run))

    def compute(inputs: tuple, *targets) -> torch.Tensor:
        parameters, _ = stack_module_state(networks)
        slopes, values = each(parameters, inputs, *targets)
        for run, network in enumerate(networks):
            for name, parameter in network.named_parameters():
                parameter.grad = slopes[name][run]
        return values

    return compute
