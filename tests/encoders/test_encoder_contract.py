"""What is asked of an encoder: a third party writes three functions, the rest has defaults that say what is missing."""

import pytest
import torch

from zsar.encoders import checkpoints
from zsar.encoders.contract import Encoder
from zsar.encoders.pretraining import ShiftGCNEncoder, STGCNEncoder
from zsar.encoders.trajectory import TrajectoryEncoder


class Mean(Encoder):
    """The mean position, without epochs."""

    def train(self, x, y, classes):
        self.centre = x.mean((0, 2, 3, 4))
        self.classes = classes
        yield from ()

    def encode(self, x):
        return x.mean((2, 3, 4)) - self.centre

    def logits(self, features):
        return features[:, : self.classes]


def test_three_functions_make_an_encoder():
    encoder, x = Mean(), torch.randn(4, 3, 5, 25, 2)
    checkpoints.train(encoder, x, torch.arange(4) % 2, 2, seed=0)
    assert encoder.encode(x).shape == (4, 3) and encoder.logits(encoder.encode(x)).shape == (4, 2)
    assert not (encoder.streams or encoder.random or encoder.epochs or encoder.weights())


@pytest.mark.parametrize("encoder", [Mean(), TrajectoryEncoder()])
def test_an_encoder_without_maps_says_so(encoder):
    with pytest.raises(NotImplementedError, match=f"{type(encoder).__name__} has no maps"):
        encoder.maps(torch.zeros(1, 3, 5, 25, 2))


def test_an_encoder_without_weights_says_so():
    assert not Mean.restorable and not TrajectoryEncoder.restorable and STGCNEncoder.restorable
    with pytest.raises(NotImplementedError, match="Mean can't be restored from weights"):
        Mean().restore({}, 2)


@pytest.mark.parametrize("cls", [STGCNEncoder, ShiftGCNEncoder, TrajectoryEncoder])
def test_an_encoder_is_its_keywords(cls):
    with pytest.raises(TypeError, match="positional"):
        cls(3)
    with pytest.raises(TypeError, match="unexpected keyword"):
        cls(hiden=3)
