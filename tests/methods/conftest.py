import pytest
import torch

from zsar.methods import Seen


@pytest.fixture
def data():
    """40 non-negative features of 5 seen classes, their text (two prompts), that of 3 others."""
    generator = torch.Generator().manual_seed(3)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    y = torch.arange(40) % 5
    x = (draw(5, 7)[y] + 0.3 * draw(40, 7)).abs()
    return Seen(x, y), draw(5, 2, 9), draw(3, 2, 9)
