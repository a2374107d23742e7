"""Training passes through torch's compiler: the same as without it, and asked for by a keyword alone."""

import shutil

import pytest
import torch

from zsar.encoders import pretraining, shiftgcn, stgcn
from zsar.encoders.pretraining import ShiftGCNEncoder, STGCNEncoder
from zsar.errors import ZsarError
from zsar.learning import compiling
from zsar.learning.contract import Seen
from zsar.methods import pgfa
from zsar.methods.pgfa import PGFA


class WithPlainAdjacency(torch.nn.Module):
    """A block of ST-GCN, which is given the adjacency [K, V, V] too."""

    def __init__(self):
        super().__init__()
        self.block, self.adjacency = stgcn.Block(4, 8, 2, 0.0, True, 3), torch.rand(3, 25, 25)

    def forward(self, x):
        return self.block(x, self.adjacency)


BLOCKS = {
    "stgcn": (WithPlainAdjacency, (5, 4, 12, 25)),
    "shiftgcn": (lambda: shiftgcn.Block(4, 8, 25, 2, True, "exact"), (4, 25, 12, 5)),
}


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler, which compiled=true needs on a CPU")
@pytest.mark.parametrize("name", BLOCKS)
def test_a_compiled_block_is_the_plain_one(name):
    make, shape = BLOCKS[name]
    torch.manual_seed(0)
    network, x = make().double(), torch.randn(shape, dtype=torch.float64, requires_grad=True)
    if name == "stgcn":
        network.adjacency = network.adjacency.double()
    weights = [x, *network.parameters()]
    found = []
    for model in (network, compiling.through_compiler(network, True, "cpu")):
        y = model(x)
        found.append([y, *torch.autograd.grad((y * torch.arange(y.numel()).view(y.shape).cos()).sum(), weights)])
    for plain, compiled in zip(*found, strict=True):
        torch.testing.assert_close(compiled, plain, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("compiled", [False, True])
def test_it_is_asked_for_by_a_keyword(compiled, monkeypatch):
    asked, called = [], []

    def spy(network, wanted, device):
        asked.append((wanted, torch.device(device).type))
        handle = lambda *given: (called.append(wanted), network(*given))[1]
        return network if not wanted else Calling(handle)

    monkeypatch.setattr(pretraining, "through_compiler", spy)
    monkeypatch.setattr(pgfa, "through_compiler", spy)
    x, y = torch.randn(6, 3, 4, 25, 2), torch.arange(6) % 3
    for cls in (STGCNEncoder, ShiftGCNEncoder):
        list(cls(hidden=2, batch=3, epochs=1, compiled=compiled).train(x, y, 3))
    list(PGFA(hidden=2, width=4, batch=3, epochs=1, compiled=compiled).train(Seen(x, y), torch.randn(3, 1, 5)))
    assert asked == [(compiled, "cpu")] * 3
    assert len(called) == (6 if compiled else 0)


class Calling(torch.nn.Module):
    """A function as a module without weights."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


@pytest.mark.parametrize("device, lacks", [("cpu", "C\\+\\+ compiler"), ("cuda", "triton")])
def test_what_the_compiler_needs_is_said(device, lacks, monkeypatch):
    monkeypatch.setattr(compiling.shutil, "which", lambda name: None)
    monkeypatch.setattr(compiling.importlib.util, "find_spec", lambda name: None)
    network = torch.nn.Linear(1, 1)
    with pytest.raises(ZsarError, match=f"(?s)compiled=true needs .*{lacks}.*leave compiled away"):
        compiling.through_compiler(network, True, device)
    assert compiling.through_compiler(network, False, device) is network
