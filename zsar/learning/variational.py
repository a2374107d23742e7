"""What the field's variational autoencoders share: encoders, draws, divergences, classifier."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.learning.contract import Method, Seen
from zsar.learning.optimizers import Adam

_LOGITS = 2**18
"""Values that are held at once while a classifier is trained: about a processor's second-level cache."""


def linear(width: int, out: int) -> nn.Linear:
    """A linear map initialised as released: Xavier with gain 0.5, zero bias."""
    layer = nn.Linear(width, out)
    nn.init.xavier_uniform_(layer.weight, gain=0.5)
    nn.init.zeros_(layer.bias)
    return layer


def decoder(latent: int, width: int) -> nn.Sequential:
    """A decoder without hidden layers; it ends in ReLU: what it rebuilds should not be negative."""
    return nn.Sequential(linear(latent, width), nn.ReLU())


class Gaussian(nn.Module):
    """An encoder without hidden layers: mean and log-variance of a diagonal Gaussian."""

    def __init__(self, width: int, latent: int):
        super().__init__()
        self.mu, self.logvar = linear(width, latent), linear(width, latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.mu(x), self.logvar(x)


def sample(mu: Tensor, logvar: Tensor, noise: Tensor | None = None) -> Tensor:
    """Reparameterised draw; ONE normal number per row, shared by its dimensions, as released."""
    if noise is None:
        noise = torch.randn(len(mu), 1, device=mu.device)
    return mu + noise * torch.exp(0.5 * logvar)


def divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, sigma) || N(0, 1)), summed over dimensions, averaged over rows."""
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum() / len(mu)


def wasserstein(mu: Tensor, logvar: Tensor, other_mu: Tensor, other_logvar: Tensor) -> Tensor:
    """2-Wasserstein distance of diagonal Gaussians, summed over rows."""
    apart = (mu - other_mu).square() + ((0.5 * logvar).exp() - (0.5 * other_logvar).exp()).square()
    return apart.sum(1).sqrt().sum()


def trained_in_cycles(
    method: Method, seen: Seen, loss: Callable[[Tensor, int, int], Tensor]
) -> Iterator[dict[str, float]]:
    """Train ``method.network`` for ``method.cycles`` cycles of ``method.steps`` batches that are drawn at random.

    ``loss(rows, step, cycle)`` is that of a batch of training clips. Yields the mean loss after every cycle.
    """
    optimizer = Adam(method.network.parameters(), lr=method.lr, fused=True)
    for cycle in method.resumable(method.cycles, optimizer):
        total = torch.zeros((), device=seen.x.device)
        batches = torch.randint(len(seen), (method.steps, method.batch)).to(seen.y.device)
        for step, rows in enumerate(batches):
            of_batch = loss(rows, step, cycle)
            optimizer.zero_grad()
            of_batch.backward()
            optimizer.step()
            total += of_batch.detach()
        yield {"loss": (total / method.steps).item()}


def trained_classifier(
    latents: list[tuple[Tensor, Tensor]], draws: int, steps: int, lr: float
) -> Callable[[Tensor], Tensor]:
    """Train a linear layer with ReLU on ``draws`` latents of every class; it maps x [N, L] to scores [N, C].

    ``latents`` are mean and log-variance [C, L_i] of the parts that make up a latent, each with one noise number per
    draw. A draw is thus its class's mean plus its noise numbers times its class's deviations: the layer maps those
    few vectors of a class instead of all its draws, which is exact. The gradient of the cross-entropy is written out
    and taken a few classes at a time, so that memory doesn't grow with draws times classes squared.
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
    at_once = max(1, _LOGITS // (draws * classes))
    of_class = torch.arange(classes, device=device)
    for _ in range(steps):
        mapped = vectors @ classifier.weight.detach().T
        mapped[:, 0] += classifier.bias.detach()
        slopes = []
        for w, m, own in zip(weights.split(at_once), mapped.split(at_once), of_class.split(at_once), strict=True):
            slopes.append(w.mT @ _slope(torch.bmm(w, m).relu_(), own))
        slope = torch.cat(slopes).div_(classes * draws)
        classifier.weight.grad = slope.flatten(0, 1).T @ vectors.flatten(0, 1)
        classifier.bias.grad = slope[:, 0].sum(0)
        optimizer.step()
    return lambda x: F.relu(classifier(x)).detach()


def classify(latents: list[tuple[Tensor, Tensor]], draws: int, x: Tensor, steps: int, lr: float) -> Tensor:
    """Scores [N, C] of x [N, L] by a `trained_classifier`."""
    return trained_classifier(latents, draws, steps, lr)(x)


def _slope(logits: Tensor, own: Tensor) -> Tensor:
    """Gradient of the summed cross-entropy of [c, draws, C] logits that went through ReLU, before it; [c] classes."""
    slope = torch.softmax(logits, 2)
    slope[torch.arange(len(own), device=own.device), :, own] -= 1
    return torch.ops.aten.threshold_backward.grad_input(slope, logits, 0, grad_input=slope)


def official(state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights under our names; theirs: ``mu_transformation.0.*``, ``model.0.*``."""
    names = {
        ".mu_transformation.0.": ".mu.",
        ".logvar_transformation.0.": ".logvar.",
        ".model.0.": ".0.",
    }
    renamed = {}
    for key, value in state_dict.items():
        for theirs, ours in names.items():
            key = key.replace(theirs, ours)
        renamed[key] = value
    return renamed
