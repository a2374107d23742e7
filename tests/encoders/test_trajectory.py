"""Trajectories: an action is described alike wherever it is, however tall, however turned."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from zsar.encoders.trajectory import TrajectoryEncoder
from zsar.errors import UnknownName


@pytest.fixture(scope="module")
def clips(few):
    """All clips of the small dataset, [54, 3, 20, 25, 2]."""
    return torch.from_numpy(few.dataset.clips(np.arange(len(few.dataset)), 20))


@pytest.fixture(scope="module")
def labels(few):
    return torch.from_numpy(np.unique(few.dataset.labels, return_inverse=True)[1])


def turned(x, angle):
    """Turned about the vertical."""
    c, s = np.cos(angle), np.sin(angle)
    return torch.einsum("ij,njtvm->nitvm", torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]], dtype=x.dtype), x)


def moved(x):
    """Moved, except for absent bodies, which are all zeros wherever the camera stands."""
    shift = torch.tensor([0.7, -0.2, 3.0]).view(1, 3, 1, 1, 1)
    return (x + shift) * x.ne(0).any(3, keepdim=True).any(1, keepdim=True)


@pytest.mark.parametrize(
    "change",
    [
        moved,
        lambda x: 1.3 * x,
        lambda x: 0.6 * x,
        lambda x: turned(x, 0.5),
        lambda x: turned(x, -2.5),
        lambda x: turned(1.2 * moved(x), 3.1),
    ],
    ids=["moved", "taller", "smaller", "turned", "turned far", "all"],
)
def test_place_size_and_direction_do_not_matter(clips, labels, change):
    encoder = TrajectoryEncoder(frames=8, components=16)
    trajectories = encoder.trajectories(clips)
    torch.testing.assert_close(encoder.trajectories(change(clips)), trajectories, rtol=1e-3, atol=2e-4)
    list(encoder.train(clips, labels, 9))
    torch.testing.assert_close(encoder.encode(change(clips)), encoder.encode(clips), rtol=1e-2, atol=2e-3)


def test_direction_matters_when_not_aligned(clips):
    encoder = TrajectoryEncoder(frames=8, align=False)
    assert (encoder.trajectories(turned(clips, 1.5)) - encoder.trajectories(clips)).abs().max() > 0.5
    torch.testing.assert_close(encoder.trajectories(moved(clips)), encoder.trajectories(clips), rtol=1e-3, atol=2e-4)


def test_what_differs_is_told_apart(clips, labels):
    encoder = TrajectoryEncoder(frames=8, components=16)
    list(encoder.train(clips, labels, 9))
    assert (encoder.logits(encoder.encode(clips)).argmax(1) == labels).float().mean() > 0.95


def test_an_absent_second_body_is_all_zeros_and_a_present_one_is_not(clips, few):
    encoder = TrajectoryEncoder(frames=8)
    trajectories = encoder.trajectories(clips)
    first = encoder.trajectories(clips[..., :1]).shape[1]
    two = torch.from_numpy(few.dataset.labels == "pku/14")
    assert trajectories[two, first:].any(1).all() and not trajectories[~two, first:].any()
    torch.testing.assert_close(trajectories[:, :first], encoder.trajectories(clips[..., :1]), rtol=1e-5, atol=1e-5)


def test_where_the_other_person_stands_matters(clips, few):
    encoder = TrajectoryEncoder(frames=8)
    two = clips[few.dataset.labels == "pku/14"]
    further = two.clone()
    further[:, 0, ..., 1] += 0.5
    assert (encoder.trajectories(further) - encoder.trajectories(two)).abs().max() > 0.5


@pytest.mark.parametrize("positive, width", [("halves", 32), ("shift", 16), ("none", 16)])
def test_positive_features_are_never_negative(clips, labels, positive, width):
    encoder = TrajectoryEncoder(frames=8, components=16, positive=positive)
    list(encoder.train(clips[::2], labels[::2], 9))
    features = encoder.encode(3 * clips.flip(2))  # far from what was fitted
    assert features.shape == (len(clips), width) and features.dtype == torch.float32
    assert torch.isfinite(features).all() and bool((features < 0).any()) == (positive == "none")


def test_halves_hold_what_none_holds(clips, labels):
    plain, halves, shift = (TrajectoryEncoder(frames=8, components=16, positive=p) for p in ("none", "halves", "shift"))
    for encoder in (plain, halves, shift):
        list(encoder.train(clips, labels, 9))
    z, h, s = (encoder.encode(clips) for encoder in (plain, halves, shift))
    torch.testing.assert_close(h[:, :16] - h[:, 16:], z)
    torch.testing.assert_close(s, z - z.amin(0), rtol=1e-4, atol=1e-5)


def test_an_unknown_way_of_being_positive_is_refused():
    with pytest.raises(UnknownName, match="value 'halvs' in trajectory.positive\nDid you mean halves"):
        TrajectoryEncoder(positive="halvs")


def test_fitting_twice_is_the_same(clips, labels):
    results = []
    for _ in range(2):
        encoder = TrajectoryEncoder(frames=8, components=16)
        list(encoder.train(clips, labels, 9))
        features = encoder.encode(clips)
        results.append((features, encoder.logits(features)))
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=0)


def test_the_components_are_uncorrelated_and_whitened(clips, labels):
    for whiten in (0.0, 0.5, 1.0):
        encoder = TrajectoryEncoder(frames=8, components=12, whiten=whiten, positive="none")
        list(encoder.train(clips, labels, 9))
        z = encoder.encode(clips).double()
        torch.testing.assert_close(z.mean(0), torch.zeros(12, dtype=z.dtype), rtol=0, atol=1e-5)
        deviation = z.std(0, correction=0)
        correlation = (z.T @ z / len(z)) / deviation[:, None] / deviation
        torch.testing.assert_close(correlation, torch.eye(12, dtype=z.dtype), rtol=0, atol=1e-4)
        ratio = float(deviation[0] / deviation[-1])
        assert (whiten == 1) == (abs(ratio - 1) < 1e-4) and (deviation.diff() < 1e-6).all()


@pytest.mark.parametrize("copies", [1, 40], ids=["fewer clips than coordinates", "more"])
def test_the_components_are_those_of_a_pca(clips, copies):
    x = clips[..., :1].repeat(copies, 1, 1, 1, 1)
    x = x + 0.02 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    y = torch.arange(len(x)) % 3
    encoder = TrajectoryEncoder(frames=4, components=6, whiten=0.0, positive="none")
    trajectories = encoder.trajectories(x).numpy()
    assert (len(x) > trajectories.shape[1]) == (copies > 1)
    list(encoder.train(x, y, 3))
    expected = PCA(6, svd_solver="full").fit_transform(trajectories.astype(np.float64))
    features = encoder.encode(x).double().numpy() * float(encoder.unit_)
    signs = np.sign((features * expected).sum(0))
    np.testing.assert_allclose(features, expected * signs, atol=1e-3 * expected.std())


@pytest.mark.parametrize("count", [2, 5])
def test_fewer_clips_than_components(clips, labels, count):
    chosen = torch.tensor([0, 50, 1, 51, 20])[:count]
    y = torch.unique(labels[chosen], return_inverse=True)[1]
    encoder = TrajectoryEncoder(frames=8, components=16)
    list(encoder.train(clips[chosen], y, int(y.max()) + 1))
    features = encoder.encode(clips)
    assert features.shape == (len(clips), 2 * (count - 1)) and torch.isfinite(features).all()
    assert encoder.logits(features).shape == (len(clips), int(y.max()) + 1)


def test_clips_of_one_frame(clips, labels):
    encoder = TrajectoryEncoder(frames=4, components=8)
    list(encoder.train(clips[:, :, :1], labels, 9))
    assert torch.isfinite(encoder.encode(clips[:, :, :1])).all()
