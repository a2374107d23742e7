"""ST-GCN: a training pass and features, beside the network as its paper and the released code state it."""

import shutil
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.benchmarks.speed.case import Case, held
from zsar.encoders.stgcn import STGCN
from zsar.fast import frequencies
from zsar.learning.compiling import through_compiler
from zsar.skeletons.layouts import layout

BATCH, FRAMES, JOINTS, BODIES = 64, 50, 25, 2
PLAN = [16] * 4 + [32] * 3 + [64] * 2 + [256]
THREADS = None
HOW = (
    "Three quarters of the network's multiplications are the last block's 9x1 convolution at 256 channels: it is done "
    "frequency by frequency, with 25 matrix products where the plain form has 97. Dropout takes sixteen of the 64 bits "
    "of each random number and is written over the block's output, with the residual and the ReLU. In evaluation mode "
    "batch normalisations are folded into the maps, bodies go through in groups that stay in the cache, and all absent "
    "bodies are one."
)
NOTE = HOW + (
    " What PyTorch's compiler (`compiled=true`) gains on top is measured beside the pass without it; the compiling "
    "itself, a minute or more, isn't counted."
)


class PlainBlock(nn.Module):
    """Map per partition, gather, normalise, convolve over time, normalise, drop, add the residual."""

    def __init__(self, channels: int, out: int, stride: int, dropout: float, residual: bool):
        super().__init__()
        self.map = nn.Conv2d(channels, 3 * out, 1)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(out),
            nn.ReLU(),
            nn.Conv2d(out, out, (9, 1), (stride, 1), (4, 0)),
            nn.BatchNorm2d(out),
            nn.Dropout(dropout),
        )
        self.residual = None
        if residual:
            shortcut = nn.Sequential(nn.Conv2d(channels, out, 1, (stride, 1)), nn.BatchNorm2d(out))
            self.residual = nn.Identity() if channels == out and stride == 1 else shortcut

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        mapped = self.map(x).unflatten(1, (3, -1))
        y = self.tcn(torch.einsum("nkctv,kvw->nctw", mapped, adjacency).contiguous())
        return F.relu(y if self.residual is None else y + self.residual(x))


class PlainSTGCN(nn.Module):
    """Clips [N, 3, T, V, M] to features [N, 256]."""

    def __init__(self, adjacency: Tensor, dropout: float):
        super().__init__()
        self.register_buffer("adjacency", adjacency)
        self.norm = nn.BatchNorm1d(3 * JOINTS)
        before = [3, *PLAN[:-1]]
        self.blocks = nn.ModuleList(
            PlainBlock(c, o, 2 if i in (4, 7) else 1, dropout if i else 0.0, i > 0)
            for i, (c, o) in enumerate(zip(before, PLAN, strict=True))
        )
        self.importance = nn.ParameterList(nn.Parameter(torch.ones_like(adjacency)) for _ in PLAN)

    def forward(self, x: Tensor) -> Tensor:
        n, c, t, v, m = x.shape
        x = self.norm(x.permute(0, 4, 3, 1, 2).contiguous().view(n * m, v * c, t))
        x = x.view(n * m, v, c, t).permute(0, 2, 3, 1).contiguous()
        for block, importance in zip(self.blocks, self.importance, strict=True):
            x = block(x, self.adjacency * importance)
        return x.mean((2, 3)).view(n, m, -1).mean(1)


NAMES = {"data_bn": "norm", "edge_importance": "importance", "gcn.conv": "map"}
"""Parts of a parameter's name in `STGCN`, and in the plain form."""


def plainly(name: str) -> str:
    """A parameter's name in the plain form."""
    for ours, theirs in NAMES.items():
        name = name.replace(ours, theirs)
    return name


def pair(device: str, dropout: float = 0.5) -> tuple[STGCN, PlainSTGCN]:
    """Both forms with the same weights."""
    torch.manual_seed(0)
    fast = STGCN.for_layout(layout("kinect_v2"), dropout=dropout)
    plain = PlainSTGCN(fast.adjacency.clone(), dropout)
    plain.load_state_dict({plainly(name): value for name, value in fast.state_dict().items()})
    return fast.to(device), plain.to(device)


def clips(batch: int, bodies: int, device: str, present: int | None = None, frames: int = FRAMES) -> Tensor:
    """Random clips, of which only the first ``present`` bodies are there."""
    x = torch.randn(batch, 3, frames, JOINTS, bodies, generator=torch.Generator().manual_seed(1))
    x[..., bodies if present is None else present :] = 0
    return x.to(device)


def pairs_of_gradients(fast: nn.Module, plain: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Gradients of both forms, but of biases that a batch normalisation takes away again: those are rounding."""
    theirs = dict(plain.named_parameters())
    without = ("tcn.2.bias", "residual.0.bias")
    return [(p.grad, theirs[plainly(n)].grad) for n, p in fast.named_parameters() if not n.endswith(without)]


def checked(device: str) -> float:
    """Features in both modes and gradients: odd batches, one clip, one body, a second and a first body absent.

    Gradients in float64: in float32 rounding moves some activations across ReLU's corner, in either form.
    """
    worst = 0.0
    for batch, bodies, frames in ((3, 2, FRAMES), (1, 2, FRAMES), (5, 1, 25), (17, 2, 16)):
        fast, plain = pair(device, 0.0)
        x = clips(batch, bodies, device, frames=frames)
        x[batch // 2, ..., -1] = 0
        x[-1, ..., 0] = 0
        towards = torch.randn(batch, PLAN[-1], generator=torch.Generator().manual_seed(2)).to(device)
        with torch.no_grad():
            worst = max(worst, held([(fast(x), plain(x)), (fast.eval()(x), plain.eval()(x))], 1e-5))
        for network in (fast, plain):
            (network.double().train()(x.double()) * towards).sum().backward()
        worst = max(worst, held(pairs_of_gradients(fast, plain), 1e-7))
    return worst


def products(bodies: int, frames: int = FRAMES, by_frequency: bool = True) -> float:
    """Multiplications and additions of a pass, of the maps and of what gathers the neighbours."""
    total, before = 0.0, 3
    for i, out in enumerate(PLAN):
        stride = 2 if i in (4, 7) else 1
        places = bodies * JOINTS * frames
        total += places * (2 * 3 * before * JOINTS + 2 * 3 * before * out)
        frames = -(-frames // stride)
        places = bodies * JOINTS * frames
        taps = sum(max(frames - abs(q), 0) for q in range(-4, 5)) / frames
        if by_frequency and stride == 1 and frequencies.pays(out, frames, 9):
            rank = len(frequencies.transforms(frames, 9)[0])
            total += places * 2 * (2 * rank * out + rank / frames * out * out)
        else:
            total += places * 2 * taps * out * out
        if i and (before != out or stride > 1):
            total += places * 2 * before * out
        before = out
    return total


def passed(network: nn.Module, x: Tensor, dtype: torch.dtype) -> None:
    """One training pass there and back."""
    network.train()
    with torch.autocast(x.device.type, dtype, enabled=dtype != torch.float32):
        features = network(x)
    features.float().square().mean().backward()
    network.zero_grad()


@torch.no_grad()
def encoded(network: nn.Module, x: Tensor) -> Tensor:
    """Features in evaluation mode."""
    return network.eval()(x)


def compiled(name: str, network: nn.Module, x: Tensor, device: str) -> Case:
    """A training pass through PyTorch's compiler; plain: zsar's without it."""
    through = through_compiler(network, True, device)
    return Case(
        f"{name}, forwards and backwards, compiled",
        f"random clips {list(x.shape)}; plain: zsar's, not compiled",
        fast=lambda: passed(through, x, torch.float32),
        plain=lambda: passed(network, x, torch.float32),
    )


def cases(device: str, short: bool) -> Iterator[Case]:
    """A training pass in float32, and features of clips with two bodies and with one."""
    fast, plain = pair(device)
    x = clips(BATCH, BODIES, device)
    alone = clips(BATCH, BODIES, device, present=1)
    sizes = f"random clips [{BATCH}, 3, {FRAMES}, {JOINTS}, {BODIES}]"
    if not short:
        yield Case(
            "ST-GCN, forwards and backwards",
            sizes,
            fast=lambda: passed(fast, x, torch.float32),
            plain=lambda: passed(plain, x, torch.float32),
            check=lambda: checked(device),
            operations=3 * products(BATCH * BODIES),
            product=(256, 256, 3200),
        )
        if shutil.which("g++"):
            yield compiled("ST-GCN", fast, x, device)
    yield Case(
        "ST-GCN features, two bodies",
        sizes,
        fast=lambda: encoded(fast, x),
        plain=lambda: encoded(plain, x),
        check=None if not short else lambda: checked(device),
        operations=products(BATCH * BODIES),
        product=(256, 256, 800),
    )
    yield Case(
        "ST-GCN features, second body absent",
        sizes,
        fast=lambda: encoded(fast, alone),
        plain=lambda: encoded(plain, alone),
        operations=products(BATCH),
        product=(256, 256, 800),
    )
