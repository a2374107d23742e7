"""Shift-GCN: one block forwards and backwards, beside its plain form, and the published network's training pass."""

import functools
import multiprocessing
import shutil
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from zsar.benchmarks.speed.case import Case, held
from zsar.benchmarks.speed.machine import most_memory
from zsar.benchmarks.speed.stgcn import compiled_case
from zsar.encoders.shift import joint_shift
from zsar.encoders.shiftgcn import Block, ShiftGCN
from zsar.learning.memory import keep_freed
from zsar.skeletons.layouts import layout

CLIPS, BODIES, FRAMES, JOINTS, CHANNELS = 8, 2, 64, 25, 64
BATCH = 64
THREADS = None
NOTE = (
    "Features are laid out [channels, joints, frames, clips]: a shift copies whole rows and a pointwise map is one "
    "matrix product. The plain form gathers joints and interpolates frames on [clips, channels, frames, joints], as "
    "the paper draws it. Shifts move memory and hardly compute: the share of the measured copy is the one that counts."
)


class PlainBlock(nn.Module):
    """A block of as many channels out as in, with the weights of ``of``."""

    def __init__(self, of: Block):
        super().__init__()
        self.of = of

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, V] to [B, C, T, V]."""
        spatial, b, c = self.of.spatial, *x.shape[:2]
        there, back = (joint_shift(JOINTS, c, way).to(x.device) for way in (1, -1))
        moved = lambda y, order: (
            y.permute(0, 2, 1, 3).flatten(2)[:, :, order].view(b, -1, c, JOINTS).permute(0, 2, 1, 3)
        )
        y = moved(x, there) * (spatial.mask.tanh() + 1)[:, None]
        y = torch.einsum("oc,bctv->botv", spatial.map.weight, y) + spatial.map.bias[:, None, None]
        y = moved(y, back).permute(0, 2, 1, 3).flatten(2)
        y = self._norm(spatial.norm, y.transpose(1, 2)).transpose(1, 2).view(b, -1, c, JOINTS).permute(0, 2, 1, 3)
        y = self._norm(self.of.norm_in, torch.relu(y + x))
        y = self._in_time(y, self.of.shift_in.offset)
        y = torch.relu(torch.einsum("oc,bctv->botv", self.of.map.weight, y) + self.of.map.bias[:, None, None])
        y = self._norm(self.of.norm_out, self._in_time(y, self.of.shift_out.offset))
        return torch.relu(y + x)

    @staticmethod
    def _norm(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
        return torch.nn.functional.batch_norm(x, None, None, norm.weight, norm.bias, training=True)

    @staticmethod
    def _in_time(x: Tensor, offset: Tensor) -> Tensor:
        """Every channel at t + offset, linearly, zero beyond the ends."""
        places = torch.arange(x.shape[2], device=x.device) + offset[:, None]
        first = places.detach().floor()
        part = (places - first)[:, :, None]
        padded = torch.nn.functional.pad(x, (0, 0, 2, 3))
        index = lambda at: (at.long() + 2).clamp(0, x.shape[2] + 4)[None, :, :, None].expand(*x.shape)
        return padded.gather(2, index(first)) * (1 - part) + padded.gather(2, index(first + 1)) * part


def block(channels: int, device: str, kind: torch.dtype = torch.float32) -> tuple[Block, PlainBlock]:
    """Both forms with the same weights; the gradient of the offsets is the exact one."""
    torch.manual_seed(0)
    network = Block(channels, channels, JOINTS, 1, True, "exact").to(device, kind)
    return network, PlainBlock(network)


def ours(x: Tensor) -> Tensor:
    """[B, C, T, V] to the layout [C, V, T, B]."""
    return x.permute(1, 3, 2, 0).contiguous()


def check(device: str) -> float:
    """Outputs and, in float64, all gradients; one clip, odd numbers of them."""
    worst = 0.0
    for clips, channels, frames in ((3, 8, 16), (1, 30, 9), (5, 4, 2)):
        fast, plain = block(channels, device, torch.float64)
        x = torch.randn(clips, channels, frames, JOINTS, dtype=torch.float64, device=device).requires_grad_()
        towards = torch.randn_like(x)
        weights = [x, *fast.parameters()]
        result, expected = fast(ours(x)).permute(3, 0, 2, 1), plain(x)
        grads = [torch.autograd.grad((y * towards).sum(), weights) for y in (result, expected)]
        # A bias that a batch normalisation takes away again has only rounding for a gradient.
        held_grads = [(a, b) for a, b in zip(*grads, strict=True) if b.norm() > 1e-9]
        worst = max(worst, held([(result, expected), *held_grads], 1e-7))
    return worst


def cases(device: str, short: bool) -> Iterator[Case]:
    """A block of 64 channels beside its plain form, and the whole network."""
    fast, plain = block(CHANNELS, device)
    shape = CLIPS * BODIES, CHANNELS, FRAMES, JOINTS
    x = torch.randn(shape, device=device, requires_grad=True)
    laid_out = ours(x.detach()).requires_grad_()

    def training_pass(network: nn.Module, x: Tensor) -> None:
        network(x).sum().backward()
        network.zero_grad()
        x.grad = None

    yield Case(
        f"Shift-GCN block of {CHANNELS} channels, forwards and backwards",
        f"random features {list(shape)}",
        fast=lambda: training_pass(fast, laid_out),
        plain=lambda: training_pass(plain, x),
        check=lambda: check(device),
        operations=3 * 2 * 2 * CHANNELS * x.numel(),
        moved=4 * x.numel() * 2 * 3 * 6,  # six layers, each read and written, three times
        product=(CHANNELS, CHANNELS, x.numel() // CHANNELS),
    )
    if short:
        return
    sizes = f"random clips [{CLIPS}, 3, {FRAMES}, {JOINTS}, {BODIES}]"
    yield Case("Shift-GCN as published, forwards and backwards", sizes, fast=lambda: whole_pass(device))
    if shutil.which("g++"):
        yield compiled_case("Shift-GCN as published", *whole(device, CLIPS), device)
    if device == "cpu":
        yield with_freed_memory_kept()


@functools.cache
def whole(device: str, clips: int) -> tuple[ShiftGCN, Tensor]:
    """The published network and clips."""
    torch.manual_seed(0)
    network = ShiftGCN.for_layout(layout("kinect_v2")).to(device)
    return network, torch.randn(clips, 3, FRAMES, JOINTS, BODIES, device=device)


def whole_pass(device: str, clips: int = CLIPS) -> float:
    """A training pass of the published network; its loss."""
    network, clips = whole(device, clips)
    loss = network.train()(clips).square().mean()
    loss.backward()
    network.zero_grad()
    return loss.item()


def with_freed_memory_kept() -> Case:
    """The pass in a process that keeps memory that is freed, as those of `zsar bench` and `zsar train` do."""
    spawn = multiprocessing.get_context("spawn")
    threads = torch.get_num_threads()
    kept, plain = (spawn.Pool(1, _begin, (threads, keep)) for keep in (True, False))
    run = lambda pool: pool.apply(whole_pass, ("cpu", BATCH))
    for pool in (kept, plain):
        for _ in range(3):
            run(pool)
    held_mb, given_back_mb = (pool.apply(most_memory) for pool in (kept, plain))
    return Case(
        "Shift-GCN's pass, freed memory kept",
        f"{BATCH} random clips, in a process of its own; plain: one that gives memory back to the system",
        lambda: run(kept),
        lambda: run(plain),
        lambda: held([(torch.tensor(run(kept)), torch.tensor(run(plain)))], 1e-6),
        note=f"The process holds {held_mb} MB at the most, the plain one {given_back_mb} MB.",
    )


def _begin(threads: int, keep: bool) -> None:
    torch.set_num_threads(threads)
    if keep:
        keep_freed()
