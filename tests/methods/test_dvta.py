"""DVTA: its activation, its scores pair by pair, and training in reduced precision."""

import pytest
import torch
import torch.nn.functional as F

from zsar.errors import UnknownName
from zsar.learning.contract import Seen
from zsar.methods.dvta import DVTA, DVTANetwork, LeakySigmoid


def test_the_leaky_sigmoid_against_its_definition():
    x = torch.tensor([-3.0, -0.1, 0.0, 0.2, 4.0])
    expected = [1 / (1 + torch.exp(-v)) if v > 0 else 0.01 * torch.exp(0.01 * v) for v in x]
    torch.testing.assert_close(LeakySigmoid(0.01)(x), torch.stack(expected))


@pytest.mark.parametrize("fast", ["1", "0"])
@pytest.mark.parametrize(("clips", "classes", "prompts"), [(1, 1, 1), (1, 4, 2), (7, 1, 3), (9, 5, 2)])
def test_clips_are_scored_as_if_each_pair_were_joined(monkeypatch, clips, classes, prompts, fast):
    monkeypatch.setenv("ZSAR_FAST", fast)
    torch.manual_seed(0)
    method, x, text = DVTA(batch=4), torch.rand(clips, 6).double(), torch.randn(classes, prompts, 10).double()
    method.network = network = DVTANetwork(6, 10, 0.1, 0.01).double()
    metric = network.metric
    rows = []
    for clip in network.direct.project(F.normalize(x, dim=-1)):
        row = []
        for prompt in F.normalize(text, dim=-1):
            u = network.direct.text((prompt @ clip).softmax(0) @ prompt)
            h = torch.relu(metric.second(torch.relu(metric.first(torch.cat([clip, u])))))
            a = metric.third(h)
            learnt = torch.where(a > 0, a.sigmoid(), 0.01 * torch.exp(0.01 * a))
            direct = F.cosine_similarity(clip, u, dim=0)
            row.append(direct / network.temperatures[0] + learnt[0] / network.temperatures[1])
        rows.append(torch.stack(row))
    torch.testing.assert_close(method.score(x, text), torch.stack(rows).detach(), rtol=1e-9, atol=1e-11)


def test_the_metric_networks_gradient_does_not_reach_the_projectors():
    network = DVTANetwork(6, 10, 0.1, 0.01)
    _, augmented = network(torch.rand(5, 6), torch.randn(5, 2, 10))
    augmented.sum().backward()
    assert all(p.grad is None for p in network.direct.parameters())
    assert network.metric.first.weight.grad.abs().max() > 0


def test_training_in_bfloat16_learns_as_in_float32():
    torch.manual_seed(0)
    x, text = torch.rand(60, 16), torch.randn(6, 2, 24)
    seen = Seen(x, torch.arange(60) % 6)
    losses = []
    for precision in ("float32", "bf16"):
        torch.manual_seed(1)
        steps = DVTA(epochs=4, warmup=1, lr=1e-3, batch=20, precision=precision).train(seen, text)
        losses.append([report["loss"] for report in steps])
    assert losses[0] != losses[1]
    torch.testing.assert_close(torch.tensor(losses[1]), torch.tensor(losses[0]), rtol=0.02, atol=0.02)


def test_an_unknown_precision_is_refused_by_the_constructor():
    with pytest.raises(UnknownName, match="value 'bf61' in precision"):
        DVTA(precision="bf61")
