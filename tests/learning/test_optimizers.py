"""Optimizers without torch's compiler: the same steps as torch's own, and the compiler isn't loaded."""

import subprocess
import sys

import pytest
import torch

from zsar.learning import optimizers

KINDS = {
    "Adam": {"lr": 1e-2, "weight_decay": 1e-3, "fused": True},
    "Adagrad": {"lr": 1e-2, "weight_decay": 1e-3},
    "SGD": {"lr": 1e-2, "momentum": 0.9, "nesterov": True},
}


def stepped(cls, state=None, steps=4, **keywords):
    """Weights after some steps, and the optimizer's state; ``state`` is loaded first."""
    torch.manual_seed(0)
    network = torch.nn.Linear(5, 3)
    optimizer = cls(network.parameters(), **keywords)
    if state is not None:
        optimizer.load_state_dict(state)
    for _ in range(steps):
        optimizer.zero_grad()
        network(torch.randn(7, 5)).square().sum().backward()
        optimizer.step()
    return [p.detach() for p in network.parameters()], optimizer.state_dict()


@pytest.mark.parametrize("name", KINDS)
def test_steps_are_torchs_own(name):
    ours, theirs = getattr(optimizers, name), getattr(torch.optim, name)
    assert issubclass(ours, theirs)
    found, state = stepped(ours, **KINDS[name])
    expected, its_state = stepped(theirs, **KINDS[name])
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    # Either goes on from the other's state.
    for one, other in ((stepped(ours, its_state, **KINDS[name]), stepped(theirs, state, **KINDS[name])),):
        torch.testing.assert_close(one[0], other[0], rtol=0, atol=0)
        assert not torch.equal(one[0][0], found[0])


@pytest.mark.parametrize("name", KINDS)
def test_the_compiler_is_not_loaded(name):
    code = f"""
import sys, torch
from zsar.learning.optimizers import {name}
p = torch.nn.Parameter(torch.ones(3))
o = {name}([p], **{KINDS[name]!r})
p.sum().backward()
o.step(), o.zero_grad(), o.load_state_dict(o.state_dict())
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
