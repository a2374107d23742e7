"""Nearest: a ridge regression from features to text space, then the nearest class."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from zsar.learning.contract import Method, Seen


@dataclass(kw_only=True, eq=False)
class Nearest(Method):
    """The simplest thing that uses both sides: a linear map in closed form, no paper of its own.

    W = argmin sum_i |x_i W + b - t_{y_i}|^2 + ``ridge`` |W|^2 over clips' features x and the unit
    vectors t of their classes, with an unpenalised intercept b: centre both sides and solve (X'X +
    ridge I) W = X'T in double precision. Score: the cosine of x W + b with each candidate's vector.
    A method that doesn't beat it has learnt nothing that a regression doesn't know.
    """

    title = "Nearest"
    paper = "Hoerl, Kennard: Ridge Regression: Biased Estimation for Nonorthogonal Problems, Technometrics 1970"
    prompts = ("description",)

    ridge: float = 1.0

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        x, t = seen.x.double(), F.normalize(text.double().mean(1), dim=1)[seen.y]
        x_mean, t_mean = x.mean(0), t.mean(0)
        centred = x - x_mean
        gram = centred.T @ centred + self.ridge * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        self.weight = torch.linalg.solve(gram, centred.T @ (t - t_mean))
        self.bias = t_mean - x_mean @ self.weight
        yield {"loss": (x @ self.weight + self.bias - t).square().sum(1).mean().item()}

    def score(self, x: Tensor, text: Tensor) -> Tensor:
        predicted = x.double() @ self.weight + self.bias
        return (F.normalize(predicted, dim=1) @ F.normalize(text.double().mean(1), dim=1).T).to(x.dtype)
