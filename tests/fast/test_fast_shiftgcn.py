"""Shift-GCN's fast forms against the plain ones: shifts with written-out gradients, few bodies one by one."""

import copy

import pytest
import torch

from zsar.encoders.shift import interpolate, joint_shift, reorder
from zsar.encoders.shiftgcn import ShiftGCN
from zsar.learning.faster import plain_forms
from zsar.skeletons.layouts import layout

KINECT = layout("kinect_v2")
OFFSETS = [0.0, 1.0, -1.0, 2.0, -2.0, 50.0, -50.0, 0.5, -0.5, 9.0, -1.3, 0.4, 7.2]


def network(absent_bodies="convolve", **keywords):
    """Batch statistics are not the initial ones; features come from far, and from beyond the ends."""
    torch.manual_seed(0)
    model = ShiftGCN.for_layout(KINECT, hidden=3, absent_bodies=absent_bodies, **keywords)
    model(torch.randn(6, 3, 12, 25, 2))
    for block in model.blocks:
        for shift in (block.shift_in, block.shift_out):
            shift.offset.data.uniform_(-9, 9)
    return model.eval()


def both(function, *tensors):
    """What either form gives, and its gradients."""
    results = []
    for form in (function, function.plain):
        own = [t.clone().requires_grad_(t.is_floating_point()) for t in tensors]
        y = form(*own)
        towards = torch.arange(y.numel(), dtype=y.dtype).view(y.shape).cos()
        results.append([y, *torch.autograd.grad((y * towards).sum(), [t for t in own if t.requires_grad])])
    return zip(*results, strict=True)


@pytest.mark.parametrize("joints, channels", [(3, 4), (25, 7)])
def test_reordered_rows_are_indexed_rows(joints, channels):
    x = torch.randn(joints * channels, 5, dtype=torch.float64)
    for one, other in both(reorder, x, joint_shift(joints, channels), joint_shift(joints, channels, -1)):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("frames", [1, 2, 5, 6, 9])
def test_interpolation_by_index_is_the_plain_one(frames, stride):
    torch.manual_seed(0)
    offset = torch.tensor(OFFSETS, dtype=torch.float64)
    x = torch.randn(len(offset), 2, frames, 3, dtype=torch.float64)
    function = lambda x, offset: interpolate(x, offset, stride)
    function.plain = lambda x, offset: interpolate.plain(x, offset, stride)
    for one, other in both(function, x, offset):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("frames", [1, 2, 9])
def test_rows_of_single_numbers_by_a_product_are_the_plain_ones(frames, stride):
    torch.manual_seed(0)
    offset = torch.cat([torch.randn(30, dtype=torch.float64) * 4, torch.tensor(OFFSETS, dtype=torch.float64)])
    x = torch.randn(len(offset), 3, frames, 1, dtype=torch.float64)
    with torch.no_grad():
        result = interpolate(x, offset, stride)
    torch.testing.assert_close(result, interpolate.plain(x, offset, stride))


@pytest.mark.parametrize("absent_bodies", ["skip", "convolve"])
@pytest.mark.parametrize("offset_gradient", ["exact", "sign"])
@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_the_plain_one(absent_bodies, offset_gradient, training):
    torch.manual_seed(1)
    x = torch.randn(5, 3, 17, 25, 2, dtype=torch.float64)
    x[2, ..., 1] = 0
    model, results = network(absent_bodies, offset_gradient=offset_gradient).double().train(training), []
    for forms in (torch.enable_grad, plain_forms):
        with forms():
            of_form = copy.deepcopy(model)
            features = of_form(x)
            features.square().sum().backward()
        gradients = {n: p.grad for n, p in of_form.named_parameters()}
        results.append({"features": features} | gradients | dict(of_form.named_buffers()))
    for name, expected in results[1].items():
        torch.testing.assert_close(results[0][name], expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("frames", [1, 7, 16])
@pytest.mark.parametrize("absent_bodies", ["skip", "convolve"])
def test_few_bodies_without_a_gradient_are_as_with_one(absent_bodies, frames):
    torch.manual_seed(6)
    model = network(absent_bodies)
    for clips in (1, 2, 3):
        x = torch.randn(clips, 3, frames, 25, 2)
        x[-1, ..., 1] = 0
        with torch.no_grad():
            features = model(x)
        torch.testing.assert_close(features, model(x), rtol=1e-5, atol=1e-6)


def test_batch_statistics_are_of_all_bodies_without_a_gradient_too():
    torch.manual_seed(7)
    x = torch.randn(2, 3, 16, 25, 2)
    with_gradient, without = network().train(), network().train()
    features = with_gradient(x)
    with torch.no_grad():
        torch.testing.assert_close(without(x), features, rtol=1e-5, atol=1e-6)
    for name, value in with_gradient.state_dict().items():
        torch.testing.assert_close(without.state_dict()[name], value, rtol=1e-5, atol=1e-6)
