"""The autoencoders' classifier, trained on draws that are never made one by one, its gradient written out."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from zsar.learning.optimizers import Adam
from zsar.learning.variational import linear

LOGITS = 2**18
"""Values that are held at once: about a processor's second-level cache."""


def train_classifier(
    latents: list[tuple[Tensor, Tensor]], draws: int, steps: int, lr: float
) -> Callable[[Tensor], Tensor]:
    """`zsar.learning.variational.train_classifier`, exact, in memory that draws times classes squared do not set.

    A draw is its class's mean plus its noise numbers times its class's deviations: the layer maps those few vectors of
    a class instead of all its draws. The gradient of the cross-entropy is taken a few classes at a time.
    """
    classes, device = len(latents[0][0]), latents[0][0].device
    noise = [torch.randn(draws * classes, 1, device=device).view(draws, classes).T for _ in latents]
    weights = torch.stack([torch.ones_like(noise[0]), *noise], 2)  # [C, draws, 1 + parts]
    deviations = [(0.5 * logvar).exp() for _, logvar in latents]
    vectors = torch.stack(
        [torch.cat([mu for mu, _ in latents], 1)]
        + [torch.cat([d * (i == j) for j, d in enumerate(deviations)], 1) for i in range(len(latents))],
        1,
    )  # [C, 1 + parts, L]
    classifier = linear(vectors.shape[2], classes).to(device)
    optimizer = Adam(classifier.parameters(), lr=lr, fused=True)
    at_once = max(1, LOGITS // (draws * classes))
    numbers = torch.arange(classes, device=device)
    for _ in range(steps):
        mapped = vectors @ classifier.weight.detach().T
        mapped[:, 0] += classifier.bias.detach()
        slopes = []
        for w, m, own in zip(weights.split(at_once), mapped.split(at_once), numbers.split(at_once), strict=True):
            slopes.append(w.mT @ _slope(torch.bmm(w, m).relu_(), own))
        slope = torch.cat(slopes).div_(classes * draws)
        classifier.weight.grad = slope.flatten(0, 1).T @ vectors.flatten(0, 1)
        classifier.bias.grad = slope[:, 0].sum(0)
        optimizer.step()
    return lambda x: F.relu(classifier(x)).detach()


def _slope(logits: Tensor, own: Tensor) -> Tensor:
    """Gradient of the summed cross-entropy of [c, draws, C] logits that went through ReLU, before it; [c] classes."""
    slope = torch.softmax(logits, 2)
    slope[torch.arange(len(own), device=own.device), :, own] -= 1
    return torch.ops.aten.threshold_backward.grad_input(slope, logits, 0, grad_input=slope)
