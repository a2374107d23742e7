"""A perceptron on all pairs in parts, against all pairs at once."""

import pytest
import torch
import torch.nn.functional as F

from zsar.fast import pairs
from zsar.fast.pairs import pair_scores, plain_pair_scores


def close(computed, expected):
    torch.testing.assert_close(computed, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kept", [0, 24, 2**28])
@pytest.mark.parametrize("at_once", [1, 100, 2**21])
@pytest.mark.parametrize(("left", "right"), [(1, 1), (1, 5), (7, 1), (13, 3)])
def test_pairs_in_parts_are_pairs_at_once(double, monkeypatch, left, right, at_once, kept):
    monkeypatch.setattr(pairs, "AT_ONCE", at_once)
    monkeypatch.setattr(pairs, "KEPT", kept)
    shapes = ((left, 6), (right, 6), (4, 6), (4,), (4,))
    inputs = [torch.randn(shape, requires_grad=True) for shape in shapes]
    slope = torch.randn(left, right)
    computed, expected = pair_scores(*inputs), plain_pair_scores(*inputs)
    close(computed, expected)
    for a, b in zip(
        torch.autograd.grad(computed, inputs, slope), torch.autograd.grad(expected, inputs, slope), strict=True
    ):
        close(a, b)


def test_pairs_keep_their_direction_in_bfloat16():
    torch.manual_seed(0)
    inputs = [torch.randn(shape, requires_grad=True) for shape in ((17, 64), (9, 64), (32, 64), (32,), (32,))]
    expected = plain_pair_scores(*inputs)
    with torch.autocast("cpu", torch.bfloat16):
        computed = pair_scores(*inputs)
    assert computed.dtype == torch.bfloat16
    slopes = [torch.autograd.grad(out.float().square().sum(), inputs) for out in (computed, expected)]
    assert F.cosine_similarity(computed.float().flatten(), expected.flatten(), 0) > 0.999
    for a, b in zip(*slopes, strict=True):
        assert a.dtype == torch.float32 and F.cosine_similarity(a.flatten(), b.flatten(), 0) > 0.99
