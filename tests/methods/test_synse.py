"""SynSE: the released schedule, and what reaches either half of its latent."""

import pytest
import torch
from training import trained

from zsar.errors import ZsarError
from zsar.methods.synse import SynSE, halves

SMALL = {"cycles": 3, "steps": 8, "latent": 6, "draws": 5, "classifier_steps": 5}


def test_factors_follow_the_released_schedule():
    assert SynSE.factors(1600, 1700, 1)["noun_kl"] == 0
    third = SynSE.factors(1600, 1700, 2)
    assert third["noun_kl"] == third["verb_kl"] == pytest.approx(0.1 * 200 / 3000)
    assert third["skeleton_kl"] == pytest.approx(0.02) and third["cross"] == 1


def test_synses_noun_never_touches_the_verb_half(data):
    seen, text, _ = data
    method, _ = trained(SynSE(**SMALL), seen, text)
    noun, verb = halves(text)
    noise = {side: torch.zeros(len(seen), 1) for side in ("skeleton", "noun", "verb")}
    method.network.zero_grad()
    method.terms(seen.x, noun[seen.y], verb[seen.y], noise)["noun_from_skeleton"].backward()
    gradient = method.network.skeleton_encoder.mu.weight.grad
    assert gradient[:3].abs().max() > 0 and gradient[3:].abs().max() == 0


def test_synse_feeds_one_prompt_to_both_halves_and_refuses_three(data):
    seen, text, candidates = data
    noun, verb = halves(text[:, :1])
    assert torch.equal(noun, verb)
    with pytest.raises(ZsarError, match="one or two prompts"):
        next(SynSE().train(seen, torch.randn(5, 3, 9)))
