"""ST-GCN's fast ways against its plain form: convolution by frequencies, dropout, absent bodies, folded norms."""

import pytest
import torch
import torch.nn.functional as F

from zsar.benchmarks.speed import stgcn as plainly
from zsar.encoders import stgcn
from zsar.encoders.stgcn import STGCN
from zsar.fast import dropped, frequencies
from zsar.fast.dropped import dropped_sum, kept
from zsar.learning.precision import mixed
from zsar.skeletons.layouts import layout

KINECT = layout("kinect_v2")


def network(absent_bodies="convolve", hidden=4, width=8, **keywords):
    """Batch statistics are not the initial ones."""
    torch.manual_seed(0)
    made = STGCN.for_layout(KINECT, hidden=hidden, width=width, absent_bodies=absent_bodies, **keywords)
    made(torch.randn(6, 3, 12, 25, 2))
    return made.eval()


@pytest.mark.parametrize("frames, taps", [(1, 9), (2, 9), (13, 9), (25, 9), (7, 5), (13, 1)])
@pytest.mark.parametrize("clips", [1, 16, 17])
def test_convolution_by_frequencies_is_a_convolution(frames, taps, clips):
    torch.manual_seed(1)
    x, weight, bias = torch.randn(clips, 5, frames, 3), torch.randn(6, 5, taps, 1), torch.randn(6)
    for kind, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
        given = [t.to(kind, copy=True).requires_grad_() for t in (x, weight, bias)]
        found = frequencies.convolution(*given)
        expected = F.conv2d(*given, padding=(taps // 2, 0))
        assert found.dtype == kind
        torch.testing.assert_close(found, expected, rtol=tolerance, atol=10 * tolerance)
        towards = torch.randn_like(expected)
        gradients = [torch.autograd.grad((y * towards).sum(), given) for y in (found, expected)]
        for one, other in zip(*gradients, strict=True):
            torch.testing.assert_close(one, other, rtol=tolerance, atol=100 * tolerance)


def test_gradients_of_the_convolution():
    torch.manual_seed(2)
    given = [torch.randn(*s, dtype=torch.float64, requires_grad=True) for s in ((2, 3, 7, 2), (4, 3, 5, 1), (4,))]
    assert torch.autograd.gradcheck(frequencies.convolution, given)


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
        found = frequencies.convolution(x, weight, bias)
    assert found.dtype == torch.bfloat16
    exact = F.conv2d(x, weight, bias, padding=(4, 0))
    assert (found - exact).norm() < 0.01 * exact.norm()
    (low,) = torch.autograd.grad(found.float().square().sum(), weight)
    (full,) = torch.autograd.grad(exact.square().sum(), weight)
    assert low.dtype == torch.float32 and (low - full).norm() < 0.02 * full.norm()


@pytest.mark.parametrize("clips, bodies, frames", [(3, 2, 50), (1, 2, 50), (5, 1, 25), (7, 2, 13)])
def test_the_whole_network_is_the_plain_one(clips, bodies, frames):
    fast, plain = plainly.pair("cpu", dropout=0.0)
    x = plainly.clips(clips, bodies, "cpu", frames=frames)
    x[clips // 2, ..., -1] = 0  # a second body, or the only one
    x[-1, ..., 0] = 0  # the first one
    for training in (True, False):
        found, expected = fast.train(training)(x), plain.train(training)(x)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    for one, other in zip(fast.buffers(), plain.buffers(), strict=False):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    for each in (fast, plain):
        each.double().train()(x.double()).square().sum().backward()
    for found, expected in plainly.pairs_of_gradients(fast, plain):
        assert (found - expected).norm() <= 1e-8 * expected.norm() + 1e-12


def test_folded_norms_give_gradients_too():
    made = network().double()
    x = torch.randn(2, 3, 12, 25, 2, dtype=torch.float64)
    block, adjacency = made.blocks[3], made.adjacency
    given = torch.randn(2, 4, 12, 25, dtype=torch.float64)
    norm, relu, conv, norm_out, _ = block.tcn
    y = torch.einsum("nkctv,kvw->nctw", block.gcn.conv(given).unflatten(1, (3, -1)), adjacency)
    torch.testing.assert_close(block(given, adjacency), F.relu(norm_out(conv(F.relu(norm(y)))) + given))
    made(x).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in made.parameters())


@pytest.mark.parametrize("absent_bodies", ["convolve", "skip"])
@pytest.mark.parametrize("clips", [1, 5, 40])
def test_absent_bodies_computed_once_are_as_computed_each(absent_bodies, clips, monkeypatch):
    torch.manual_seed(5)
    made, x = network(absent_bodies), torch.randn(clips, 3, 16, 25, 2)
    x[::2, ..., 1] = 0
    x[-1] = 0
    x[clips // 2, ..., 0] = 0
    with torch.no_grad():
        flat = x.permute(0, 4, 3, 1, 2).reshape(2 * clips, 75, 16)
        each = torch.stack([made._convolved(body[None])[0] for body in flat]).view(clips, 2, -1)
    there = torch.ones(clips, 2, 1)
    if absent_bodies == "skip":
        there[:, 1, 0] = x[..., 1].flatten(1).any(1)
    seen = []
    convolved = made._convolved
    monkeypatch.setattr(made, "_convolved", lambda bodies: seen.append(len(bodies)) or convolved(bodies))
    torch.testing.assert_close(made(x), (each * there).sum(1) / there.sum(1), rtol=1e-5, atol=1e-6)
    assert sum(seen) <= clips + clips // 2 + 2 and max(seen) <= stgcn.BODIES


def test_training_convolves_absent_bodies_where_their_statistics_count():
    made = network().train()
    alone = torch.randn(4, 3, 12, 25, 1)
    made(torch.cat([alone, torch.zeros_like(alone)], 4))
    other = network().train()
    other(alone)
    assert (made.data_bn.running_var - other.data_bn.running_var).abs().max() > 1e-2


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("residual", [True, False])
def test_the_dropped_sum_is_dropout_a_sum_and_relu(p, residual, monkeypatch):
    torch.manual_seed(6)
    y = torch.randn(3, 4, 5, 7, dtype=torch.float64, requires_grad=True)
    other = torch.randn_like(y, requires_grad=True) if residual else None
    mask = kept(y, p)
    monkeypatch.setattr(dropped, "kept", lambda *_: mask)
    found = dropped_sum(y * 1, other, p)
    dropped_out = y * mask / (1 - p) if p else y
    expected = F.relu(dropped_out + other if residual else dropped_out)
    torch.testing.assert_close(found, expected)
    given = [t for t in (y, other) if t is not None]
    towards = torch.randn_like(y)
    for one, two in zip(*(torch.autograd.grad((z * towards).sum(), given) for z in (found, expected)), strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_as_much_is_dropped_as_asked_for(p):
    torch.manual_seed(7)
    mask = kept(torch.empty(999, 1001), p)
    assert mask.shape == (999, 1001) and mask.float().mean().item() == pytest.approx(1 - p, abs=5e-3)
    # independent of its neighbours
    assert (mask[:, 1:] & mask[:, :-1]).float().mean().item() == pytest.approx((1 - p) ** 2, abs=5e-3)
    state = torch.get_rng_state()
    first = kept(torch.empty(7), p)
    torch.set_rng_state(state)
    assert torch.equal(first, kept(torch.empty(7), p))


@pytest.mark.gpu
def test_a_gpu_computes_the_same():
    fast, _ = plainly.pair("cpu", dropout=0.0)
    x = plainly.clips(5, 2, "cpu")
    x[2, ..., 1] = 0
    expected = [fast.train(mode)(x) for mode in (True, False)]
    fast, _ = plainly.pair("cuda", dropout=0.0)
    found = [fast.train(mode)(x.cuda()).cpu() for mode in (True, False)]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    dropping, _ = plainly.pair("cuda")
    assert torch.isfinite(dropping.train()(x.cuda())).all()
