"""Shift-GCN: shapes, what an absent body does, and released weights."""

import pytest
import torch

from zsar.encoders.shiftgcn import ShiftGCN
from zsar.errors import DataError, UnknownName
from zsar.skeletons.layouts import layout

KINECT = layout("kinect_v2")


def network(joints=KINECT, bodies=2, hidden=4, seed=0, **keywords):
    """A narrow network whose batch statistics are not the initial ones."""
    torch.manual_seed(seed)
    model = ShiftGCN.for_layout(joints, bodies=bodies, hidden=hidden, **keywords)
    model(torch.randn(6, 3, 12, len(joints.joints), bodies))
    return model.eval()


@pytest.mark.parametrize("name", ["kinect_v1", "kinect_v2"])
@pytest.mark.parametrize("clips, frames, bodies", [(1, 16, 1), (5, 16, 2), (2, 1, 1), (3, 50, 3)])
def test_shapes(name, clips, frames, bodies):
    joints = layout(name)
    x = torch.randn(clips, 3, frames, len(joints.joints), bodies)
    for absent in ("skip", "convolve"):
        features = network(joints, bodies, absent_bodies=absent)(x)
        assert features.shape == (clips, 16) and features.dtype == torch.float32
        assert torch.isfinite(features).all() and (features >= 0).all()


def test_the_published_network():
    model = ShiftGCN.for_layout(KINECT)
    assert [len(block.norm_in.weight) for block in model.blocks] == [64] * 4 + [128] * 3 + [256] * 3
    assert [block.shift_out.stride for block in model.blocks] == [1, 1, 1, 1, 2, 1, 1, 2, 1, 1]
    assert model.eval()(torch.randn(1, 3, 8, 25, 2)).shape == (1, 256)


def test_two_bodies_are_averaged_and_an_absent_one_can_be_skipped():
    torch.manual_seed(1)
    x = torch.randn(3, 3, 16, 25, 2)
    x[1:, ..., 1] = 0
    convolve, skip = network(absent_bodies="convolve"), network(absent_bodies="skip")
    skip.load_state_dict(convolve.state_dict())
    torch.testing.assert_close(skip(x)[:1], convolve(x)[:1])
    assert (skip(x)[1:] - convolve(x)[1:]).abs().max() > 1e-4


def test_one_clip_is_as_in_a_batch():
    torch.manual_seed(5)
    x = torch.randn(5, 3, 16, 25, 2)
    x[2, ..., 1] = 0
    for absent in ("skip", "convolve"):
        model = network(absent_bodies=absent)
        torch.testing.assert_close(torch.cat([model(part) for part in x.split(1)]), model(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("absent", ["skip", "convolve"])
def test_features_are_the_mean_over_the_maps(absent):
    torch.manual_seed(8)
    x = torch.randn(3, 3, 18, 25, 2)
    x[1, ..., 1] = 0
    model = network(absent_bodies=absent)
    maps = model.maps(x)
    assert maps.shape == (3, 5, 25, 16) and maps.dtype == torch.float32
    torch.testing.assert_close(maps.mean((1, 2)), model(x), rtol=1e-5, atol=1e-6)


def test_an_empty_clip_is_no_error():
    assert torch.isfinite(network(absent_bodies="skip")(torch.zeros(2, 3, 16, 25, 2))).all()


def test_every_joint_reaches_every_other():
    # With as many channels as joints, one block's shift brings every joint to every other.
    spatial = network(hidden=32).blocks[1].spatial
    x = torch.randn(32, 25, 2, 3)
    changed = x.clone()
    changed[:, KINECT.index("left hand")] += 1
    moved = (spatial(changed) - spatial(x)).abs().amax((0, 2, 3))
    assert (moved > 0).all()


def test_a_typo_is_answered():
    with pytest.raises(UnknownName, match="value 'skips' in absent_bodies\nDid you mean skip"):
        network(absent_bodies="skips")


def released(joint_offset: float = 1e-8, hidden: int = 4, classes: int = 7) -> dict:
    """Random weights named and shaped as the authors' files are."""
    torch.manual_seed(6)
    r = lambda *shape: torch.randn(*shape) * 0.3
    norm = lambda name, n: {
        f"{name}.weight": 1 + r(n),
        f"{name}.bias": r(n),
        f"{name}.running_mean": r(n),
        f"{name}.running_var": 1 + r(n).abs(),
        f"{name}.num_batches_tracked": torch.tensor(3),
    }
    state = norm("data_bn", 2 * 25 * 3)
    plan, before = [hidden] * 4 + [2 * hidden] * 3 + [4 * hidden] * 3, 3
    for i, out in enumerate(plan, 1):
        block = {
            "gcn1.Linear_weight": r(before, out),
            "gcn1.Linear_bias": r(1, 1, out),
            "gcn1.Feature_Mask": r(1, 25, before),
            "tcn1.temporal_linear.weight": r(out, out, 1, 1),
            "tcn1.temporal_linear.bias": r(out),
        }
        for which, n, way in (("in", before, 1), ("out", out, -1)):
            joint, channel = torch.meshgrid(torch.arange(25), torch.arange(n), indexing="ij")
            block[f"gcn1.shift_{which}"] = ((joint * n + channel + way * channel * n) % (25 * n)).flatten()
            block[f"tcn1.shift_{which}.xpos"] = torch.full((out,), joint_offset)
            block[f"tcn1.shift_{which}.ypos"] = 2 * torch.rand(out) - 1
        block |= norm("gcn1.bn", 25 * out) | norm("tcn1.bn", out) | norm("tcn1.bn2", out)
        maps = [("gcn1.down.0", "gcn1.down.1")] if before != out else []
        maps += [("residual.conv", "residual.bn")] if before != out and i > 1 else []
        for conv, bn in maps:
            block |= {f"{conv}.weight": r(out, before, 1, 1), f"{conv}.bias": r(out)} | norm(bn, out)
        state |= {f"l{i}.{k}": v for k, v in block.items()}
        before = out
    return state | {"fc.weight": r(classes, before), "fc.bias": r(classes)}


def plainly(state: dict, x: torch.Tensor) -> torch.Tensor:
    """The features of released weights, computed as the paper says, joint by joint and frame by frame."""
    f = torch.nn.functional
    bn = lambda x, name: f.batch_norm(
        x, *(state[f"{name}.{k}"] for k in ("running_mean", "running_var", "weight", "bias"))
    )

    def in_time(x, name, stride):
        out = torch.zeros(*x.shape[:2], x.shape[2] // stride, 25)
        for c, offset in enumerate(state[f"{name}.ypos"].tolist()):
            for t in range(out.shape[2]):
                place = t * stride + offset + (0.5 if stride > 1 else 0)
                for near in range(x.shape[2]):
                    out[:, c, t] += max(0.0, 1 - abs(place - near)) * x[:, c, near]
        return out

    n, c, t, v, m = x.shape
    x = bn(x.permute(0, 4, 3, 1, 2).reshape(n, m * v * c, t), "data_bn").view(n, m, v, c, t)
    x = x.permute(0, 1, 3, 4, 2).reshape(n * m, c, t, v)
    for i in range(1, 11):
        w, stride = lambda k, i=i: state[f"l{i}.{k}"], 2 if i in (5, 8) else 1
        moved = torch.stack([x[:, c].roll(-c, -1) for c in range(x.shape[1])], 1)
        masked = moved * (w("gcn1.Feature_Mask")[0].T.tanh() + 1)[:, None]
        y = torch.einsum("bctv,co->botv", masked, w("gcn1.Linear_weight"))
        y = y + w("gcn1.Linear_bias").view(-1, 1, 1)
        y = torch.stack([y[:, c].roll(c, -1) for c in range(y.shape[1])], 1)
        flat = bn(y.permute(0, 2, 3, 1).reshape(-1, 25 * y.shape[1]), f"l{i}.gcn1.bn")
        y = flat.view(y.shape[0], y.shape[2], 25, y.shape[1]).permute(0, 3, 1, 2)
        down = x
        if f"l{i}.gcn1.down.0.weight" in state:
            down = bn(f.conv2d(x, w("gcn1.down.0.weight"), w("gcn1.down.0.bias")), f"l{i}.gcn1.down.1")
        y = in_time(bn((y + down).relu(), f"l{i}.tcn1.bn"), f"l{i}.tcn1.shift_in", 1)
        y = f.conv2d(y, w("tcn1.temporal_linear.weight"), w("tcn1.temporal_linear.bias")).relu()
        y = bn(in_time(y, f"l{i}.tcn1.shift_out", stride), f"l{i}.tcn1.bn2")
        if f"l{i}.residual.conv.weight" in state:
            x = f.conv2d(x[:, :, ::stride], w("residual.conv.weight"), w("residual.conv.bias"))
            x = bn(x, f"l{i}.residual.bn")
        elif i == 1:
            x = torch.zeros_like(y)
        x = (y + x).relu()
    return x.mean((2, 3)).view(n, m, -1).mean(1)


def test_released_weights_load_and_compute_what_the_paper_says():
    state = released()
    loaded = ShiftGCN.from_official(state).eval()
    assert loaded.width == 16 and all(b.shift_in.joint_offsets is None for b in loaded.blocks)
    x = torch.randn(2, 3, 8, 25, 2)
    torch.testing.assert_close(loaded(x), plainly(state, x), rtol=1e-4, atol=1e-5)


def test_released_weights_of_several_gpus_load_too():
    state = released()
    several = ShiftGCN.from_official({f"module.{k}": v for k, v in state.items()}).eval()
    x = torch.randn(2, 3, 8, 25, 2)
    torch.testing.assert_close(several(x), ShiftGCN.from_official(state).eval()(x), rtol=0, atol=0)


def test_joint_offsets_that_matter_are_kept_and_saved():
    loaded = ShiftGCN.from_official(released(0.2)).eval()
    x = torch.randn(2, 3, 8, 25, 2)
    assert (loaded(x) - ShiftGCN.from_official(released()).eval()(x)).abs().max() > 1e-3
    assert "blocks.0.shift_in.joint_offsets" in loaded.state_dict()


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda s: s.pop("l1.gcn1.Linear_weight"), "lack l1.gcn1.Linear_weight"),
        (lambda s: s.pop("l7.tcn1.bn.weight"), "lack l7.tcn1.bn.weight"),
        (lambda s: [s.pop(k) for k in list(s) if k.startswith("l10.")], "missing or unknown are l10"),
        (lambda s: s.update({"l3.extra.weight": torch.zeros(2)}), "unknown are extra.weight"),
        (lambda s: s.update({"head.weight": torch.zeros(2)}), "missing or unknown are head"),
        (lambda s: s.update({"l2.tcn1.shift_in.ypos": torch.zeros(5)}), "l2.: weights that don't fit"),
        (lambda s: s.update({"l2.gcn1.shift_in": torch.arange(100)}), "another shift between joints"),
    ],
)
def test_other_weights_are_refused(change, message):
    state = released()
    change(state)
    with pytest.raises(DataError, match=message):
        ShiftGCN.from_official(state)
