"""Maps of clips and prototypes."""

import numpy as np

from zsar.page import maps


def test_maps_put_clips_beside_the_prototype_they_score_high_on():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 20)
    scores = rng.normal(scale=0.2, size=(80, 4)) - 100
    scores[np.arange(80), labels] += 5
    flat = np.array(maps.of_scores(scores)).reshape(-1, 2)
    clips, prototypes = flat[:80], flat[80:]
    nearest = np.linalg.norm(clips[:, None] - prototypes[None], axis=2).argmin(axis=1)
    assert (nearest == labels).mean() > 0.95
    assert flat.min() >= 0 and flat.max() <= maps.SIDE
    assert maps.of_scores(scores[:, :2]) is None
    kept = maps.thin(np.repeat(np.arange(3), [1000, 5, 400]))
    assert len(kept) <= maps.SHOWN and set(np.repeat(np.arange(3), [1000, 5, 400])[kept]) == {0, 1, 2}
