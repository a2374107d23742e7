"""PGFA: what it does with clips, alone and through the alignment, and on features of a fixed encoder."""

import pytest
import torch

from zsar.learning.contract import Seen
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


def test_reduced_precision_trains_near_full(seen, text):
    losses = []
    for precision in ("float32", "bf16"):
        torch.manual_seed(2)
        method = PGFA(**{**TINY, "lr": 1e-3, "dropout": 0.0}, precision=precision)
        losses.append([report["loss"] for report in method.train(seen, text)])
        assert method.embed(seen.x).dtype == torch.float32
        assert all(p.dtype == torch.float32 for p in method.network.parameters())
    assert losses[0] != losses[1] and losses[1] == pytest.approx(losses[0], rel=0.05)
