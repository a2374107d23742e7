"""What a gate looks at: the largest probabilities, sorted once for all temperatures."""

import numpy as np
import pytest

from zsar.evaluation.gate import TopOfSoftmax, softmax, top


@pytest.mark.parametrize("k", [1, 3, 5, 8])
@pytest.mark.parametrize("width", [1, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_top_is_the_beginning_of_a_sort_filled_up_with_zeros(dtype, width, k):
    values = np.random.default_rng(0).random((7, width)).astype(dtype)
    expected = np.zeros((7, k), dtype)
    expected[:, : min(k, width)] = -np.sort(-values, axis=1)[:, :k]
    np.testing.assert_array_equal(top(values, k), expected)


@pytest.mark.parametrize("k", [1, 3, 5, 8])
@pytest.mark.parametrize("temperature", [1, 3.5, 9])
def test_the_top_of_a_softmax_is_that_of_all_its_values(temperature, k):
    logits = (10 * np.random.default_rng(0).normal(size=(7, 5))).astype(np.float32)
    largest = TopOfSoftmax(logits, k).at(temperature)
    np.testing.assert_array_equal(largest, top(softmax(logits / temperature), k))
    assert largest.dtype == np.float32
