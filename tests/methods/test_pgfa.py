"""PGFA: what it does with clips, alone and through the alignment, and on features of a fixed encoder."""

import pytest
import torch

from zsar.learning.contract import Seen
from zsar.learning.precision import mixed
from zsar.methods.pgfa import PGFA, cosine

TINY = {"hidden": 2, "width": 4, "batch": 8, "epochs": 3, "warmup": 0}


@pytest.fixture
def seen():
    torch.manual_seed(0)
    return Seen(torch.randn(16, 3, 12, 25, 2), torch.arange(16) % 4)


@pytest.fixture
def text():
    torch.manual_seed(1)
    return torch.randn(4, 1, 6)


def test_clips_are_embedded_in_evaluation_mode_and_part_by_part(seen, text):
    method, x = PGFA(**TINY), torch.randn(300, 3, 12, 25, 2)
    for _ in method.train(seen, text):
        assert method.network.training
        embedded = method.embed(x)
        assert not embedded.requires_grad
        expected = torch.cat([method.network.eval()(part) for part in x.split(256)])
        assert torch.equal(embedded, expected) and torch.equal(method.embed(x), embedded)
        method.network.train()


def test_the_alignment_moves_the_scores_towards_the_clips(seen, text):
    method, x = PGFA(**TINY), torch.randn(20, 3, 12, 25, 2)
    list(method.train(seen, text))
    embedded = method.embed(x)
    before, adapted = method.classifier(text)(embedded), method.adapt(embedded, text)
    after = method.classifier(adapted)(embedded)
    assert torch.equal(before, cosine(embedded, text[:, 0])) and adapted.shape == text.shape
    predicted = before.argmax(1)
    moved = [c for c in range(4) if not torch.equal(adapted[c], text[c])]
    assert moved == [c for c in range(4) if int((predicted == c).sum() * method.support)]
    mine = predicted == moved[0]
    assert after[mine, moved[0]].mean() > before[mine, moved[0]].mean()


def test_the_temperature_is_trained_on_request(seen, text):
    for trained in (False, True):
        method = PGFA(**TINY, train_temperature=trained)
        list(method.train(seen, text))
        moved = method.network.logit_scale.item() != pytest.approx(torch.tensor(1 / 0.07).log().item())
        assert moved == trained


def test_no_step_is_longer_than_the_gradient_may_be(seen, text):
    """Without momentum and weight decay the weights move by the rate times the gradient, which is scaled as a whole."""

    def step(max_norm):
        torch.manual_seed(0)
        keywords = {**TINY, "batch": 16, "epochs": 1, "momentum": 0.0, "weight_decay": 0.0, "lr": 1e-2}
        method = PGFA(**keywords, dropout=0.0, max_norm=max_norm)
        torch.manual_seed(1)
        before = method.build(seen.x.shape[1:], text.shape).state_dict()
        torch.manual_seed(1)
        list(method.train(seen, text))
        parameters = dict(method.network.named_parameters())
        return torch.cat([(before[name] - parameters[name].detach()).flatten() for name in parameters]) / 1e-2

    free, short = step(None), step(0.5)
    assert free.norm() > 1 and short.norm().item() == pytest.approx(0.5, rel=1e-3)
    torch.testing.assert_close(short / short.norm(), free / free.norm(), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(step(100.0), free)


def test_reduced_precision_takes_the_same_step(seen, text):
    """From the same weights. Two trainings drift apart by chance, and further on one processor than on another."""
    losses, slopes, keywords = [], [], {**TINY, "lr": 1e-3, "dropout": 0.0}
    for precision in ("float32", "bf16"):
        torch.manual_seed(2)
        method = PGFA(**keywords, precision=precision)
        network = method.network = method.build(seen.x.shape[1:], text.shape).train()
        with mixed(precision, "cpu"):
            projected = network(seen.x)
        loss, _ = method.loss(projected.float(), text.mean(1)[seen.y], seen.y)
        loss.backward()
        losses.append(loss.item())
        slopes.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
    full, reduced = slopes
    assert losses[0] != losses[1] == pytest.approx(losses[0], rel=0.01)
    assert torch.cosine_similarity(full, reduced, dim=0) > 0.9
    assert reduced.norm() == pytest.approx(full.norm().item(), rel=0.05)


def test_reduced_precision_trains_and_keeps_its_weights_whole(seen, text):
    method = PGFA(**{**TINY, "lr": 1e-3, "dropout": 0.0}, precision="bf16")
    torch.manual_seed(2)
    losses = [report["loss"] for report in method.train(seen, text)]
    assert losses[-1] < 0.8 * losses[0]
    assert method.embed(seen.x).dtype == torch.float32
    assert all(p.dtype == torch.float32 for p in method.network.parameters())
