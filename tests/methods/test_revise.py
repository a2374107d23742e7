"""ReViSE: losses by loops, and which terms train."""

import math

import numpy as np
import pytest
import torch
from training import trained

from zsar.methods import Seen
from zsar.methods.revise import ReViSE, hinge, mean_discrepancy

SMALL = {"epochs": 3, "skeleton_layers": (8,), "text_layers": (16, 8), "joint": 6}


def test_mean_discrepancy_against_loops():
    generator = torch.Generator().manual_seed(2)
    a, b = (
        0.2 * torch.randn(5, 3, generator=generator),
        0.2 * torch.randn(5, 3, generator=generator),
    )

    def kernel(p, q):
        return math.exp(-32 * ((p - q) ** 2).sum().item())

    expected = sum(kernel(p, q) for p in a for q in a) + sum(kernel(p, q) for p in b for q in b)
    expected -= 2 * sum(kernel(p, q) for p in a for q in b)
    assert mean_discrepancy(a, b, 32.0).item() == pytest.approx(expected / 25, abs=1e-5)
    assert mean_discrepancy(a, a, 32.0).item() == pytest.approx(0, abs=1e-6)


def test_revises_contractive_term_trains_only_on_request(data):
    seen, text, _ = data
    vectors = torch.nn.functional.normalize(text.mean(1), dim=1)
    gradients = {}
    for weight, train in ((0.0, False), (1.0, False), (1.0, True)):
        method = ReViSE(
            **{
                **SMALL,
                "epochs": 1,
                "contractive": weight,
                "train_contractive": train,
                "lr": 0.0,
            }
        )
        trained(method, seen, text)
        method.network.zero_grad()
        terms = method.terms(seen.x, vectors, seen.y)
        terms["skeleton"].backward()
        gradients[weight, train] = method.network.skeleton.encoder[0].weight.grad
    assert torch.equal(gradients[0.0, False], gradients[1.0, False])
    assert not torch.allclose(gradients[0.0, False], gradients[1.0, True])


def test_revises_features_may_be_negative(data):
    seen, text, candidates = data
    method, losses = trained(ReViSE(**SMALL), Seen(seen.x - 2, seen.y), text)
    assert np.isfinite(losses).all() and method.score(seen.x - 2, candidates).isfinite().all()


def test_the_hinge_loss_against_loops():
    generator = torch.Generator().manual_seed(1)
    scores, y = torch.randn(6, 4, generator=generator), torch.tensor([0, 3, 2, 1, 1, 0])
    wrong = [
        [max(0.0, 0.3 + scores[i, j].item() - scores[i, y[i]].item()) for j in range(4) if j != y[i]] for i in range(6)
    ]
    expected = sum(map(sum, wrong)) / 6
    # The released ReViSE counts the right class too: the margin once per clip.
    assert hinge(scores, scores.gather(1, y[:, None])[:, 0], 0.3).item() == pytest.approx(expected + 0.3, abs=1e-6)
