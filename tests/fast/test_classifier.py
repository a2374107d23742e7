"""The autoencoders' classifier on factored draws, against one on draws."""

import pytest
import torch

from zsar.fast import classifier
from zsar.learning.variational import train_classifier


@pytest.mark.parametrize("at_once", [1, 2**18])
@pytest.mark.parametrize("widths", [(4,), (4, 3)])
@pytest.mark.parametrize(("classes", "draws", "clips"), [(1, 1, 1), (1, 9, 4), (5, 1, 3), (6, 11, 7)])
def test_a_classifier_on_factored_draws_is_one_on_draws(double, monkeypatch, classes, draws, clips, widths, at_once):
    monkeypatch.setattr(classifier, "LOGITS", at_once)
    parts = [(torch.randn(classes, w), torch.randn(classes, w)) for w in widths]
    x, scores = torch.randn(clips, sum(widths)), []
    for form in (train_classifier, train_classifier.plain):
        torch.manual_seed(3)
        scores.append(form(parts, draws, 20, 0.05)(x))
        after = torch.rand(2)
    torch.testing.assert_close(*scores, rtol=1e-9, atol=1e-11)
    torch.manual_seed(3)
    train_classifier(parts, draws, 20, 0.05)
    assert torch.equal(torch.rand(2), after)  # as many random numbers drawn
