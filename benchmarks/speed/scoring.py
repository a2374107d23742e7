"""Every feature method's scores of 50,000 clips among 120 candidate classes."""

import inspect
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from zsar.benchmarks.speed.case import Case, held
from zsar.learning.contract import Seen
from zsar.learning.variational import linear, train_classifier
from zsar.methods import available, find

CLIPS, CLASSES, FEATURES, TEXT = 50_000, 120, 256, 768
FEW = 200
PAIRWISE = ("dvta", "smie")
"""Methods with a network on every pair of clip and class: measured on a few clips, in which they are linear."""
THREADS = 1
NOTE = (
    "Methods whose scores are products take milliseconds. The autoencoders (SA-DVAE, CADA-VAE, SynSE) train a "
    "classifier on 500 draws per class: every draw is its class's mean plus one number times its deviation, so two "
    "vectors per class are mapped instead of 500. DVTA and SMIE judge 6 million pairs by a network of their own, 14 "
    "and 6.3 TFLOP of its second layer, which is their floor on any device; here they are timed on 200 clips, and "
    "250 times that is what 50,000 take."
)


def plain_classifier(mu: Tensor, logvar: Tensor, draws: int, steps: int, lr: float) -> Callable[[Tensor], Tensor]:
    """A linear layer with ReLU trained on drawn latents [draws C, L] of every class, in the released style."""
    z = mu.repeat(draws, 1) + torch.randn(draws * len(mu), 1, device=mu.device) * torch.exp(logvar.repeat(draws, 1) / 2)
    y = torch.arange(len(mu), device=mu.device).repeat(draws)
    layer = linear(z.shape[1], len(mu)).to(mu.device)
    optimizer = torch.optim.Adam(layer.parameters(), lr=lr)
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(torch.relu(layer(z)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return lambda x: torch.relu(layer(x)).detach()


def cases(device: str, short: bool) -> Iterator[Case]:
    """The autoencoders' classifier against the plain one; then every method that learns from features."""
    yield classifier(device)
    if short:
        return
    for name in available():
        if find(name).input == "features" and name not in PAIRWISE:
            yield scores(name, CLIPS, device, 10.0)
    for name in PAIRWISE:
        yield scores(name, FEW, device, None)


def classifier(device: str) -> Case:
    """A thirtieth of the steps that a score takes."""
    g = torch.Generator().manual_seed(0)
    normal = lambda *shape: torch.randn(*shape, generator=g).to(device)
    mu, logvar, x, steps = normal(CLASSES, 160), normal(CLASSES, 160) - 2, normal(FEW, 160), 10

    def scores(train: Callable, *latents) -> Tensor:
        torch.manual_seed(0)
        return train(*latents, 500, steps, 1e-3)(x)

    fast = lambda: scores(train_classifier, [(mu, logvar)])
    plain = lambda: scores(plain_classifier, mu, logvar)
    return Case(
        f"The autoencoders' classifier, {CLASSES} classes",
        f"random latents [{CLASSES}, 160], 500 draws of each, {steps} of 300 steps",
        fast=fast,
        plain=plain,
        check=lambda: held([(fast(), plain())], 1e-3),
        steps=steps,
        target=3.0,
    )


def scores(name: str, clips: int, device: str, seconds: float | None) -> Case:
    """Scores of a method that has seen an epoch of random data."""
    g = torch.Generator().manual_seed(0)
    cls = find(name)
    short = {"epochs": 1, "cycles": 1, "steps": 10, "warmup": 0}
    parameters = inspect.signature(cls).parameters
    few = {k: v for k, v in short.items() if k in parameters and isinstance(parameters[k].default, int)}
    method = cls(**few)
    x, text = torch.rand(clips, FEATURES, generator=g).to(device), torch.randn(CLASSES, 2, TEXT, generator=g).to(device)
    seen = Seen(torch.rand(256, FEATURES, generator=g).to(device), (torch.arange(256) % 55).to(device))
    torch.manual_seed(0)
    for _ in method.train(seen, torch.randn(55, 2, TEXT, generator=g).to(device)):
        pass
    return Case(
        f"{cls.title}: scores of {clips} clips, {CLASSES} classes",
        f"random features [{clips}, {FEATURES}], text [{CLASSES}, 2, {TEXT}]",
        fast=lambda: method.score(x, text),
        seconds=seconds,
    )
