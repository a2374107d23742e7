"""ST-GCN's fast form against the paper's: folded norms, gathering first, frequencies, absent bodies once."""

import copy

import pytest
import torch

from zsar.encoders.stgcn import STGCN
from zsar.fast import stgcn
from zsar.learning.faster import plain_forms
from zsar.skeletons.layouts import layout

KINECT = layout("kinect_v2")


def network(absent_bodies="convolve", hidden=4, width=8, **keywords):
    """Batch statistics and importances are not the initial ones."""
    torch.manual_seed(0)
    model = STGCN.for_layout(KINECT, hidden=hidden, width=width, absent_bodies=absent_bodies, **keywords)
    model(torch.randn(6, 3, 12, 25, 2))
    for importance in model.edge_importance:
        importance.data.uniform_(0.5, 1.5)
    return model.eval()


def clips(count, bodies, frames):
    """Clips of which one lacks its last body and one its first."""
    x = torch.randn(count, 3, frames, 25, bodies, generator=torch.Generator().manual_seed(1))
    x[count // 2, ..., -1] = 0
    x[-1, ..., 0] = 0
    return x


def outcome(network, x, training):
    """Features, all gradients and buffers, of a copy in double precision."""
    network = copy.deepcopy(network).double().train(training)
    features = network(x.double())
    features.square().sum().backward()
    gradients = {n: p.grad for n, p in network.named_parameters()}
    return {"features": features} | gradients | dict(network.named_buffers())


@pytest.mark.parametrize("count, bodies, frames", [(3, 2, 50), (1, 2, 50), (5, 1, 25), (7, 2, 13), (2, 3, 1)])
@pytest.mark.parametrize("absent_bodies", ["convolve", "skip"])
@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_the_plain_one(count, bodies, frames, absent_bodies, training):
    model, x = network(absent_bodies, dropout=0.0), clips(count, bodies, frames)
    fast = outcome(model, x, training)
    with plain_forms():
        plain = outcome(model, x, training)
    for name, expected in plain.items():
        torch.testing.assert_close(fast[name], expected, rtol=1e-8, atol=1e-8, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("frames", [50, 13])
def test_the_standard_widths_which_go_by_frequencies_are_the_plain_ones(frames):
    model, x = STGCN.for_layout(KINECT, dropout=0.0), clips(3, 2, frames)
    fast = outcome(model, x, True)
    with plain_forms():
        plain = outcome(model, x, True)
    for name, expected in plain.items():
        assert (fast[name] - expected).double().norm() <= 1e-8 * expected.double().norm() + 1e-8, name


@pytest.mark.parametrize("absent_bodies", ["convolve", "skip"])
@pytest.mark.parametrize("count", [1, 5, 40])
def test_absent_bodies_are_computed_once_and_not_all_bodies_at_a_time(absent_bodies, count, monkeypatch):
    model, x = network(absent_bodies), torch.randn(count, 3, 16, 25, 2)
    x[::2, ..., 1] = 0
    x[-1] = 0
    x[count // 2, ..., 0] = 0
    with plain_forms():
        expected = model(x)
    sizes, convolve = [], model.convolve
    monkeypatch.setattr(model, "convolve", lambda bodies: sizes.append(len(bodies)) or convolve(bodies))
    torch.testing.assert_close(model(x), expected, rtol=1e-5, atol=1e-6)
    assert sum(sizes) <= count + count // 2 + 2 and max(sizes) <= stgcn.BODIES


def test_training_convolves_absent_bodies_where_their_statistics_count():
    model = network().train()
    alone = torch.randn(4, 3, 12, 25, 1)
    model(torch.cat([alone, torch.zeros_like(alone)], 4))
    other = network().train()
    other(alone)
    assert (model.data_bn.running_var - other.data_bn.running_var).abs().max() > 1e-2


@pytest.mark.gpu
def test_a_gpu_computes_the_same():
    model, x = STGCN.for_layout(KINECT, dropout=0.0), clips(5, 2, 50)
    expected = [copy.deepcopy(model).train(mode)(x) for mode in (True, False)]
    results = [copy.deepcopy(model).cuda().train(mode)(x.cuda()).cpu() for mode in (True, False)]
    for one, other in zip(results, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    assert torch.isfinite(STGCN.for_layout(KINECT).cuda().train()(x.cuda())).all()
