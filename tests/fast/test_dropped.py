"""The end of a residual block in place, against dropout, a sum and ReLU."""

import pytest
import torch
import torch.nn.functional as F

from zsar.fast import dropped
from zsar.fast.dropped import dropped_sum, keep_mask


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("residual", [True, False])
def test_the_dropped_sum_is_dropout_a_sum_and_relu(p, residual, monkeypatch):
    torch.manual_seed(6)
    y = torch.randn(3, 4, 5, 7, dtype=torch.float64, requires_grad=True)
    other = torch.randn_like(y, requires_grad=True) if residual else None
    mask = keep_mask(y, p)
    monkeypatch.setattr(dropped, "keep_mask", lambda *_: mask)
    result = dropped_sum(y * 1, other, p)
    dropped_out = y * mask / (1 - p) if p else y
    expected = F.relu(dropped_out + other if residual else dropped_out)
    torch.testing.assert_close(result, expected)
    inputs = [t for t in (y, other) if t is not None]
    towards = torch.randn_like(y)
    for one, two in zip(*(torch.autograd.grad((z * towards).sum(), inputs) for z in (result, expected)), strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_as_much_is_dropped_as_asked_for(p):
    torch.manual_seed(7)
    mask = keep_mask(torch.empty(999, 1001), p)
    assert mask.shape == (999, 1001) and mask.float().mean().item() == pytest.approx(1 - p, abs=5e-3)
    # independent of its neighbours
    assert (mask[:, 1:] & mask[:, :-1]).float().mean().item() == pytest.approx((1 - p) ** 2, abs=5e-3)
    state = torch.get_rng_state()
    first = keep_mask(torch.empty(7), p)
    torch.set_rng_state(state)
    assert torch.equal(first, keep_mask(torch.empty(7), p))
