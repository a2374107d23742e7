"""PGFA encodes the test clips once per evaluation, and never keeps what older weights made of them."""

import pytest
import torch

from zsar.learning.contract import Seen
from zsar.methods.pgfa import PGFA
from zsar.methods.pgfa_fixed import FixedPGFA

TINY = {"hidden": 2, "width": 4, "batch": 8, "epochs": 3, "warmup": 0}


@pytest.fixture
def seen():
    torch.manual_seed(0)
    return Seen(torch.randn(16, 3, 12, 25, 2), torch.arange(16) % 4)


@pytest.fixture
def text():
    torch.manual_seed(1)
    return torch.randn(4, 1, 6)


def counted(method, monkeypatch):
    """How many clips the encoder was given, as they come."""
    given = []
    forward = method.network.encoder.forward
    monkeypatch.setattr(method.network.encoder, "forward", lambda x: given.append(len(x)) or forward(x))
    return given


def test_one_evaluation_encodes_once(seen, text, monkeypatch):
    method = PGFA(**TINY)
    training = method.train(seen, text)
    next(training)
    given, x = counted(method, monkeypatch), torch.randn(5, 3, 12, 25, 2)
    scores = method.score(x, text), method.score(x, method.adapt(x, text))
    assert given == [5]
    fresh = method.network.eval()(x)
    assert torch.equal(method.project(x), fresh)
    assert not torch.equal(*scores)
    assert torch.equal(method.project(x.clone()), fresh) and given == [5, 5, 5]  # other clips, as far as it knows


def test_other_weights_project_anew(seen, text):
    method, x = PGFA(**TINY), torch.randn(5, 3, 12, 25, 2)
    before = None
    for _ in method.train(seen, text):
        found = method.project(x)
        assert torch.equal(found, method.network.eval()(x))
        assert before is None or not torch.equal(found, before)
        before = found
    with torch.no_grad():
        method.network.projection.bias.add_(1)
    assert torch.equal(method.project(x), method.network.eval()(x))
    method.network.load_state_dict({k: torch.zeros_like(v) for k, v in method.network.state_dict().items()})
    assert not method.project(x).any()


def test_changed_clips_project_anew(seen, text):
    method, x = PGFA(**TINY), torch.randn(5, 3, 12, 25, 2)
    next(method.train(seen, text))
    before = method.project(x)
    x.mul_(2)
    assert not torch.equal(method.project(x), before)


def test_what_is_remembered_is_no_part_of_the_state(seen, text):
    method, x = PGFA(**TINY), torch.randn(5, 3, 12, 25, 2)
    next(method.train(seen, text))
    method.project(x)
    assert set(method.state()["attributes"]) == {"network"}


def test_the_fixed_one_too(text):
    method, x = FixedPGFA(batch=8, epochs=1, warmup=0), torch.randn(5, 7)
    next(method.train(Seen(torch.randn(16, 7), torch.arange(16) % 4), text))
    assert torch.equal(method.project(x), method.network.eval()(x)) and torch.equal(
        method.project(x), method.project(x)
    )


def test_reduced_precision_trains_near_full(seen, text):
    losses = []
    for precision in ("float32", "bf16"):
        torch.manual_seed(2)
        method = PGFA(**{**TINY, "lr": 1e-3, "dropout": 0.0}, precision=precision)
        losses.append([report["loss"] for report in method.train(seen, text)])
        assert method.project(seen.x).dtype == torch.float32
        assert all(p.dtype == torch.float32 for p in method.network.parameters())
    assert losses[0] != losses[1] and losses[1] == pytest.approx(losses[0], rel=0.05)
