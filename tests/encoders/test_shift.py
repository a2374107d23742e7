"""The shifts of Shift-GCN by hand-computed values, and their gradients."""

import pytest
import torch

from zsar.encoders.shift import ReleasedGradient, TemporalShift, interpolate, joint_shift
from zsar.errors import UnknownName


def test_each_channel_takes_its_joint_from_further_on():
    # three joints, four channels; x[c, v] = 10 c + v
    x = torch.arange(4)[:, None] * 10 + torch.arange(3)
    shifted = x.flatten()[joint_shift(3, 4)].view(4, 3)
    assert shifted.tolist() == [[0, 1, 2], [11, 12, 10], [22, 20, 21], [30, 31, 32]]


@pytest.mark.parametrize("joints, channels", [(25, 64), (20, 3), (5, 7)])
def test_the_shift_back_undoes_the_shift(joints, channels):
    there, back = joint_shift(joints, channels), joint_shift(joints, channels, -1)
    assert there[back].tolist() == back[there].tolist() == list(range(joints * channels))


def shifted(values, offset, stride=1):
    x = torch.tensor(values, dtype=torch.float64).view(1, 1, -1, 1)
    return interpolate(x, torch.tensor([offset], dtype=torch.float64), stride).flatten().tolist()


def test_interpolation_by_hand():
    assert shifted([1, 2, 4, 8], 0.0) == [1, 2, 4, 8]
    assert shifted([1, 2, 4, 8], 1.0) == [2, 4, 8, 0]
    assert shifted([1, 2, 4, 8], -1.0) == [0, 1, 2, 4]
    assert shifted([1, 2, 4, 8], 0.25) == [1.25, 2.5, 5.0, 6.0]  # beyond the end there is nothing
    assert shifted([1, 2, 4, 8], -0.5) == [0.5, 1.5, 3.0, 6.0]
    assert shifted([1, 2, 4, 8], 0.5, stride=2) == [1.5, 6.0]
    assert shifted([1, 2, 4], 0.0, stride=2) == [1, 4]
    assert shifted([1, 2, 4, 8], 9.0) == [0, 0, 0, 0]


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("frames", [1, 5, 6])
def test_exact_gradients(stride, frames):
    torch.manual_seed(0)
    x = torch.randn(3, 2, frames, 2, dtype=torch.float64, requires_grad=True)
    offset = torch.tensor([-1.3, 0.4, 7.2], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, o: interpolate(x, o, stride), (x, offset))


def test_the_released_gradient_keeps_the_direction_alone():
    offset = torch.zeros(3, requires_grad=True)
    (ReleasedGradient.apply(offset) * torch.tensor([-3.0, 0.0, 1e-9])).sum().backward()
    torch.testing.assert_close(offset.grad, torch.tensor([-0.01, 1e-4, 0.01]))
    x, towards = torch.randn(2, 1, 6, 3), torch.randn(2, 1, 6, 3)
    gradients = {}
    for gradient in ("exact", "sign"):
        shift = TemporalShift(2, offset_gradient=gradient)
        shift.offset.data = torch.tensor([0.3, -0.7])
        (shift(x) * towards).sum().backward()
        gradients[gradient] = shift.offset.grad
    torch.testing.assert_close(gradients["sign"], 0.01 * gradients["exact"].sign())


def test_offsets_start_within_a_frame_and_are_learned():
    torch.manual_seed(0)
    shift = TemporalShift(200)
    assert shift.offset.abs().max() <= 1 and shift.offset.std() > 0.5
    shift(torch.randn(200, 2, 6, 3)).square().sum().backward()
    assert shift.offset.grad.abs().tolist() == pytest.approx([0.01] * 200)


def test_half_a_frame_is_added_to_a_stride():
    x = torch.tensor([1.0, 2, 4, 8]).view(1, 1, 4, 1)
    shift = TemporalShift(1, stride=2)
    with torch.no_grad():
        shift.offset.zero_()
    assert shift(x).flatten().tolist() == [1.5, 6.0]


def test_joint_offsets_sample_between_neighbouring_joints():
    x = torch.tensor([1.0, 2, 4]).view(1, 3, 1, 1)
    shift = TemporalShift(1)
    with torch.no_grad():
        shift.offset.zero_()
    shift.joint_offsets = torch.tensor([0.5])
    assert shift(x).flatten().tolist() == [1.5, 3.0, 2.0]


def test_a_typo_is_answered():
    with pytest.raises(UnknownName, match="value 'exct' in offset_gradient\nDid you mean exact"):
        TemporalShift(3, offset_gradient="exct")
