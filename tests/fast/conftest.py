import pytest
import torch


@pytest.fixture
def double():
    """Double precision, in which two orders of the same sum can be told from two sums."""
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)
