"""The skeleton graph of ST-GCN and its spatial partition."""

import numpy as np


def spatial_partition(edges, joints: int, centre: int) -> np.ndarray:
    """The three adjacency matrices of the spatial configuration partition, [3, V, V] float32.

    The joint itself; its neighbours nearer to the centre of gravity; those further from it. Columns of the whole
    adjacency are normalised to one. Yan et al., Spatial Temporal Graph Convolutional Networks for Skeleton-Based
    Action Recognition, AAAI 2018, section 3.3. As released there and since, distances count only up to one bone:
    neighbours that are both further from the centre go with the nearer ones.
    """
    adjacency = np.eye(joints)
    for i, j in edges:
        adjacency[i, j] = adjacency[j, i] = 1
    distance = np.where(adjacency[centre] > 0, 1, np.inf)
    distance[centre] = 0
    adjacency /= adjacency.sum(axis=0, keepdims=True)
    itself = np.eye(joints, dtype=bool)
    further = distance[:, None] < distance[None, :]
    return np.stack([np.where(m, adjacency, 0) for m in (itself, ~itself & ~further, further)]).astype(np.float32)
