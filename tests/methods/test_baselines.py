"""The baselines against brute force: closed forms, losses by loops, schedules, resuming."""

import math

import numpy as np
import pytest
import torch

from zsar.errors import ZsarError
from zsar.learning.variational import divergence, wasserstein
from zsar.methods import Seen, find
from zsar.methods.cadavae import CADAVAE
from zsar.methods.devise import DeViSE, hinge_rank
from zsar.methods.eszsl import ESZSL
from zsar.methods.nearest import Nearest
from zsar.methods.revise import ReViSE, hinge, mean_discrepancy
from zsar.methods.smie import SMIE
from zsar.methods.synse import SynSE, halves

SMALL = {
    "random": {},
    "nearest": {},
    "eszsl": {},
    "devise": {"epochs": 3},
    "revise": {"epochs": 3, "skeleton_layers": (8,), "text_layers": (16, 8), "joint": 6},
    "smie": {"epochs": 3, "warmup": 1},
    "cadavae": {"cycles": 3, "steps": 8, "latent": 6, "draws": 5, "classifier_steps": 5},
    "synse": {"cycles": 3, "steps": 8, "latent": 6, "draws": 5, "classifier_steps": 5},
}


@pytest.fixture
def data():
    """40 non-negative features of 5 seen classes, their text (two prompts), that of 3 others."""
    generator = torch.Generator().manual_seed(3)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    y = torch.arange(40) % 5
    x = (draw(5, 7)[y] + 0.3 * draw(40, 7)).abs()
    return Seen(x, y), draw(5, 2, 9), draw(3, 2, 9)


def trained(method, seen, text):
    torch.manual_seed(0)
    return method, [report["loss"] for report in method.train(seen, text)]


def unit(text):
    mean = text.double().mean(1).numpy()
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


@pytest.mark.parametrize("name", SMALL)
def test_every_baseline_keeps_the_contract(name, data):
    seen, text, candidates = data
    method, losses = trained(find(name)(**SMALL[name]), seen, text)
    assert len(losses) == (3 if len(SMALL[name]) else 1) and np.isfinite(losses).all()
    torch.manual_seed(1)
    scores = method.score(seen.x[:11], candidates)
    torch.manual_seed(1)
    assert scores.shape == (11, 3) and scores.dtype == torch.float32 and not scores.requires_grad
    assert scores.isfinite().all() and torch.equal(scores, method.score(seen.x[:11], candidates))
    assert method.adapt(seen.x, candidates) is candidates and not method.transductive


@pytest.mark.parametrize("name", [name for name in SMALL if SMALL[name]])
def test_an_interrupted_training_goes_on_where_it_was(name, data):
    seen, text, candidates = data
    whole, losses = trained(find(name)(**SMALL[name]), seen, text)
    first = find(name)(**SMALL[name])
    torch.manual_seed(0)
    next(steps := first.train(seen, text))
    state = first.state()
    steps.close()
    second = find(name)(**SMALL[name])
    second.resume(state)
    torch.manual_seed(99)
    assert [report["loss"] for report in second.train(seen, text)] == losses[1:]
    torch.manual_seed(1)
    expected = whole.score(seen.x, candidates)
    torch.manual_seed(1)
    assert torch.equal(second.score(seen.x, candidates), expected)


@pytest.mark.parametrize("name", ["nearest", "eszsl", "devise", "revise", "smie", "cadavae", "synse"])
def test_every_baseline_learns_classes_that_text_can_tell_apart(name):
    # Features: both signs' parts of what tells class vectors apart, which share a component.
    generator = torch.Generator().manual_seed(0)
    meaning = torch.randn(30, 6, generator=generator)
    text = torch.cat([meaning, torch.full((30, 1), 3.0)], 1)[:, None]

    def clips(y):
        x = meaning[y] + 0.1 * torch.randn(len(y), 6, generator=generator)
        return torch.cat([x.relu(), (-x).relu()], 1)

    latent = {
        "lr": 3e-3,
        "cycles": 3,
        "steps": 120,
        "latent": 16,
        "classifier_lr": 0.05,
        "draws": 100,
    }
    keywords = {
        "devise": {"lr": 0.1},
        "nearest": {"ridge": 1.0},
        "eszsl": {"feature_ridge": 1.0, "text_ridge": 0.1},
        "revise": {"lr": 3e-3, "batch": 64, "epochs": 60},
        "smie": {"lr": 1e-3, "epochs": 40, "warmup": 2},
        "cadavae": latent,
        "synse": latent,
    }[name]
    y, unseen = torch.arange(20).repeat(8), torch.arange(20, 30).repeat(10)
    method, losses = trained(find(name)(**keywords), Seen(clips(y), y), text[:20])
    assert losses[-1] <= losses[0]
    accuracy = (method.score(clips(unseen), text[20:]).argmax(1) + 20 == unseen).float().mean()
    assert accuracy > 0.4, f"{accuracy:.2f} where chance is 0.10"


def test_nearest_is_scikit_learns_ridge_regression(data):
    from sklearn.linear_model import Ridge

    seen, text, candidates = data
    method, _ = trained(Nearest(ridge=2.5), seen, text)
    ridge = Ridge(alpha=2.5).fit(seen.x.double().numpy(), unit(text)[seen.y.numpy()])
    predicted = ridge.predict(seen.x.double().numpy())
    cosine = predicted / np.linalg.norm(predicted, axis=1, keepdims=True) @ unit(candidates).T
    np.testing.assert_allclose(method.score(seen.x, candidates), cosine, atol=1e-6)


def test_eszsl_minimises_its_objective(data):
    from scipy.optimize import minimize

    seen, text, candidates = data
    gamma, lam = 0.7, 0.3
    method, _ = trained(ESZSL(feature_ridge=gamma, text_ridge=lam), seen, text)
    x, s = seen.x.double().numpy(), unit(text)
    y = np.where(np.arange(5)[None] == seen.y.numpy()[:, None], 1.0, -1.0)

    def objective(v):
        v = v.reshape(7, 9)
        error = x @ v @ s.T - y
        left, right = v @ s.T, x @ v
        slope = 2 * (x.T @ error @ s + gamma * left @ s + lam * x.T @ right + gamma * lam * v)
        value = (error**2).sum() + gamma * (left**2).sum() + lam * (right**2).sum() + gamma * lam * (v**2).sum()
        return value, slope.ravel()

    found = minimize(objective, np.zeros(63), jac=True, method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(method.weight.numpy(), found.reshape(7, 9), atol=1e-5)
    np.testing.assert_allclose(
        method.score(seen.x, candidates), x @ found.reshape(7, 9) @ unit(candidates).T, atol=1e-4
    )


def test_hinge_losses_against_loops():
    generator = torch.Generator().manual_seed(1)
    scores, y = torch.randn(6, 4, generator=generator), torch.tensor([0, 3, 2, 1, 1, 0])
    wrong = [
        [max(0.0, 0.3 + scores[i, j].item() - scores[i, y[i]].item()) for j in range(4) if j != y[i]] for i in range(6)
    ]
    expected = sum(map(sum, wrong)) / 6
    assert hinge_rank(scores, y, 0.3).item() == pytest.approx(expected, abs=1e-6)
    # The released ReViSE counts the right class too: the margin once per clip.
    assert hinge(scores, scores.gather(1, y[:, None])[:, 0], 0.3).item() == pytest.approx(expected + 0.3, abs=1e-6)


def test_devise_stops_at_satisfied_margins(data):
    seen, text, _ = data
    method, losses = trained(DeViSE(epochs=300, lr=0.3), seen, text)
    assert losses[-1] < losses[0] / 5
    scores = torch.tensor([[5.0, 0.0, 0.0]], requires_grad=True)
    hinge_rank(scores, torch.tensor([0]), 0.1).backward()
    assert scores.grad.abs().max() == 0


def test_mean_discrepancy_against_loops():
    generator = torch.Generator().manual_seed(2)
    a, b = (
        0.2 * torch.randn(5, 3, generator=generator),
        0.2 * torch.randn(5, 3, generator=generator),
    )

    def kernel(p, q):
        return math.exp(-32 * ((p - q) ** 2).sum().item())

    expected = sum(kernel(p, q) for p in a for q in a) + sum(kernel(p, q) for p in b for q in b)
    expected -= 2 * sum(kernel(p, q) for p in a for q in b)
    assert mean_discrepancy(a, b, 32.0).item() == pytest.approx(expected / 25, abs=1e-5)
    assert mean_discrepancy(a, a, 32.0).item() == pytest.approx(0, abs=1e-6)


def test_revises_contractive_term_trains_only_when_asked(data):
    seen, text, _ = data
    vectors = torch.nn.functional.normalize(text.mean(1), dim=1)
    gradients = {}
    for weight, train in ((0.0, False), (1.0, False), (1.0, True)):
        method = ReViSE(
            **{
                **SMALL["revise"],
                "epochs": 1,
                "contractive": weight,
                "train_contractive": train,
                "lr": 0.0,
            }
        )
        trained(method, seen, text)
        method.network.zero_grad()
        terms = method.terms(seen.x, vectors, seen.y)
        terms["skeleton"].backward()
        gradients[weight, train] = method.network.skeleton.encoder[0].weight.grad
    assert torch.equal(gradients[0.0, False], gradients[1.0, False])
    assert not torch.allclose(gradients[0.0, False], gradients[1.0, True])


def test_revises_features_may_be_negative(data):
    seen, text, candidates = data
    method, losses = trained(ReViSE(**SMALL["revise"]), Seen(seen.x - 2, seen.y), text)
    assert np.isfinite(losses).all() and method.score(seen.x - 2, candidates).isfinite().all()


def test_smies_estimate_and_scores_against_pairs(data):
    seen, text, candidates = data
    method, _ = trained(SMIE(**SMALL["smie"]), seen, text)
    d, x = method.discriminator, seen.x[:6]
    t = torch.nn.functional.normalize(text.mean(1), dim=1)[seen.y[:6]]

    def normal(v):
        return (v - v.mean()) / (v.var(unbiased=False) + 1e-5).sqrt()

    def softplus(v):
        return math.log1p(math.exp(v))

    def pair(a, b):
        h = torch.relu(d.l1(torch.relu(d.l0(torch.cat([a, b])))))
        return d.l2(h).item()

    right = sum(-softplus(-pair(normal(x[i]), t[i])) for i in range(6)) / 6
    wrong = sum(softplus(pair(normal(x[(i + 1) % 6]), t[i])) for i in range(6)) / 6
    assert method.information(x, t).item() == pytest.approx(right - wrong, abs=1e-5)
    c = torch.nn.functional.normalize(candidates.mean(1), dim=1)
    expected = [[-softplus(-pair(normal(v), u)) for u in c] for v in x]
    np.testing.assert_allclose(method.score(x, candidates), expected, atol=1e-5)
    method.normalise_scored = False
    raw = [[-softplus(-pair(v, u)) for u in c] for v in x]
    np.testing.assert_allclose(method.score(x, candidates), raw, atol=1e-5)


def test_smies_temporal_constraint_is_a_hinge():
    method, whole = SMIE(margin=0.1), torch.tensor(-1.0)
    assert method.loss(whole).item() == pytest.approx(1.0)
    assert method.loss(whole, torch.tensor(-1.5)).item() == pytest.approx(1.0)
    assert method.loss(whole, torch.tensor(-1.02)).item() == pytest.approx(1.0 + 0.5 * 0.08, abs=1e-6)


def test_divergences_against_torch_and_their_definition():
    generator = torch.Generator().manual_seed(4)
    mu, logvar, other, other_logvar = torch.randn(4, 5, 3, generator=generator)
    normal = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    standard = torch.distributions.Normal(torch.zeros(5, 3), torch.ones(5, 3))
    expected = torch.distributions.kl_divergence(normal, standard).sum() / 5
    assert divergence(mu, logvar).item() == pytest.approx(expected.item(), rel=1e-5)
    apart = sum(
        math.sqrt(
            sum(
                (mu[i, k] - other[i, k]).item() ** 2
                + (math.exp(logvar[i, k] / 2) - math.exp(other_logvar[i, k] / 2)) ** 2
                for k in range(3)
            )
        )
        for i in range(5)
    )
    assert wasserstein(mu, logvar, other, other_logvar).item() == pytest.approx(apart, rel=1e-5)


def test_factors_follow_the_released_schedule_and_stretch_with_the_cycle():
    assert CADAVAE.factors(1000, 1700) == {"skeleton_kl": 0.0, "text_kl": 0.0, "cross": 0.0}
    assert CADAVAE.factors(1400, 1700)["text_kl"] == 0 == CADAVAE.factors(1400, 1700)["cross"]
    late = CADAVAE.factors(1600, 1700)
    assert late["skeleton_kl"] == late["text_kl"] == pytest.approx(0.02) and late["cross"] == 1
    assert CADAVAE.factors(160, 170) == pytest.approx(late)
    assert SynSE.factors(1600, 1700, 1)["noun_kl"] == 0
    third = SynSE.factors(1600, 1700, 2)
    assert third["noun_kl"] == third["verb_kl"] == pytest.approx(0.1 * 200 / 3000)
    assert third["skeleton_kl"] == pytest.approx(0.02) and third["cross"] == 1


def test_synses_noun_never_touches_the_verb_half(data):
    seen, text, _ = data
    method, _ = trained(SynSE(**SMALL["synse"]), seen, text)
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


def test_random_is_the_seeds_own(data):
    seen, text, candidates = data
    method = find("random")()
    draws = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        draws.append(method.score(seen.x, candidates))
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


@pytest.mark.gpu
@pytest.mark.parametrize("name", SMALL)
def test_every_baseline_runs_on_a_gpu(name, data):
    seen, text, candidates = data
    method, _ = trained(find(name)(**SMALL[name]), Seen(seen.x.cuda(), seen.y.cuda()), text.cuda())
    scores = method.score(seen.x.cuda(), candidates.cuda())
    assert scores.is_cuda and scores.isfinite().all()
