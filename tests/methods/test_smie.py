"""SMIE: its estimate and scores pair by pair, and its constraint."""

import math

import numpy as np
import pytest
import torch
from training import trained

from zsar.methods.smie import SMIE


def test_smies_estimate_and_scores_against_pairs(data):
    seen, text, candidates = data
    method, _ = trained(SMIE(epochs=3, warmup=1), seen, text)
    d, x = method.network, seen.x[:6]
    t = torch.nn.functional.normalize(text.mean(1), dim=1)[seen.y[:6]]

    def normal(v):
        return (v - v.mean()) / (v.var(unbiased=False) + 1e-5).sqrt()

    def softplus(v):
        return math.log1p(math.exp(v))

    def pair(a, b):
        h = torch.relu(d.l1(torch.relu(d.l0(torch.cat([a, b])))))
        return d.l2(h).item()

    right = sum(-softplus(-pair(normal(x[i]), t[i])) for i in range(6)) / 6
    wrong = sum(softplus(pair(normal(x[(i + 1) % 6]), t[i])) for i in range(6)) / 6
    assert method.information(x, t).item() == pytest.approx(right - wrong, abs=1e-5)
    c = torch.nn.functional.normalize(candidates.mean(1), dim=1)
    expected = [[-softplus(-pair(normal(v), u)) for u in c] for v in x]
    np.testing.assert_allclose(method.score(x, candidates), expected, atol=1e-5)
    method.normalise_scored = False
    raw = [[-softplus(-pair(v, u)) for u in c] for v in x]
    np.testing.assert_allclose(method.score(x, candidates), raw, atol=1e-5)


def test_smies_temporal_constraint_is_a_hinge():
    method, whole = SMIE(margin=0.1), torch.tensor(-1.0)
    assert method.loss(whole).item() == pytest.approx(1.0)
    assert method.loss(whole, torch.tensor(-1.5)).item() == pytest.approx(1.0)
    assert method.loss(whole, torch.tensor(-1.02)).item() == pytest.approx(1.0 + 0.5 * 0.08, abs=1e-6)
