"""Random: draws of the seed, and of nothing else."""

import torch

from zsar.methods.random import Random


def test_random_is_the_seeds_own(data):
    seen, text, candidates = data
    method = Random()
    draws = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        draws.append(method.score(seen.x, candidates))
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
