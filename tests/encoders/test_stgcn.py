"""ST-GCN: the graph's partition, shapes, and what an absent second body does."""

import numpy as np
import pytest
import torch

from zsar.encoders.stgcn import STGCN, spatial_partition
from zsar.errors import UnknownName
from zsar.skeletons.layouts import layout

KINECT = layout("kinect_v2")


def network(absent_bodies="skip", joints=KINECT, seed=0):
    """A narrow network whose batch statistics are not the initial ones."""
    torch.manual_seed(seed)
    model = STGCN.for_layout(joints, hidden=4, width=8, absent_bodies=absent_bodies)
    model(torch.randn(6, 3, 12, len(joints.joints), 1))
    return model.eval()


def test_the_partition_of_a_chain_by_hand():
    # hand - elbow - shoulder, centred on the shoulder (2)
    itself, nearer, further = spatial_partition([(0, 1), (1, 2)], 3, 2)
    np.testing.assert_allclose(itself, np.diag([1 / 2, 1 / 3, 1 / 2]), rtol=1e-6)
    # distances count up to one bone: the elbow is at 1, the hand out of reach and so further
    np.testing.assert_allclose(further, [[0, 0, 0], [1 / 2, 0, 0], [0, 1 / 3, 0]], rtol=1e-6)
    np.testing.assert_allclose(nearer, [[0, 1 / 3, 0], [0, 0, 1 / 2], [0, 0, 0]], rtol=1e-6)


@pytest.mark.parametrize("name", ["kinect_v1", "kinect_v2"])
def test_the_partition_divides_the_normalised_adjacency(name):
    joints = layout(name)
    parts = spatial_partition(joints.edges, len(joints.joints), joints.centre)
    assert parts.shape == (3, len(joints.joints), len(joints.joints)) and parts.dtype == np.float32
    np.testing.assert_allclose(parts.sum((0, 1)), 1, rtol=1e-6)  # columns
    assert ((parts > 0).sum(0) <= 1).all() and (parts > 0).sum() == len(joints.joints) + 2 * len(joints.edges)
    assert (np.diag(parts[0]) > 0).all() and not np.diagonal(parts[1:], axis1=1, axis2=2).any()


@pytest.mark.parametrize("name", ["kinect_v1", "kinect_v2"])
@pytest.mark.parametrize("clips, frames, bodies", [(1, 16, 1), (5, 16, 2), (2, 1, 1), (3, 50, 3)])
def test_shapes(name, clips, frames, bodies):
    joints = layout(name)
    x = torch.randn(clips, 3, frames, len(joints.joints), bodies)
    for absent in ("skip", "convolve"):
        features = network(absent, joints)(x)
        assert features.shape == (clips, 8) and torch.isfinite(features).all() and (features >= 0).all()


def test_the_standard_network_has_256_features():
    assert STGCN.for_layout(KINECT).eval()(torch.randn(1, 3, 8, 25, 1)).shape == (1, 256)


@pytest.mark.parametrize("absent", ["skip", "convolve"])
@pytest.mark.parametrize("training", [True, False])
def test_features_are_the_mean_over_the_maps(absent, training):
    torch.manual_seed(7)
    x = torch.randn(3, 3, 18, 25, 2)
    x[1, ..., 1] = 0
    model = STGCN.for_layout(KINECT, hidden=4, width=8, dropout=0.0, absent_bodies=absent).train(training)
    maps = model.maps(x)
    assert maps.shape == (3, 5, 25, 8) and maps.dtype == torch.float32
    torch.testing.assert_close(maps.mean((1, 2)), model(x), rtol=1e-5, atol=1e-6)


def test_with_one_body_both_ways_are_the_same():
    x = torch.randn(4, 3, 16, 25, 1)
    skip, convolve = network("skip"), network("convolve")
    torch.testing.assert_close(skip(x), convolve(x), rtol=0, atol=0)
    with torch.no_grad():
        both = [n.train().data_bn(x.permute(0, 4, 3, 1, 2).reshape(4, 75, 16)) for n in (skip, convolve)]
    torch.testing.assert_close(*both, rtol=0, atol=0)


def test_an_absent_second_body_changes_nothing_when_skipped():
    torch.manual_seed(1)
    alone = torch.randn(4, 3, 16, 25, 1)
    with_absent = torch.cat([alone, torch.zeros_like(alone)], 4)
    torch.testing.assert_close(network("skip")(with_absent), network("skip")(alone), rtol=1e-6, atol=1e-7)
    convolved = network("convolve")
    assert (convolved(with_absent) - convolved(alone)).abs().max() > 1e-4


def test_a_present_second_body_counts_for_its_clip_only():
    torch.manual_seed(2)
    x = torch.randn(3, 3, 16, 25, 2)
    x[1:, ..., 1] = 0
    skip = network("skip")
    first, second = skip(x[:1, ..., :1]), skip(x[:1, ..., 1:])
    torch.testing.assert_close(skip(x)[0], (first + second)[0] / 2, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(skip(x)[1:], skip(x[1:, ..., :1]), rtol=1e-5, atol=1e-6)


def test_absent_bodies_stay_out_of_the_batch_statistics():
    torch.manual_seed(3)
    alone = torch.randn(6, 3, 16, 25, 1)
    with_absent = torch.cat([alone, torch.zeros_like(alone)], 4)
    statistics = []
    for x in (alone, with_absent):
        model = network("skip").train()
        torch.manual_seed(4)
        model(x)
        statistics.append(torch.cat([b.flatten() for n, b in model.named_buffers() if "running" in n]))
    torch.testing.assert_close(*statistics, rtol=1e-5, atol=1e-6)


def test_a_typo_is_answered():
    with pytest.raises(UnknownName, match="value 'skips' in absent_bodies\nDid you mean skip"):
        network("skips")


def test_an_empty_clip_is_no_error():
    assert torch.isfinite(network("skip")(torch.zeros(2, 3, 16, 25, 2))).all()


def test_one_clip_is_as_in_a_batch():
    torch.manual_seed(5)
    x = torch.randn(5, 3, 16, 25, 2)
    model = network("skip")
    torch.testing.assert_close(torch.cat([model(part) for part in x.split(1)]), model(x), rtol=1e-5, atol=1e-6)


def test_released_weights_give_the_sizes():
    torch.manual_seed(6)
    model = STGCN.for_layout(KINECT, hidden=4, width=12)
    released = {
        k.replace("blocks.", "st_gcn_networks.").replace("adjacency", "A"): v for k, v in model.state_dict().items()
    }
    loaded = STGCN.from_official(released).eval()
    assert loaded.width == 12
    x = torch.randn(2, 3, 16, 25, 2)
    torch.testing.assert_close(loaded(x), model.eval()(x), rtol=0, atol=0)
