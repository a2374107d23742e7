"""Divergences of Gaussians, against torch and their definition."""

import math

import pytest
import torch

from zsar.learning.variational import divergence, wasserstein


def test_divergences_against_torch_and_their_definition():
    generator = torch.Generator().manual_seed(4)
    mu, logvar, other, other_logvar = torch.randn(4, 5, 3, generator=generator)
    normal = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    standard = torch.distributions.Normal(torch.zeros(5, 3), torch.ones(5, 3))
    expected = torch.distributions.kl_divergence(normal, standard).sum() / 5
    assert divergence(mu, logvar).item() == pytest.approx(expected.item(), rel=1e-5)
    apart = sum(
        math.sqrt(
            sum(
                (mu[i, k] - other[i, k]).item() ** 2
                + (math.exp(logvar[i, k] / 2) - math.exp(other_logvar[i, k] / 2)) ** 2
                for k in range(3)
            )
        )
        for i in range(5)
    )
    assert wasserstein(mu, logvar, other, other_logvar).item() == pytest.approx(apart, rel=1e-5)
