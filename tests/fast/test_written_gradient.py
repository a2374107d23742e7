"""SA-DVAE's written-out step and training, against the loss that its method states."""

from pathlib import Path

import pytest
import torch

from zsar.fast.sadvae import SADVAEStep, discriminate
from zsar.fast.seeds import Own
from zsar.learning.contract import Seen
from zsar.methods.sadvae import SADVAE, SADVAENetwork
from zsar.testing.golden import load

FACTORS = [
    {"skeleton_kl": kl, "text_kl_and_tc": late, "cross": cross}
    for kl, late, cross in ((0.0, 0.0, 0.0), (0.3, 0.0, 0.0), (0.3, 0.0, 1.0), (0.3, 0.2, 0.0), (0.3, 0.2, 1.0))
]
KEYWORDS = {"related": 6, "unrelated": 3, "cycles": 4, "batch": 8, "lr": 1e-3, "discriminator_every": 2}


def close(computed, expected):
    torch.testing.assert_close(computed, expected, rtol=1e-9, atol=1e-11)


def networks(runs):
    return [SADVAENetwork(12, 9, 6, 3) for _ in range(runs)]


@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("batch", [1, 7, 16])
@pytest.mark.parametrize("runs", [1, 3])
def test_sadvaes_written_gradient_is_that_of_its_loss(double, runs, batch, factors):
    several = networks(runs)
    for network in several:  # zero biases would hide a wrong one
        for p in network.parameters():
            p.data += 0.3 * torch.randn_like(p)
    methods = [SADVAE(related=6, unrelated=3) for _ in several]
    plain = networks(runs)
    for method, network, copy in zip(methods, several, plain, strict=True):
        copy.load_state_dict(network.state_dict())
        method.network = copy
    gradient = SADVAEStep(several)
    x, t, noise = torch.rand(runs, batch, 12), torch.randn(runs, batch, 9), torch.randn(runs, 3, batch, 1)
    for _ in range(2):  # nothing is accumulated
        losses = gradient(x, t, noise, factors)
    for run, method in enumerate(methods):
        drawn = dict(zip("rvt", noise[run], strict=True))
        loss = method.total(method.terms(x[run], t[run], drawn), factors)
        loss.backward()
        close(losses[run], loss.detach())
        for name, p in several[run].named_parameters():
            if not name.startswith("discriminator"):
                close(p.grad, plain[run].get_parameter(name).grad)


def test_sadvaes_written_gradient_holds_on_the_authors_weights():
    values = load(Path(__file__).parents[1] / "testing" / "golden" / "sadvae.npz")
    v = {key: torch.from_numpy(value) for key, value in values.items() if value.dtype.kind == "f"}
    method = SADVAE.from_official({k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")})
    noise = torch.stack([v[f"noise/z_{k}"] for k in "rvt"])[None]
    names = {"skeleton_kl": "kl_skeleton", "text_kl_and_tc": "kl_text_and_tc", "cross": "cross"}
    factors = {ours: float(values[f"total_a/{theirs}_factor"]) for ours, theirs in names.items()}
    (loss,) = SADVAEStep([method.network])(v["input/skeleton"][None], v["input/text"][None], noise, factors)
    torch.testing.assert_close(loss, v["total_a/loss"].reshape(()).float(), rtol=1e-5, atol=1e-5)
    for key, layer in (
        ("skeleton_encoder_mu", method.network.skeleton_encoder.mu),
        ("text_decoder", method.network.text_decoder[0]),
        ("text_encoder_logvar", method.network.text_encoder.logvar),
    ):
        torch.testing.assert_close(layer.weight.grad, v[f"grad/{key}"], rtol=1e-4, atol=1e-4)


def test_a_term_whose_factor_is_zero_draws_all_the_same():
    """The random numbers of later steps don't depend on the schedule."""
    method, draws = SADVAE(related=6, unrelated=3), [Own(0), Own(0)]
    method.network = networks(1)[0]
    x, t = torch.rand(5, 12), torch.randn(5, 9)
    for factor, own in zip((0.0, 1.0), draws, strict=True):
        discriminate(method, x, t, own, factor)
    states = [own.generator(torch.device("cpu")).get_state() for own in draws]
    assert torch.equal(*states)


def train(seen, text, epochs=None, state=None, **keywords):
    """A method after some epochs, their losses, and a random number drawn at the end."""
    method, losses = SADVAE(**KEYWORDS, **keywords), []
    torch.manual_seed(1)
    if state is not None:
        method.resume(state)
    for report in method.train(seen, text):
        losses.append(report["loss"])
        if len(losses) == epochs:
            return method, losses, None
    return method, losses, torch.rand(1).item()


def data(clips, classes):
    return Seen(torch.rand(clips, 12), torch.arange(clips) % classes), torch.randn(classes, 2, 9)


@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize(("clips", "classes"), [(45, 4), (5, 1), (1, 1)])
def test_training_by_it_is_plain_training(double, monkeypatch, clips, classes, passes):
    seen, text = data(clips, classes)
    fast, losses, drawn = train(seen, text, passes=passes)
    monkeypatch.setenv("ZSAR_FAST", "0")
    plain, expected, also = train(seen, text, passes=passes)
    assert losses == pytest.approx(expected, rel=1e-9) and drawn == also
    assert len(set(losses)) == 4
    for name, value in plain.network.state_dict().items():
        torch.testing.assert_close(fast.network.state_dict()[name], value, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("first", ["1", "0"])
def test_either_form_goes_on_where_the_other_was_interrupted(double, monkeypatch, first):
    seen, text = data(45, 4)
    whole, losses, _ = train(seen, text)
    monkeypatch.setenv("ZSAR_FAST", first)
    half, before, _ = train(seen, text, epochs=2)
    monkeypatch.setenv("ZSAR_FAST", "10"[int(first)])
    rest, after, _ = train(seen, text, state=half.state())
    assert before + after == pytest.approx(losses, rel=1e-9)
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(rest.network.state_dict()[name], value, rtol=1e-6, atol=1e-8)
