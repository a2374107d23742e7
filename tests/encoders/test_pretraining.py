"""Pre-training: one loop for both networks, streams and precision, weights and maps."""

import numpy as np
import pytest
import torch

from zsar import plugins
from zsar.data.partition import partition
from zsar.encoders.features import EncoderChoice, class_numbers, fitted, subset_features
from zsar.encoders.pretraining import Pretraining, ShiftGCNEncoder, STGCNEncoder
from zsar.encoders.shiftgcn import Spatial
from zsar.errors import UnknownName, ZsarError

TINY = {
    "stgcn": {"hidden": 4, "width": 8, "batch": 8},
    "shiftgcn": {"hidden": 4, "batch": 8, "absent_bodies": "skip"},
}


@pytest.fixture
def subsets(few):
    return partition(few.dataset, few.card, few.split, few.card.default_protocol)


@pytest.fixture
def clips(few, subsets):
    """Training clips, their labels and the number of classes."""
    x = torch.from_numpy(few.dataset.clips(subsets.seen_train, 12))
    y = torch.from_numpy(class_numbers(few.dataset.labels[subsets.seen_train], subsets.classes))
    return x, y, len(subsets.classes)


def trained(name, clips, **keywords):
    torch.manual_seed(0)
    encoder = plugins.find("encoder", name)(**{**TINY[name], **keywords})
    list(encoder.train(*clips))
    return encoder


@pytest.mark.parametrize("name", TINY)
def test_training_reports_every_epoch(name, clips):
    torch.manual_seed(0)
    encoder = plugins.find("encoder", name)(**TINY[name], epochs=3)
    reports = list(encoder.train(*clips))
    assert len(reports) == 3 and all(np.isfinite(r["loss"]) for r in reports)
    assert [r["rate"] for r in reports] == [encoder.rate(epoch) for epoch in range(3)]
    torch.testing.assert_close(encoder.encode(clips[0]), trained(name, clips, epochs=3).encode(clips[0]))


def test_shiftgcn_learns(few, subsets):
    keywords = {"hidden": 8, "epochs": 25, "batch": 9, "steps": (16,), "absent_bodies": "skip"}
    arrays = subset_features(few.dataset, subsets, EncoderChoice.of("shiftgcn", keywords, 12), 0)
    for key, rows in (("train", subsets.seen_train), ("seen_test", subsets.seen_test)):
        y = class_numbers(few.dataset.labels[rows], subsets.classes)
        assert (arrays[f"{key}_logits"].argmax(1) == y).mean() > 0.5  # chance is a sixth


def test_the_published_schedule_of_shiftgcn():
    encoder = ShiftGCNEncoder()
    rates = [encoder.rate(epoch) for epoch in range(encoder.epochs)]
    expected = [0.1] * 60 + [0.01] * 20 + [0.001] * 20 + [0.0001] * 40
    np.testing.assert_allclose(rates, expected)
    encoder._initialise(2, 5, "cpu")
    decay = {id(p): group["weight_decay"] for group in encoder.optimizer().param_groups for p in group["params"]}
    spatial = [m for m in encoder.network.modules() if isinstance(m, Spatial)]
    assert len(spatial) == 10
    assert {decay.pop(id(m.map.weight)) for m in spatial} == {1e-3} and {decay.pop(id(m.mask)) for m in spatial} == {
        0.0
    }
    assert set(decay.values()) == {1e-4}
    count = len(list(encoder.network.parameters())) + 2
    assert len(decay) == count - 20 and encoder.optimizer().defaults["nesterov"]


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("stream", ["bone", "motion", "bone-motion"])
def test_a_stream_is_what_the_network_is_shown(name, stream, clips):
    encoder = trained(name, clips, epochs=1, stream=stream)
    from zsar.skeletons.layouts import layout
    from zsar.skeletons.streams import stream as shown

    x = clips[0]
    features = encoder.network.eval()(shown(x, stream, layout("kinect_v2")))
    torch.testing.assert_close(encoder.encode(x), features, rtol=0, atol=0)
    assert not torch.allclose(features, encoder.network(x))


@pytest.mark.parametrize("name", TINY)
def test_mixed_precision_gives_float32_features_near_the_others(name, clips):
    x = clips[0]
    low = trained(name, clips, epochs=1, precision="bf16")
    assert low.encode(x).dtype == torch.float32 and all(p.dtype == torch.float32 for p in low.network.parameters())
    assert not torch.equal(low.encode(x), trained(name, clips, epochs=1).encode(x))
    torch.manual_seed(0)
    encoder = plugins.find("encoder", name)(**TINY[name], epochs=1, lr=0.0)
    losses = [next(encoder.train(*clips))["loss"]]
    torch.manual_seed(0)
    losses.append(
        next(plugins.find("encoder", name)(**TINY[name], epochs=1, lr=0.0, precision="bf16").train(*clips))["loss"]
    )
    assert losses[0] != losses[1] == pytest.approx(losses[0], rel=0.05)


@pytest.mark.parametrize("name", TINY)
def test_features_are_the_mean_over_the_maps(name, clips):
    encoder = trained(name, clips, epochs=1, stream="bone")
    maps = encoder.maps(clips[0])
    assert maps.shape[:3] == (len(clips[0]), 3, 25) and maps.dtype == torch.float32 and not maps.requires_grad
    torch.testing.assert_close(maps.mean((1, 2)), encoder.encode(clips[0]), rtol=1e-5, atol=1e-6)


@pytest.mark.gpu
@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_gpu_trains_as_the_cpu_does(name, precision, clips):
    x, y, classes = clips
    keywords = {**TINY[name], "epochs": 2, "lr": 1e-3} | ({"dropout": 0.0} if name == "stgcn" else {})
    losses = []
    for device, kind in (("cpu", "float32"), ("cuda", precision)):
        torch.manual_seed(0)
        encoder = plugins.find("encoder", name)(**keywords, precision=kind)
        losses.append([r["loss"] for r in encoder.train(x.to(device), y.to(device), classes)])
        assert encoder.encode(x.to(device)).dtype == torch.float32
    assert losses[1] == pytest.approx(losses[0], rel=1e-2 if precision == "float32" else 5e-2)


@pytest.mark.parametrize("cls", [STGCNEncoder, ShiftGCNEncoder])
def test_typos_are_answered(cls):
    with pytest.raises(UnknownName, match="value 'bones' in stream\nDid you mean bone"):
        cls(stream="bones")
    with pytest.raises(UnknownName, match="value 'fp16' in precision"):
        cls(precision="fp16")


def test_both_encoders_share_the_training():
    assert STGCNEncoder.train is ShiftGCNEncoder.train is Pretraining.train


@pytest.mark.parametrize("name", TINY)
def test_weights_give_the_encoder_back(few, subsets, name):
    choice = EncoderChoice.of(name, {**TINY[name], "epochs": 2}, 12)
    arrays = subset_features(few.dataset, subsets, choice, 0)
    assert not any(key.startswith("encoder") for key in arrays)
    encoder = fitted(few.dataset, subsets, choice, 0)
    features = encoder.encode(torch.from_numpy(few.dataset.clips(subsets.unseen_test, 12)))
    np.testing.assert_array_equal(features.numpy(), arrays["unseen_test"])
    np.testing.assert_array_equal(encoder.logits(features).numpy(), arrays["unseen_test_logits"])


def test_an_encoder_without_weights_says_so(few, subsets):
    choice = EncoderChoice.of("trajectory", {"frames": 6, "components": 8}, 12)
    subset_features(few.dataset, subsets, choice, 0)
    with pytest.raises(ZsarError, match="trajectory has no weights to keep"):
        fitted(few.dataset, subsets, choice, 0)


@pytest.mark.parametrize("name", TINY)
def test_resuming_between_epochs_changes_nothing(name, clips, tmp_path):
    whole = trained(name, clips, epochs=4).encode(clips[0])
    torch.manual_seed(0)
    first = plugins.find("encoder", name)(**TINY[name], epochs=4)
    training = first.train(*clips)
    next(training), next(training)
    torch.save(first.state(), tmp_path / "state.pt")
    torch.manual_seed(99)
    second = plugins.find("encoder", name)(**TINY[name], epochs=4)
    second.resume(torch.load(tmp_path / "state.pt", weights_only=True))
    assert len(list(second.train(*clips))) == 2
    torch.testing.assert_close(second.encode(clips[0]), whole, rtol=0, atol=0)
