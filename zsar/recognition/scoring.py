"""Scores of a trained method with its seed's random numbers, as the benchmark takes them, and kept ready for more."""

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from zsar.learning.contract import Method

MOST_READY = 8
"""Sets of candidates for which a method's scorer is kept."""


def seeded_scores(method: Method, x: Tensor, text: Tensor, seed: int) -> np.ndarray:
    """Scores [N, C] float32 of clips or features ``x`` among candidates ``text`` [C, P, D]: `bench`'s, inductive."""
    return _seeded(lambda: method.score(x, text), x.device, seed).float().cpu().numpy()


class Scorer:
    """`seeded_scores` for many calls.

    Some methods train a classifier for their candidates in every call of `score`. Where a method has a function
    ``scorer(text)`` that does so once and returns what maps ``x`` to scores, it is used, and kept for the last
    `MOST_READY` sets of candidates; the scores are the same.
    """

    def __init__(self, method: Method, seed: int):
        self.method, self.seed = method, seed
        self._ready: OrderedDict[bytes, Callable[[Tensor], Tensor]] = OrderedDict()

    def __call__(self, x: Tensor, text: Tensor) -> np.ndarray:
        """Scores [N, C] float32 of ``x`` among candidates ``text`` [C, P, D]."""
        make = getattr(self.method, "scorer", None)
        if make is None:
            return seeded_scores(self.method, x, text, self.seed)
        key = text.cpu().numpy().tobytes()
        ready = self._ready.pop(key, None)
        if ready is None:
            ready = _seeded(lambda: make(text), text.device, self.seed)
        self._ready[key] = ready
        while len(self._ready) > MOST_READY:
            self._ready.popitem(last=False)
        with torch.no_grad():
            return ready(x).float().cpu().numpy()


def _seeded(call: Callable, device: torch.device, seed: int):
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), torch.no_grad():
        torch.manual_seed(seed)
        return call()
