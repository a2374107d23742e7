"""Scores of clips among seen and unseen classes, drawn for the tests."""

import numpy as np
from hypothesis import strategies as st

SEEN = np.array([True, False, True, True, False])


@st.composite
def tables(draw, both=True):
    """Scores, labels and a mask; few distinct scores, so that gaps tie often."""
    n, c = draw(st.integers(2, 25)), draw(st.integers(2, 7))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    mask = rng.random(c) < 0.5
    mask[:2] = True, False
    labels = rng.integers(0, c, n)
    if both:
        labels[:2] = 0, 1
    values = rng.integers(-3, 4, (n, c)) if draw(st.booleans()) else rng.normal(size=(n, c))
    return values.astype(float), labels, mask
