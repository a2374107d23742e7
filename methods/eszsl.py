"""ESZSL: a bilinear compatibility of features and class vectors in closed form."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from zsar.learning.contract import Method, Seen


@dataclass(kw_only=True, eq=False)
class ESZSL(Method):
    """Romera-Paredes & Torr, An embarrassingly simple approach to zero-shot learning, ICML 2015.

    Score x'VS of a feature x with the classes' vectors, the columns of S. With X the features in
    columns and Y [clips, classes] = 1 for a clip's own class and -1 elsewhere, V minimises

        |X'VS - Y|^2 + gamma |VS|^2 + lambda |X'V|^2 + gamma lambda |V|^2

    and is V = (XX' + gamma I)^-1 X Y S' (SS' + lambda I)^-1. The paper's S are attributes; here
    they are unit text vectors, ``feature_ridge`` is gamma and ``text_ridge`` lambda, both of which
    the paper chooses among powers of ten on held-back classes, as the recipes do. Solved in double
    precision.
    """

    title = "ESZSL"
    paper = "Romera-Paredes, Torr: An Embarrassingly Simple Approach to Zero-Shot Learning, ICML 2015"
    link = "https://proceedings.mlr.press/v37/romera-paredes15.html"

    feature_ridge: float = 100.0
    text_ridge: float = 1.0

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        x, s = seen.x.double(), F.normalize(text.double().mean(1), dim=1)  # clips and classes in rows
        y = 2 * F.one_hot(seen.y, len(s)).to(x.dtype) - 1

        def ridge(gram, weight):
            return gram + weight * torch.eye(len(gram), dtype=x.dtype, device=x.device)

        left = torch.linalg.solve(ridge(x.T @ x, self.feature_ridge), x.T @ y @ s)
        self.weight = torch.linalg.solve(ridge(s.T @ s, self.text_ridge), left.T).T
        yield {"loss": (x @ self.weight @ s.T - y).square().mean().item()}

    def score(self, x: Tensor, text: Tensor) -> Tensor:
        return (x.double() @ self.weight @ F.normalize(text.double().mean(1), dim=1).T).to(x.dtype)
