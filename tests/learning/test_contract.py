"""What every installed method keeps to, zsar's own and others'."""

import inspect

import pytest
import torch

from zsar.errors import UnknownName, ZsarError
from zsar.methods import Method, Seen, available, find
from zsar.plugins import keywords_of

SHORT = {
    "epochs": 4,
    "cycles": 4,
    "steps": 8,
    "warmup": 1,
    "batch": 8,
    "hidden": 2,
    "width": 8,
    "draws": 5,
    "classifier_steps": 5,
    "related": 6,
    "unrelated": 2,
    "latent": 8,
    "heads": 2,
    "alignment_steps": 8,
    "lr": 1e-2,
}
DRAWN = {"random"}
"""Chance itself: every clip's scores are a draw of their own."""
N, FRAMES, WIDTH, PROMPTS, TEXT = 18, 8, 10, 2, 12


@pytest.fixture(params=available())
def name(request):
    return request.param


@pytest.fixture
def method(name):
    """The method with few epochs and small networks, as far as it has such keywords."""
    cls = find(name)
    return cls(**keywords_of(cls, {k: v for k, v in SHORT.items() if _takes(cls, k, v)}, cls.__name__))


def _takes(cls: type, keyword: str, value) -> bool:
    parameter = inspect.signature(cls).parameters.get(keyword)
    return parameter is not None and type(parameter.default) is type(value)


def again(method: Method) -> Method:
    """An untrained method with the same keywords."""
    return type(method)(**{k: getattr(method, k) for k in inspect.signature(type(method)).parameters})


def adapt(method: Method, x, text):
    return method.adapt(method.embed(x), text)


def data(method: Method, count: int = N, seed: int = 0):
    """Clips or features of six seen classes and the text of these and five more."""
    g = torch.Generator().manual_seed(seed)
    shape = {"features": (count, WIDTH), "maps": (count, 4, 5, WIDTH)}.get(method.input, (count, 3, FRAMES, 25, 2))
    x = torch.rand(shape, generator=g)
    return Seen(x, torch.arange(count) % 6), torch.randn(11, PROMPTS, TEXT, generator=g)


def train(method: Method, epochs: int | None = None, resumed: dict | None = None) -> list[dict]:
    seen, text = data(method)
    if resumed is None:
        torch.manual_seed(0)
    else:
        method.resume(resumed)
    reports = []
    for report in method.train(seen, text[:6]):
        reports.append(report)
        if len(reports) == epochs:
            break
    return reports


def score(method: Method, x, text):
    torch.manual_seed(1)
    return method.score(x, text)


def weights(method: Method) -> dict[str, torch.Tensor]:
    """Copies of all tensors that a method holds."""
    tensors = {}
    for name, held in vars(method).items():
        if isinstance(held, torch.nn.Module):
            tensors |= {f"{name}.{key}": value.clone() for key, value in held.state_dict().items()}
        elif isinstance(held, torch.Tensor):
            tensors[name] = held.clone()
    return tensors


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_the_class_says_what_it_is(name):
    cls = find(name)
    assert cls.title and cls.input in ("clips", "maps", "features") and cls.prompts and inspect.getdoc(cls)
    assert cls.transductive == (cls.adapt is not Method.adapt)


def test_the_constructor_stores_its_keywords_and_nothing_else(name):
    cls = find(name)
    parameters = inspect.signature(cls).parameters
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in parameters.values())
    assert vars(cls()) == {k: p.default for k, p in parameters.items()}


def test_an_unknown_keyword_is_an_error_that_names_the_nearest(name):
    cls = find(name)
    keyword = next(iter(inspect.signature(cls).parameters), "")
    with pytest.raises(UnknownName, match=f"Did you mean .*{keyword}" if keyword else "unknown keyword"):
        cls(**keywords_of(cls, {keyword + "x": 1}, cls.__name__))


def test_a_keyword_of_the_wrong_type_is_an_error(name):
    cls = find(name)
    for keyword, parameter in inspect.signature(cls).parameters.items():
        if isinstance(parameter.default, int | float):
            with pytest.raises(ZsarError, match=f"{keyword} should be a"):
                cls(**keywords_of(cls, {keyword: "many"}, cls.__name__))


def test_building_makes_the_network_that_training_trains(method):
    """Whoever loads a trained model builds its network and puts the weights in."""
    seen, text = data(method, 5, seed=3)
    before = dict(vars(method))
    network = method.build(seen.x.shape[1:], text[:6].shape)
    assert vars(method) == before
    train(method)
    modules = [held for held in vars(method).values() if isinstance(held, torch.nn.Module)]
    if network is None:
        assert not modules
        return
    assert modules == [method.network]
    network.load_state_dict(method.network.state_dict())
    scores = score(method, seen.x, text[6:])
    method.network = network
    assert torch.equal(score(method, seen.x, text[6:]), scores)


def test_scores_are_the_classifiers_of_embedded_clips(method):
    train(method)
    seen, text = data(method, 7, seed=3)
    expected = score(method, seen.x, text[6:])
    torch.manual_seed(1)
    classify = method.classifier(text[6:])
    embedded = method.embed(seen.x)
    assert len(embedded) == 7 and torch.equal(classify(embedded), expected)
    if method.adapt.__func__ is Method.adapt:
        assert torch.equal(method.adapt(embedded, text[6:]), text[6:])
    else:
        adapted = method.adapt(embedded, text[6:])
        assert adapted.shape[0] == 5 and not torch.equal(score(method, seen.x, adapted), expected)


def test_a_class_that_can_neither_score_nor_classify_is_refused():
    with pytest.raises(TypeError, match="Mute should define score, or embed and classifier"):

        class Mute(Method):
            title = "Mute"

    with pytest.raises(NotImplementedError, match="Untrained should define train"):

        class Untrained(Method):
            def score(self, x, text):
                return x

        Untrained().train(None, None)


def test_a_score_that_nobody_would_ask_for_is_refused():
    with pytest.raises(TypeError, match="Negative should redefine classifier, not score"):

        class Negative(find("dvta")):
            def score(self, x, text):
                return -super().score(x, text)


def test_a_method_may_write_train_and_score_alone():
    class Scorer(Method):
        def train(self, seen, text):
            yield {"loss": 0.0}

        def score(self, x, text):
            return x @ text.mean(1).T

    x, text = torch.rand(4, 3), torch.rand(2, 1, 3)
    method = Scorer()
    assert method.embed(x) is x and torch.equal(method.classifier(text)(x), method.score(x, text))
    assert method.build((3,), (2, 1, 3)) is None and method.adapt(x, text) is text and method.state() is None


@pytest.mark.gpu
def test_a_method_trains_and_scores_on_a_gpu(method):
    seen, text = data(method)
    text = text.cuda()
    for _ in method.train(Seen(seen.x.cuda(), seen.y.cuda()), text[:6]):
        pass
    scores = method.score(seen.x.cuda(), text[6:])
    assert scores.is_cuda and scores.isfinite().all()


def test_training_yields_a_finite_loss_per_epoch(method):
    reports = train(method)
    planned = getattr(method, "epochs", getattr(method, "cycles", None))
    assert len(reports) == planned if planned else reports
    assert all(isinstance(r["loss"], float) and torch.tensor(r["loss"]).isfinite() for r in reports)


@pytest.mark.parametrize("clips", [1, 7])
def test_scores_are_finite_for_any_number_of_candidates(method, clips):
    train(method)
    seen, text = data(method, clips, seed=3)
    for candidates in range(1, 6):
        scores = score(method, seen.x, text[6 : 6 + candidates])
        assert scores.shape == (clips, candidates) and scores.isfinite().all()
        assert not scores.requires_grad


def test_a_clip_is_scored_alike_alone_and_in_company(method, name):
    if name in DRAWN:
        pytest.skip(f"{name} draws its scores")
    train(method)
    seen, text = data(method, 9, seed=3)
    together = score(method, seen.x, text[6:])
    alone = torch.cat([score(method, seen.x[i : i + 1], text[6:]) for i in range(9)])
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)


def test_scoring_and_adapting_change_no_weight_and_no_input(method):
    train(method)
    seen, text = data(method, 9, seed=3)
    before, x, t = weights(method), seen.x.clone(), text.clone()
    score(method, seen.x, text[6:])
    adapted = adapt(method, seen.x, text[6:])
    score(method, seen.x, adapted)
    assert same(weights(method), before) and torch.equal(seen.x, x) and torch.equal(text, t)
    assert adapted.shape[0] == 5 and adapted.shape[-1] == TEXT and adapted.isfinite().all()


def test_scoring_between_epochs_changes_nothing_in_training(method):
    train(method)
    seen, text = data(method)
    torch.manual_seed(0)
    judged = again(method)
    for _ in judged.train(seen, text[:6]):
        with torch.random.fork_rng():
            score(judged, seen.x, adapt(judged, seen.x, text[6:]))
    assert same(weights(judged), weights(method))


@pytest.mark.parametrize("after", [1, 3])
def test_a_resumed_training_ends_with_the_same_weights(method, name, tmp_path, after):
    reports = train(method)
    if method.state() is None or after >= len(reports):
        pytest.skip(f"{name} starts over when it was interrupted")
    interrupted, resumed = again(method), again(method)
    first = train(interrupted, after)
    torch.save(interrupted.state(), tmp_path / "state.pt")
    torch.manual_seed(99)  # whatever happened in between
    rest = train(resumed, resumed=torch.load(tmp_path / "state.pt", weights_only=True))
    assert first + rest == reports and same(weights(resumed), weights(method))
    seen, text = data(method, 5, seed=3)
    assert torch.equal(score(resumed, seen.x, text[6:]), score(method, seen.x, text[6:]))


def test_training_in_epochs_can_be_resumed_and_depends_on_the_seed(method, name):
    reports = train(method)
    if len(reports) == 1:
        pytest.skip(f"{name} is trained in one step")
    assert method.state() is not None
    first = weights(method)
    seen, text = data(method)
    torch.manual_seed(1)
    for _ in method.train(seen, text[:6]):
        pass
    assert not same(weights(method), first)


def test_training_again_starts_over(method):
    train(method)
    first = weights(method)
    train(method)
    assert same(weights(method), first)
