"""DeViSE: its hinge loss by loops, and a loss that ends at satisfied margins."""

import pytest
import torch
from training import trained

from zsar.methods.devise import DeViSE, hinge_rank


def test_devise_stops_at_satisfied_margins(data):
    seen, text, _ = data
    method, losses = trained(DeViSE(epochs=300, lr=0.3), seen, text)
    assert losses[-1] < losses[0] / 5
    scores = torch.tensor([[5.0, 0.0, 0.0]], requires_grad=True)
    hinge_rank(scores, torch.tensor([0]), 0.1).backward()
    assert scores.grad.abs().max() == 0


def test_the_hinge_loss_against_loops():
    generator = torch.Generator().manual_seed(1)
    scores, y = torch.randn(6, 4, generator=generator), torch.tensor([0, 3, 2, 1, 1, 0])
    wrong = [
        [max(0.0, 0.3 + scores[i, j].item() - scores[i, y[i]].item()) for j in range(4) if j != y[i]] for i in range(6)
    ]
    expected = sum(map(sum, wrong)) / 6
    assert hinge_rank(scores, y, 0.3).item() == pytest.approx(expected, abs=1e-6)
