"""Convolution by frequencies against the plain one."""

import pytest
import torch
import torch.nn.functional as F

from zsar.fast import frequencies
from zsar.learning.precision import mixed


@pytest.mark.parametrize("frames, taps", [(1, 9), (2, 9), (13, 9), (25, 9), (7, 5), (13, 1)])
@pytest.mark.parametrize("clips", [1, 16, 17])
def test_convolution_by_frequencies_is_a_convolution(frames, taps, clips):
    torch.manual_seed(1)
    x, weight, bias = torch.randn(clips, 5, frames, 3), torch.randn(6, 5, taps, 1), torch.randn(6)
    for kind, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
        inputs = [t.to(kind, copy=True).requires_grad_() for t in (x, weight, bias)]
        result = frequencies.convolution(*inputs)
        expected = F.conv2d(*inputs, padding=(taps // 2, 0))
        assert result.dtype == kind
        torch.testing.assert_close(result, expected, rtol=tolerance, atol=10 * tolerance)
        towards = torch.randn_like(expected)
        gradients = [torch.autograd.grad((y * towards).sum(), inputs) for y in (result, expected)]
        for one, other in zip(*gradients, strict=True):
            torch.testing.assert_close(one, other, rtol=tolerance, atol=100 * tolerance)


def test_gradients_of_the_convolution():
    torch.manual_seed(2)
    inputs = [torch.randn(*s, dtype=torch.float64, requires_grad=True) for s in ((2, 3, 7, 2), (4, 3, 5, 1), (4,))]
    assert torch.autograd.gradcheck(frequencies.convolution, inputs)


def test_frequencies_are_no_less_exact_than_the_plain_convolution():
    torch.manual_seed(3)
    x, weight, bias = torch.randn(4, 128, 13, 25), torch.randn(128, 128, 9, 1) / 34, torch.zeros(128)
    exact = F.conv2d(x.double(), weight.double(), padding=(4, 0))
    errors = [
        (y - exact).abs().max() for y in (frequencies.convolution(x, weight, bias), F.conv2d(x, weight, padding=(4, 0)))
    ]
    assert errors[0] <= 2 * errors[1]


def test_where_frequencies_pay():
    assert frequencies.pays(256, 13, 9) and frequencies.pays(128, 13, 9)
    assert not frequencies.pays(64, 13, 9)  # narrow
    assert not frequencies.pays(128, 7, 9)  # too short: the transforms take what is saved
    assert not frequencies.pays(256, 3, 9)  # most of the taps fall beyond the ends
    assert not frequencies.pays(256, 13, 1)


def test_the_convolution_in_mixed_precision():
    torch.manual_seed(4)
    x, weight, bias = torch.randn(3, 128, 13, 5), torch.randn(128, 128, 9, 1) / 34, torch.randn(128)
    weight.requires_grad_()
    with mixed("bf16", "cpu"):
        result = frequencies.convolution(x, weight, bias)
    assert result.dtype == torch.bfloat16
    exact = F.conv2d(x, weight, bias, padding=(4, 0))
    assert (result - exact).norm() < 0.01 * exact.norm()
    (low,) = torch.autograd.grad(result.float().square().sum(), weight)
    (full,) = torch.autograd.grad(exact.square().sum(), weight)
    assert low.dtype == torch.float32 and (low - full).norm() < 0.02 * full.norm()
