"""Several runs in one loop, each with its own random numbers, against runs alone."""

import pytest
import torch

from zsar.fast.seeds import FORMS, Own
from zsar.learning.faster import stacked
from zsar.methods import Seen, available, find


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
    reports = list(stacked(cls)(together, [seen] * 3, [text[:classes]] * 3, draws))
    computed = [[report[run]["loss"] for report in reports] for run in range(3)]
    torch.testing.assert_close(torch.tensor(computed), torch.tensor(losses), rtol=1e-3, atol=1e-4)
    for one, other in zip(alone, together, strict=True):
        scores = [(torch.manual_seed(1), method.score(seen.x, text[classes:]))[1] for method in (one, other)]
        torch.testing.assert_close(*scores, rtol=1e-2, atol=1e-3)


def test_the_forms_are_those_of_methods_that_are_there():
    there = {f"{find(name).__module__}:{find(name).__qualname__}": find(name) for name in available()}
    assert FORMS.keys() <= there.keys()
    assert all(callable(stacked(there[name])) for name in FORMS)
    assert all(stacked(cls) is None for name, cls in there.items() if name not in FORMS)
