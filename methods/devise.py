"""DeViSE: a linear map into text space, trained to rank the right class first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.learning.batches import random_batches
from zsar.learning.contract import Method, Seen
from zsar.learning.optimizers import Adagrad


def hinge_rank(scores: Tensor, y: Tensor, margin: float) -> Tensor:
    """Sum over wrong classes of max(0, margin - right + wrong), mean over clips: [B, S], [B]."""
    violation = F.relu(margin + scores - scores.gather(1, y[:, None]))
    return violation.scatter(1, y[:, None], 0.0).sum(1).mean()


@dataclass(kw_only=True, eq=False)
class DeViSE(Method):
    """Frome et al., DeViSE: A Deep Visual-Semantic Embedding Model, NIPS 2013.

    Score t_c' M x with a linear map M of features x [N, F] and unit text vectors t; the hinge rank
    loss is sum_{j != y} max(0, ``margin`` - t_y' M x + t_j' M x), minimised by Adagrad. The paper
    stops each sum at the first violating class, drawn at random, to save time with thousands of
    classes: not taken, the sum is whole. It then trains the image network too: not taken, features
    are a frozen encoder's. No code was released.
    """

    title = "DeViSE"
    paper = (
        "Frome, Corrado, Shlens, Bengio, Dean, Ranzato, Mikolov: DeViSE: A Deep Visual-Semantic "
        "Embedding Model, NIPS 2013"
    )
    link = "https://papers.nips.cc/paper/2013/hash/7cce53cf90577442771720a370c3c723-Abstract.html"

    epochs: int = 50
    batch: int = 128
    lr: float = 0.01
    weight_decay: float = 0.0
    margin: float = 0.1

    def build(self, x_shape: tuple[int, ...], text_shape: tuple[int, ...]) -> nn.Linear:
        return nn.Linear(x_shape[-1], text_shape[-1], bias=False)

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        self.network = self.build(seen.x.shape[1:], text.shape).to(seen.x.device)
        t = F.normalize(text.mean(1), dim=1)
        optimizer = Adagrad(self.network.parameters(), lr=self.lr, weight_decay=self.weight_decay)
        for _ in self.resumable(self.epochs, optimizer):
            losses = []
            for rows in random_batches(len(seen), self.batch, seen.y.device):
                loss = hinge_rank(self.network(seen.x[rows]) @ t.T, seen.y[rows], self.margin)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            yield {"loss": torch.stack(losses).mean().item()}

    @torch.no_grad()
    def embed(self, x: Tensor) -> Tensor:
        """Features [N, F] in text space, [N, D]."""
        return self.network(x)

    def classifier(self, text: Tensor) -> Callable[[Tensor], Tensor]:
        t = F.normalize(text.mean(1), dim=1)
        return lambda embedded: embedded @ t.T
