"""PURLS: its pooling, its loss and scores against sums written out, and what wrong queries change."""

import math

import pytest
import torch
import torch.nn.functional as F
from training import trained

from zsar.learning.schedules import reduced_on_plateau
from zsar.methods import Seen
from zsar.methods.purls import PURLS

SMALL = {"key": 4, "hidden": 6, "epochs": 2, "batch": 16, "lr": 1e-2}


@pytest.fixture
def data():
    """24 maps of 4 seen classes, their text (three prompts), that of 3 others."""
    generator = torch.Generator().manual_seed(3)
    draw = lambda *shape: torch.randn(*shape, generator=generator)
    y = torch.arange(24) % 4
    x = (draw(4, 6, 5, 7)[y] + 0.3 * draw(24, 6, 5, 7)).abs()
    return Seen(x, y), draw(4, 3, 9), draw(3, 3, 9)


def test_a_description_weighs_the_positions_by_the_mean_over_heads(data):
    seen, text, _ = data
    method, _ = trained(PURLS(**SMALL), seen, text)
    network, maps, t = method.network, method.embed(seen.x), F.normalize(text, dim=-1)
    pooled, q, k = network.pool(maps, t[seen.y]), network.attention.linear_q, network.attention.linear_k
    positions = maps[5].flatten(0, 1)
    for p in range(3):
        scores = torch.zeros(len(positions))
        for head in (slice(0, 4), slice(4, 8)):
            query = q(t[seen.y[5], p])[head]
            scores += torch.stack([query @ k(v)[head] for v in positions]) / math.sqrt(4) / 2
        expected = scores.softmax(0) @ positions
        torch.testing.assert_close(pooled[5, p], expected, atol=1e-5, rtol=1e-4)


def test_maps_are_averaged_over_spans_of_time_and_every_position_has_unit_length(data):
    seen, _, _ = data
    seen.x[0, :, 2] = 0
    maps = PURLS(time_steps=3).embed(seen.x)
    span = seen.x[4, 2:4, 1].mean(0)
    torch.testing.assert_close(maps[4, 1, 1], span / span.norm())
    assert maps[0, :, 2].eq(0).all() and maps.isfinite().all()


def test_the_loss_is_the_symmetric_cross_entropy_of_every_description(data):
    seen, text, _ = data
    method, _ = trained(PURLS(**SMALL, dropout=0.0), seen, text)
    method.network.eval()
    maps, t, y = method.embed(seen.x)[:6], F.normalize(text, dim=-1), seen.y[:6]
    encoded, expected = method.network(maps, t[y]), 0.0
    for p in range(3):
        logits = method.network.tmps[p] * encoded[:, p] @ t[y][:, p].T
        for way in (logits, logits.T):
            expected += sum(-way[i].log_softmax(0)[i] for i in range(6)) / 6
    torch.testing.assert_close(method.loss(maps, t, y), expected, atol=1e-4, rtol=1e-5)


def test_a_clip_is_pooled_with_the_candidate_it_is_compared_with(data):
    seen, text, candidates = data
    method, _ = trained(PURLS(**SMALL), seen, text)
    scores, maps = method.score(seen.x, candidates), method.embed(seen.x)
    for c, t in enumerate(F.normalize(candidates, dim=-1)):
        own = method.network(maps, t.expand(len(maps), -1, -1))[:, -1] @ t[-1]
        torch.testing.assert_close(scores[:, c], own.detach(), atol=1e-5, rtol=1e-4)
    alone = method.score(seen.x, candidates[1:2])
    torch.testing.assert_close(alone[:, 0], scores[:, 1], atol=1e-5, rtol=1e-4)  # whatever other candidates there are


def test_clips_of_zeros_are_left_out_of_training(data):
    seen, text, _ = data
    x = torch.cat([seen.x, torch.zeros(3, *seen.x.shape[1:])])
    with_zeros = Seen(x, torch.cat([seen.y, torch.tensor([0, 1, 2])]))
    one, other = trained(PURLS(**SMALL), seen, text), trained(PURLS(**SMALL), with_zeros, text)
    assert one[1] == other[1]


def test_wrong_queries_are_other_seen_classes_and_teach_the_scores_by_candidate(data):
    """Maps that tell nothing, so that only the query is left: as released it is learnt, with wrong ones it can't be."""
    seen, text, _ = data
    seen = Seen(torch.rand(24, 6, 5, 7, generator=torch.Generator().manual_seed(1)), seen.y)
    more = {**SMALL, "epochs": 60, "dropout": 0.0}
    as_released, _ = trained(PURLS(**more), seen, text)
    taught, _ = trained(PURLS(**more, wrong_queries=9), seen, text)
    spread = lambda method: method.score(seen.x, text).std(0).mean() / method.score(seen.x, text).std()
    own = lambda method: (method.score(seen.x, text).argmax(1) == seen.y).float().mean()
    assert own(taught) > own(as_released) and spread(taught) > spread(as_released)
    drawn = []
    taught.network.forward = lambda maps, t: drawn.append(t) or taught.network.encode(taught.network.pool(maps, t))
    unit = F.normalize(text, dim=-1)
    taught.loss(taught.embed(seen.x), unit, seen.y)
    for queries, label in zip(drawn[0], seen.y, strict=True):
        classes = [next(c for c in range(4) if torch.equal(unit[c], q)) for q in queries]
        assert classes[0] == label and sorted(classes) == [0, 1, 2, 3]


def test_the_rate_falls_when_the_loss_stays():
    """As torch's scheduler has it, whatever the losses."""
    torch.manual_seed(0)
    for losses in (torch.rand(90).tolist(), [1.0] * 90, torch.linspace(2, 1, 90).tolist(), [math.nan] * 30):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=4, cooldown=2)
        for n, loss in enumerate(losses, 1):
            scheduler.step(loss)
            assert reduced_on_plateau(0.1, losses[:n], 4, 2) == pytest.approx(optimizer.param_groups[0]["lr"], abs=0)


def test_training_follows_its_losses_with_the_rate(data, monkeypatch):
    seen, text, _ = data
    rates = []
    monkeypatch.setattr("zsar.methods.purls.set_rate", lambda optimizer, rate: rates.append(rate))
    method, losses = trained(PURLS(**{**SMALL, "epochs": 30, "lr": 0.5}, patience=0, cooldown=0), seen, text)
    assert rates == [reduced_on_plateau(0.5, method.losses[:n].tolist(), 0, 0) for n in range(30)]
    assert rates[0] == 0.5 and rates[-1] < 0.5 and method.losses.tolist() == losses
