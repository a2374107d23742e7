"""Nearest against scikit-learn."""

import numpy as np
from training import trained, unit

from zsar.methods.nearest import Nearest


def test_nearest_is_scikit_learns_ridge_regression(data):
    from sklearn.linear_model import Ridge

    seen, text, candidates = data
    method, _ = trained(Nearest(ridge=2.5), seen, text)
    ridge = Ridge(alpha=2.5).fit(seen.x.double().numpy(), unit(text)[seen.y.numpy()])
    predicted = ridge.predict(seen.x.double().numpy())
    cosine = predicted / np.linalg.norm(predicted, axis=1, keepdims=True) @ unit(candidates).T
    np.testing.assert_allclose(method.score(seen.x, candidates), cosine, atol=1e-6)
