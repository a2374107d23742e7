"""Every fast path against its plain form, in double precision and in odd sizes."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from zsar.fast import pairs
from zsar.fast.pairs import pair_scores, plain_pair_scores
from zsar.fast.sadvae import SADVAEStep
from zsar.fast.seeds import Own
from zsar.fast.stack import Stack
from zsar.learning import variational
from zsar.methods import Seen, find
from zsar.methods.dvta import DVTA, DVTANetwork
from zsar.methods.sadvae import SADVAE, SADVAENetwork
from zsar.testing.golden import load

FACTORS = [
    {"skeleton_kl": kl, "text_kl_and_tc": late, "cross": cross}
    for kl, late, cross in ((0.0, 0.0, 0.0), (0.3, 0.0, 0.0), (0.3, 0.0, 1.0), (0.3, 0.2, 0.0), (0.3, 0.2, 1.0))
]


@pytest.fixture
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kept", [0, 24, 2**28])
@pytest.mark.parametrize("at_once", [1, 100, 2**21])
@pytest.mark.parametrize(("left", "right"), [(1, 1), (1, 5), (7, 1), (13, 3)])
def test_pairs_in_parts_are_pairs_at_once(double, monkeypatch, left, right, at_once, kept):
    monkeypatch.setattr(pairs, "AT_ONCE", at_once)
    monkeypatch.setattr(pairs, "KEPT", kept)
    shapes = ((left, 6), (right, 6), (4, 6), (4,), (4,))
    given = [torch.randn(shape, requires_grad=True) for shape in shapes]
    slope = torch.randn(left, right)
    found, expected = pair_scores(*given), plain_pair_scores(*given)
    close(found, expected)
    for a, b in zip(torch.autograd.grad(found, given, slope), torch.autograd.grad(expected, given, slope), strict=True):
        close(a, b)


def test_pairs_keep_their_direction_in_bfloat16():
    torch.manual_seed(0)
    given = [torch.randn(shape, requires_grad=True) for shape in ((17, 64), (9, 64), (32, 64), (32,), (32,))]
    expected = plain_pair_scores(*given)
    with torch.autocast("cpu", torch.bfloat16):
        found = pair_scores(*given)
    assert found.dtype == torch.bfloat16
    slopes = [torch.autograd.grad(out.float().square().sum(), given) for out in (found, expected)]
    assert F.cosine_similarity(found.float().flatten(), expected.flatten(), 0) > 0.999
    for a, b in zip(*slopes, strict=True):
        assert a.dtype == torch.float32 and F.cosine_similarity(a.flatten(), b.flatten(), 0) > 0.99


@pytest.mark.parametrize(("clips", "classes", "prompts"), [(1, 1, 1), (1, 4, 2), (7, 1, 3), (9, 5, 2)])
@pytest.mark.parametrize("activations", [1, 2**22])
def test_dvta_scores_clips_as_if_each_pair_were_joined(double, clips, classes, prompts, activations):
    network = DVTANetwork(6, 10, 0.1, 0.01)
    x, text = torch.rand(clips, 6), torch.randn(classes, prompts, 10)
    unit = F.normalize(text, dim=-1)
    metric = network.metric
    rows = []
    for clip in network.direct.project(F.normalize(x, dim=-1)):
        row = []
        for of_class in unit:
            u = network.direct.text((of_class @ clip).softmax(0) @ of_class)
            h = torch.relu(metric.second(torch.relu(metric.first(torch.cat([clip, u])))))
            a = metric.third(h)
            learnt = torch.where(a > 0, a.sigmoid(), 0.01 * torch.exp(0.01 * a))
            direct = F.cosine_similarity(clip, u, dim=0)
            row.append(direct / network.temperatures[0] + learnt[0] / network.temperatures[1])
        rows.append(torch.stack(row))
    close(network.candidates(x, text, activations), torch.stack(rows))


def networks(runs):
    return [SADVAENetwork(12, 9, 6, 3) for _ in range(runs)]


@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("batch", [1, 7, 16])
@pytest.mark.parametrize("runs", [1, 3])
def test_sadvaes_written_gradient_is_that_of_its_loss(double, runs, batch, factors):
    made = networks(runs)
    for network in made:  # zero biases would hide a wrong one
        for p in network.parameters():
            p.data += 0.3 * torch.randn_like(p)
    methods = [SADVAE(related=6, unrelated=3) for _ in made]
    plain = networks(runs)
    for method, network, copy in zip(methods, made, plain, strict=True):
        copy.load_state_dict(network.state_dict())
        method.network = copy
    gradient = SADVAEStep(made)
    x, t, noise = torch.rand(runs, batch, 12), torch.randn(runs, batch, 9), torch.randn(runs, 3, batch, 1)
    for _ in range(2):  # nothing is accumulated
        losses = gradient(x, t, noise, factors)
    for run, method in enumerate(methods):
        drawn = dict(zip("rvt", noise[run], strict=True))
        loss = method.total(method.terms(x[run], t[run], method.encode(x[run], t[run]), drawn), factors)
        loss.backward()
        close(losses[run], loss.detach())
        for name, p in made[run].named_parameters():
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


def plain_classifier(parts, draws, x, steps, lr):
    """`variational.classify` on all the draws themselves."""
    classes = len(parts[0][0])
    z = torch.cat([variational.sample(mu.repeat(draws, 1), logvar.repeat(draws, 1)) for mu, logvar in parts], 1)
    y = torch.arange(classes).repeat(draws)
    layer = variational.linear(z.shape[1], classes)
    optimizer = torch.optim.Adam(layer.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(F.relu(layer(z)), y).backward()
        optimizer.step()
    return F.relu(layer(x)).detach()


@pytest.mark.parametrize("held", [1, 2**18])
@pytest.mark.parametrize("widths", [(4,), (4, 3)])
@pytest.mark.parametrize(("classes", "draws", "clips"), [(1, 1, 1), (1, 9, 4), (5, 1, 3), (6, 11, 7)])
def test_a_classifier_on_factored_draws_is_one_on_draws(double, monkeypatch, classes, draws, clips, widths, held):
    monkeypatch.setattr(variational, "_LOGITS", held)
    parts = [(torch.randn(classes, w), torch.randn(classes, w)) for w in widths]
    x = torch.randn(clips, sum(widths))
    found, expected = (
        (torch.manual_seed(3), of(parts, draws, x, 20, 0.05))[1] for of in (variational.classify, plain_classifier)
    )
    close(found, expected)


def test_a_stack_and_its_networks_share_their_memory():
    made = networks(2)
    before = [{k: v.clone() for k, v in n.state_dict().items()} for n in made]
    gradient = SADVAEStep(made)
    assert all(torch.equal(v, before[i][k]) for i, n in enumerate(made) for k, v in n.state_dict().items())
    gradient.autoencoders.rows[1].data.zero_()
    assert not made[1].text_encoder.mu.weight.any() and made[0].text_encoder.mu.weight.any()
    made[1].load_state_dict(before[0])
    assert torch.equal(gradient.autoencoders.value["text_decoder_weight"][1], before[0]["text_decoder.0.weight"])
    (made[1].discriminator(torch.rand(2, 9)).sum()).backward()
    assert gradient.discriminator.grad["first_weight"][1].any() or not made[1].discriminator[0].weight.grad.any()
    gradient.discriminator.forget()
    assert not made[1].discriminator[0].weight.grad.any()


def test_blocks_of_a_stack_begin_on_cache_lines():
    stack = Stack(networks(1), {"a": ("skeleton_encoder.mu.bias",), "b": ("skeleton_encoder.mu.weight",)})
    assert stack.value["b"].storage_offset() % 16 == 0


def test_own_random_numbers_are_the_global_ones_of_a_run_alone():
    own, shape = Own(5), (4, 3)
    drawn = torch.randn(shape, generator=own.generator(torch.device("cpu")))
    with own.in_force():
        more = torch.rand(shape)
    last = torch.randperm(9, generator=own.generator(torch.device("cpu")))
    before = torch.manual_seed(5).get_state()
    assert torch.equal(torch.randn(shape), drawn) and torch.equal(torch.rand(shape), more)
    assert torch.equal(torch.randperm(9), last)
    torch.set_rng_state(before)
    with Own(1).in_force():
        torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("sadvae", {"cycles": 4, "related": 6, "unrelated": 2, "lr": 1e-2, "draws": 4, "classifier_steps": 4}),
        ("dvta", {"epochs": 3, "warmup": 1, "lr": 1e-3}),
    ],
)
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize(("clips", "classes", "batch"), [(19, 4, 8), (5, 1, 2), (1, 1, 3)])
def test_runs_together_are_runs_alone(name, keywords, clips, classes, batch, device):
    cls, g = find(name), torch.Generator().manual_seed(0)
    seen = Seen(torch.rand(clips, 7, generator=g).to(device), (torch.arange(clips) % classes).to(device))
    text, seeds = torch.randn(classes + 2, 2, 9, generator=g).to(device), (3, 1, 4)

    def new():
        return cls(**keywords, batch=batch)

    alone, losses = [new() for _ in seeds], []
    for method, seed in zip(alone, seeds, strict=True):
        torch.manual_seed(seed)
        losses.append([report["loss"] for report in method.train(seen, text[:classes])])
    together, draws = [new() for _ in seeds], [Own(seed, device) for seed in seeds]
    reports = list(cls.train_together(together, [seen] * 3, [text[:classes]] * 3, draws))
    found = [[report[run]["loss"] for report in reports] for run in range(3)]
    torch.testing.assert_close(torch.tensor(found), torch.tensor(losses), rtol=1e-3, atol=1e-4)
    for one, other in zip(alone, together, strict=True):
        scores = [(torch.manual_seed(1), method.score(seen.x, text[classes:]))[1] for method in (one, other)]
        torch.testing.assert_close(*scores, rtol=1e-2, atol=1e-3)


def test_a_term_whose_factor_is_zero_draws_all_the_same():
    """The random numbers of later steps don't depend on the schedule."""
    method, draws = SADVAE(related=6, unrelated=3), [Own(0), Own(0)]
    method.network = networks(1)[0]
    x, t = torch.rand(5, 12), torch.randn(5, 9)
    for factor, own in zip((0.0, 1.0), draws, strict=True):
        method.discriminate(x, t, own, factor)
    states = [own.generator(torch.device("cpu")).get_state() for own in draws]
    assert torch.equal(*states)


def test_dvta_in_bfloat16_learns_as_in_float32():
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
