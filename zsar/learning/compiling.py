"""A network's training pass through torch's compiler: fewer, larger kernels, after a minute of compiling."""

import importlib.util
import os
import shutil

import torch
from torch import nn

from zsar.errors import ZsarError
from zsar.learning import faster


def through_compiler(network: nn.Module, compiled: bool, device):
    """The network, or what computes the same with its weights, compiled at its first call.

    Random numbers are torch's own, so that a training goes on after a checkpoint as if it hadn't been interrupted.
    Raises `ZsarError` where the compiler lacks what it makes its code with.
    """
    if not compiled:
        return network
    _require(torch.device(device).type)
    faster.load()
    options = {"fallback_random": True}
    if torch.are_deterministic_algorithms_enabled() and "deterministic" in torch._inductor.list_options():
        options["deterministic"] = True  # no kernel is chosen by how fast it happens to be
    return torch.compile(network, options=options)


def _require(kind: str) -> None:
    if kind == "cuda":
        if importlib.util.find_spec("triton") is None:
            raise ZsarError(
                "compiled=true needs triton on a GPU, and it isn't installed",
                "Install PyTorch's own build for CUDA, or leave compiled away.",
            )
    elif not any(map(shutil.which, filter(None, (os.environ.get("CXX"), "g++", "clang++")))):
        raise ZsarError(
            "compiled=true needs a C++ compiler on a CPU, and there is none",
            "Install one (on Debian: apt install g++), or leave compiled away.",
        )
