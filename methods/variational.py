"""What the field's variational autoencoders share: encoders, draws, divergences, classifier."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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


def classify(z: Tensor, y: Tensor, classes: int, x: Tensor, steps: int, lr: float) -> Tensor:
    """Train a linear layer with ReLU on latents z [M, L], classes y [M]; its scores of x [N, L]."""
    classifier = linear(z.shape[1], classes).to(z.device)
    optimizer = torch.optim.Adam(classifier.parameters(), lr=lr, fused=True)
    with torch.enable_grad():
        for _ in range(steps):
            loss = F.cross_entropy(F.relu(classifier(z)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        return F.relu(classifier(x))


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
