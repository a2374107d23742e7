"""PGFA on features of a fixed encoder: the same but for the encoder, under a name and keywords of its own."""

import inspect

import pytest
import torch

from zsar.methods import Seen
from zsar.methods.pgfa import PGFA
from zsar.methods.pgfa_fixed import FixedPGFA


def test_it_has_the_keywords_of_pgfa_but_the_encoders():
    own, whole = (inspect.signature(cls).parameters for cls in (FixedPGFA, PGFA))
    encoder = {"hidden", "width", "dropout", "absent_bodies", "joints", "precision", "compiled"}
    assert own.keys() == whole.keys() - encoder
    assert all(own[name].default == whole[name].default for name in own)
    assert FixedPGFA.title != PGFA.title and FixedPGFA.paper == PGFA.paper


def test_features_go_through_the_linear_map_alone():
    method, x = FixedPGFA(batch=8, epochs=1, warmup=0), torch.randn(5, 7)
    next(method.train(Seen(torch.randn(16, 7), torch.arange(16) % 4), torch.randn(4, 1, 6)))
    torch.testing.assert_close(method.embed(x), method.network.projection(x).detach())


def test_there_is_no_released_checkpoint():
    with pytest.raises(NotImplementedError, match="no checkpoint"):
        FixedPGFA.from_official({})
