"""DVTA's metric network and scores by shares of prompts and sides, against joined pairs."""

import pytest
import torch

from zsar.fast import dvta
from zsar.learning.contract import Seen
from zsar.methods.dvta import DVTA, DVTANetwork, MetricNetwork


def close(computed, expected):
    torch.testing.assert_close(computed, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("clips", "classes"), [(1, 1), (1, 5), (7, 1), (13, 3)])
def test_all_pairs_by_shares_are_joined_pairs(double, clips, classes):
    metric, towards = MetricNetwork(6, 0.01), torch.randn(clips, classes)
    skeleton, text = torch.randn(clips, 6, requires_grad=True), torch.randn(classes, 6, requires_grad=True)
    inputs = [skeleton, text, *metric.parameters()]
    results = [form(metric, skeleton, text) for form in (MetricNetwork.all_pairs, MetricNetwork.all_pairs.plain)]
    close(*results)
    for one, other in zip(*(torch.autograd.grad(r, inputs, towards) for r in results), strict=True):
        close(one, other)


@pytest.mark.parametrize("activations", [1, 2**22])
@pytest.mark.parametrize(("clips", "classes", "prompts"), [(1, 1, 1), (1, 4, 2), (7, 1, 3), (9, 5, 2)])
def test_scores_from_prompts_are_those_of_whole_readings(double, monkeypatch, clips, classes, prompts, activations):
    monkeypatch.setattr(dvta, "ACTIVATIONS", activations)
    method, text = DVTA(batch=4), torch.randn(classes, prompts, 10)
    method.network = DVTANetwork(6, 10, 0.1, 0.01)
    embedded = method.embed(torch.rand(clips, 6))
    close(method.classifier(text)(embedded), DVTA.classifier.plain(method, text)(embedded))


@pytest.mark.parametrize(("clips", "classes"), [(23, 4), (5, 1), (1, 1)])
def test_training_by_shares_is_plain_training(double, monkeypatch, clips, classes):
    seen, text, weights = Seen(torch.rand(clips, 7), torch.arange(clips) % classes), torch.randn(classes, 2, 9), []
    for fast in "10":
        monkeypatch.setenv("ZSAR_FAST", fast)
        torch.manual_seed(1)
        method = DVTA(epochs=3, warmup=1, lr=1e-3, batch=8)
        losses = [report["loss"] for report in method.train(seen, text)]
        weights.append([torch.tensor(losses), *method.network.state_dict().values(), torch.rand(2)])
    for one, other in zip(*weights, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-8)
