"""CADA-VAE: the released schedule."""

import pytest

from zsar.methods.cadavae import CADAVAE


def test_factors_follow_the_released_schedule_and_stretch_with_the_cycle():
    assert CADAVAE.factors(1000, 1700) == {"skeleton_kl": 0.0, "text_kl": 0.0, "cross": 0.0}
    assert CADAVAE.factors(1400, 1700)["text_kl"] == 0 == CADAVAE.factors(1400, 1700)["cross"]
    late = CADAVAE.factors(1600, 1700)
    assert late["skeleton_kl"] == late["text_kl"] == pytest.approx(0.02) and late["cross"] == 1
    assert CADAVAE.factors(160, 170) == pytest.approx(late)
