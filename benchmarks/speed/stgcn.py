"""ST-GCN: a training pass and features, beside the network as its paper and the released code state it."""

import shutil
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from zsar.benchmarks.speed.case import Case, held
from zsar.encoders.stgcn import STGCN
from zsar.fast import frequencies
from zsar.learning.compiling import through_compiler
from zsar.learning.faster import plain_forms
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


def network(device: str, dropout: float = 0.5) -> STGCN:
    """The standard network; its plain form is that of `zsar.encoders.stgcn`, as the paper has it."""
    torch.manual_seed(0)
    return STGCN.for_layout(layout("kinect_v2"), dropout=dropout).to(device)


def clips(batch: int, bodies: int, device: str, present: int | None = None, frames: int = FRAMES) -> Tensor:
    """Random clips, of which only the first ``present`` bodies are there."""
    x = torch.randn(batch, 3, frames, JOINTS, bodies, generator=torch.Generator().manual_seed(1))
    x[..., bodies if present is None else present :] = 0
    return x.to(device)


def gradients(network: STGCN) -> list[Tensor]:
    """All gradients but those of biases that a batch normalisation takes away again, which are rounding."""
    without = ("tcn.2.bias", "residual.0.bias")
    return [p.grad for name, p in network.named_parameters() if not name.endswith(without)]


def outcomes(x: Tensor, towards: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Features of clips in both modes, and gradients in float64 of their products with ``towards``.

    In float32 rounding moves some activations across ReLU's corner, in either form.
    """
    trained = network(str(x.device), dropout=0.0)
    with torch.no_grad():
        features = [trained(x), trained.eval()(x)]
    (trained.double().train()(x.double()) * towards).sum().backward()
    return features, gradients(trained)


def check(device: str) -> float:
    """Both forms alike: odd batches, one clip, one body, a second and a first body absent."""
    worst = 0.0
    for batch, bodies, frames in ((3, 2, FRAMES), (1, 2, FRAMES), (5, 1, 25), (17, 2, 16)):
        x = clips(batch, bodies, device, frames=frames)
        x[batch // 2, ..., -1] = 0
        x[-1, ..., 0] = 0
        towards = torch.randn(batch, PLAN[-1], generator=torch.Generator().manual_seed(2)).to(device)
        fast = outcomes(x, towards)
        with plain_forms():
            plain = outcomes(x, towards)
        for one, other, tolerance in zip(fast, plain, (1e-5, 1e-7), strict=True):
            worst = max(worst, held(list(zip(one, other, strict=True)), tolerance))
    return worst


def products(bodies: int, frames: int = FRAMES, by_frequency: bool = True, plan: Sequence[int] = PLAN) -> float:
    """Multiplications and additions of a pass, of the maps and of what gathers the neighbours."""
    total, before = 0.0, 3
    for i, out in enumerate(plan):
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


def training_pass(network: nn.Module, x: Tensor, dtype: torch.dtype) -> None:
    """One training pass there and back."""
    network.train()
    with torch.autocast(x.device.type, dtype, enabled=dtype != torch.float32):
        features = network(x)
    features.float().square().mean().backward()
    network.zero_grad()


def plainly(function: Callable, *arguments) -> None:
    """Call a function of a network in its plain form."""
    with plain_forms():
        function(*arguments)


@torch.no_grad()
def encode(network: nn.Module, x: Tensor) -> Tensor:
    """Features in evaluation mode."""
    return network.eval()(x)


def compiled_case(name: str, network: nn.Module, x: Tensor, device: str) -> Case:
    """A training pass through PyTorch's compiler; plain: zsar's without it."""
    through = through_compiler(network, True, device)
    return Case(
        f"{name}, forwards and backwards, compiled",
        f"random clips {list(x.shape)}; plain: zsar's, not compiled",
        fast=lambda: training_pass(through, x, torch.float32),
        plain=lambda: training_pass(network, x, torch.float32),
    )


def cases(device: str, short: bool) -> Iterator[Case]:
    """A training pass in float32, and features of clips with two bodies and with one."""
    trained = network(device)
    x = clips(BATCH, BODIES, device)
    alone = clips(BATCH, BODIES, device, present=1)
    sizes = f"random clips [{BATCH}, 3, {FRAMES}, {JOINTS}, {BODIES}]"
    if not short:
        yield Case(
            "ST-GCN, forwards and backwards",
            sizes,
            fast=lambda: training_pass(trained, x, torch.float32),
            plain=lambda: plainly(training_pass, trained, x, torch.float32),
            check=lambda: check(device),
            operations=3 * products(BATCH * BODIES),
            product=(256, 256, 3200),
        )
        if shutil.which("g++"):
            yield compiled_case("ST-GCN", trained, x, device)
    yield Case(
        "ST-GCN features, two bodies",
        sizes,
        fast=lambda: encode(trained, x),
        plain=lambda: plainly(encode, trained, x),
        check=None if not short else lambda: check(device),
        operations=products(BATCH * BODIES),
        product=(256, 256, 800),
    )
    yield Case(
        "ST-GCN features, second body absent",
        sizes,
        fast=lambda: encode(trained, alone),
        plain=lambda: plainly(encode, trained, alone),
        operations=products(BATCH),
        product=(256, 256, 800),
    )
