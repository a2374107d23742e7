"""Every baseline on classes that text can tell apart."""

import pytest
import torch
from training import trained

from zsar.methods import Seen, find


@pytest.mark.parametrize("name", ["nearest", "eszsl", "devise", "revise", "smie", "cadavae", "synse", "jpose"])
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
        "jpose": {"lr": 3e-3, "batch": 32, "epochs": 60, "hidden": 0},
    }[name]
    y, unseen = torch.arange(20).repeat(8), torch.arange(20, 30).repeat(10)
    method, losses = trained(find(name)(**keywords), Seen(clips(y), y), text[:20])
    assert losses[-1] <= losses[0]
    accuracy = (method.score(clips(unseen), text[20:]).argmax(1) + 20 == unseen).float().mean()
    assert accuracy > 0.4, f"{accuracy:.2f} where chance is 0.10"
