"""What the field's variational autoencoders share: encoders, draws, divergences, classifier."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.learning.contract import Method, Seen
from zsar.learning.faster import faster
from zsar.learning.optimizers import Adam


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


def train_in_cycles(
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
            batch_loss = loss(rows, step, cycle)
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()
            total += batch_loss.detach()
        yield {"loss": (total / method.steps).item()}


@faster("classifier:train_classifier")
def train_classifier(
    latents: list[tuple[Tensor, Tensor]], draws: int, steps: int, lr: float
) -> Callable[[Tensor], Tensor]:
    """Train a linear layer with ReLU on ``draws`` latents of every class; it maps x [N, L] to scores [N, C].

    ``latents`` are mean and log-variance [C, L_i] of the parts that make up a latent, each with one noise number per
    draw.
    """
    classes, device = len(latents[0][0]), latents[0][0].device
    with torch.no_grad():
        z = torch.cat([sample(mu.repeat(draws, 1), logvar.repeat(draws, 1)) for mu, logvar in latents], 1)
    y = torch.arange(classes, device=device).repeat(draws)
    classifier = linear(z.shape[1], classes).to(device)
    optimizer = Adam(classifier.parameters(), lr=lr, fused=True)
    with torch.enable_grad():
        for _ in range(steps):
            loss = F.cross_entropy(F.relu(classifier(z)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return lambda x: F.relu(classifier(x)).detach()


def rename_released(state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights that SynSE's authors released under zsar's names; theirs: ``mu_transformation.0.*``, ``model.0.*``."""
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
