"""Scores of a trained method, with the random numbers that the harness judges it with, and kept ready for more."""

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from torch import Tensor

from zsar.harness.judge import embed, epoch_seed, seeded
from zsar.learning.contract import Method

MOST_READY = 8
"""Sets of candidates whose classifiers are kept."""


class Scorer:
    """Scores of a method's clips or features among candidates, inductively; it was trained for ``epochs``.

    A set of candidates' classifier, which some methods train, is made once and kept for the last `MOST_READY` sets.
    """

    def __init__(self, method: Method, seed: int, epochs: int):
        self.method, self.seed = method, epoch_seed(seed, epochs)
        self._ready: OrderedDict[bytes, Callable[[Tensor], Tensor]] = OrderedDict()

    def __call__(self, x: Tensor, text: Tensor) -> np.ndarray:
        """Scores [N, C] float32 of clips or features ``x`` among candidates ``text`` [C, P, D]."""
        return self.scores(self.embed(x), text)

    def embed(self, x: Tensor) -> Tensor:
        """Clips or features as the method compares them."""
        return embed(self.method, x, self.seed)

    def scores(self, embedded: Tensor, text: Tensor) -> np.ndarray:
        """As a call, of what `embed` gave."""
        key = text.cpu().numpy().tobytes()
        classifier = self._ready.pop(key, None)
        if classifier is None:
            with seeded(self.seed, text.device):
                classifier = self.method.classifier(text)
        self._ready[key] = classifier
        while len(self._ready) > MOST_READY:
            self._ready.popitem(last=False)
        with seeded(self.seed, text.device):
            return classifier(embedded).float().cpu().numpy()
