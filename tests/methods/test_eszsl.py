"""ESZSL against a numerical minimum of its objective."""

import numpy as np
from training import trained, unit

from zsar.methods.eszsl import ESZSL


def test_eszsl_minimises_its_objective(data):
    from scipy.optimize import minimize

    seen, text, candidates = data
    gamma, lam = 0.7, 0.3
    method, _ = trained(ESZSL(feature_ridge=gamma, text_ridge=lam), seen, text)
    x, s = seen.x.double().numpy(), unit(text)
    y = np.where(np.arange(5)[None] == seen.y.numpy()[:, None], 1.0, -1.0)

    def objective(v):
        v = v.reshape(7, 9)
        error = x @ v @ s.T - y
        left, right = v @ s.T, x @ v
        slope = 2 * (x.T @ error @ s + gamma * left @ s + lam * x.T @ right + gamma * lam * v)
        value = (error**2).sum() + gamma * (left**2).sum() + lam * (right**2).sum() + gamma * lam * (v**2).sum()
        return value, slope.ravel()

    weight = minimize(objective, np.zeros(63), jac=True, method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(method.weight.numpy(), weight.reshape(7, 9), atol=1e-5)
    np.testing.assert_allclose(
        method.score(seen.x, candidates), x @ weight.reshape(7, 9) @ unit(candidates).T, atol=1e-4
    )
