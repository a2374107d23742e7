"""Places on a map: t-SNE of vectors, the same for pictures and for the page."""

import numpy as np


def of_features(features: np.ndarray, steps: int = 1000) -> np.ndarray:
    """Places [n, 2] of features [n, D], centred and with one scale for all dimensions, so their proportions stay."""
    x = features - features.mean(axis=0)
    return tsne(x / max(float(x.std()), 1e-12), steps)


def tsne(x: np.ndarray, steps: int = 1000) -> np.ndarray:
    """Places [n, 2] of vectors [n, D] after so many steps; the same ones every time."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(30.0, max(2.0, (len(x) - 1) / 4))
    start = "pca" if min(x.shape) >= 2 else "random"
    tsne = TSNE(2, perplexity=perplexity, init=start, random_state=0, max_iter=steps, n_jobs=1)
    with threadpool_limits(1, user_api="openmp"):  # for so few points, threads wait for one another most of the time
        return tsne.fit_transform(x.astype(np.float32))
