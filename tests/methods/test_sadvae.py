"""SA-DVAE: the released schedule, what its terms reach, and a discriminator that tells pairs apart."""

import pytest
import torch
from training import trained

from zsar.methods.sadvae import SADVAE

SMALL = {"related": 6, "unrelated": 2, "cycles": 3, "batch": 8, "lr": 1e-2, "draws": 5, "classifier_steps": 5}


def test_factors_follow_the_released_schedule():
    assert SADVAE.factors(0, 1700, 2) == {"skeleton_kl": 0.0, "text_kl_and_tc": 0.0, "cross": 0.0}
    late = SADVAE.factors(1600, 1700, 2)
    assert late["skeleton_kl"] == pytest.approx(0.1 * 600 / 3000)
    assert late["text_kl_and_tc"] == pytest.approx(0.1 * (1600 - 1360) / 3000) and late["cross"] == 1
    assert SADVAE.factors(1600, 1700, 1)["text_kl_and_tc"] == 0 and SADVAE.factors(1360, 1700, 2)["cross"] == 0


@pytest.mark.parametrize("fast", ["1", "0"])
def test_the_loss_that_is_written_is_the_loss_that_trains(data, monkeypatch, fast):
    """A subclass that changes the loss trains on it, fast forms or not."""
    monkeypatch.setenv("ZSAR_FAST", fast)
    seen, text, _ = data

    class Doubled(SADVAE):
        @staticmethod
        def total(terms, factors):
            return 2 * SADVAE.total(terms, factors)

    once, losses = trained(SADVAE(**SMALL, passes=2), seen, text)
    twice, doubled = trained(Doubled(**SMALL, passes=2), seen, text)
    torch.testing.assert_close(torch.tensor(doubled), 2 * torch.tensor(losses), rtol=1e-3, atol=1e-4)


def test_cross_reconstructed_text_never_touches_the_unrelated_half(data):
    seen, text, _ = data
    method, _ = trained(SADVAE(**SMALL), seen, text)
    method.network.zero_grad()
    latents = method.network.encode(seen.x, text.mean(1)[seen.y])
    method.network.reconstruct(latents)["text_from_skeleton"].sum().backward()
    gradient = method.network.skeleton_encoder.mu.weight.grad
    assert gradient[:6].abs().max() > 0 and gradient[6:].abs().max() == 0
    assert torch.equal(method.embed(seen.x), latents["r"][0])


def test_the_discriminator_learns_which_latents_belong_together(data):
    seen, text, _ = data
    method, _ = trained(SADVAE(**SMALL), seen, text)
    with torch.no_grad():
        latents = method.network.encode(seen.x, text.mean(1)[seen.y])
    optimizer = torch.optim.Adam(method.network.discriminator.parameters(), lr=0.02)
    losses = []
    for _ in range(200):
        loss = method.discriminator_loss(latents)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-20:]) < sum(losses[:20])
