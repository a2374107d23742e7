"""Pre-training of skeleton encoders by cross-entropy on the seen classes' training clips."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.encoders.contract import Encoder
from zsar.encoders.stgcn import STGCN
from zsar.methods.batches import shuffled
from zsar.methods.schedules import set_rate, warmup_then_cosine
from zsar.skeletons.layouts import layout


class STGCNEncoder(Encoder):
    """ST-GCN and a linear classifier, trained from scratch as SMIE pre-trains it (Adam, cosine; released code).

    Features are the pooled activations after ReLU, so never negative.
    """

    random = True

    def __init__(
        self,
        *,
        hidden: int = 16,
        width: int = 256,
        dropout: float = 0.5,
        absent_bodies: str = "skip",
        epochs: int = 150,
        batch: int = 128,
        lr: float = 5e-3,
    ):
        self.hidden, self.width, self.dropout, self.absent_bodies = hidden, width, dropout, absent_bodies
        self.epochs, self.batch, self.lr = epochs, batch, lr

    def fit(self, x: Tensor, y: Tensor, classes: int) -> None:
        self.network = STGCN.for_layout(
            layout(self.joints),
            hidden=self.hidden,
            width=self.width,
            dropout=self.dropout,
            absent_bodies=self.absent_bodies,
        ).to(x.device)
        self.classifier = nn.Linear(self.width, classes).to(x.device)
        optimizer = torch.optim.Adam([*self.network.parameters(), *self.classifier.parameters()], lr=self.lr)
        for epoch in range(self.epochs):
            set_rate(optimizer, warmup_then_cosine(self.lr, epoch, 0, self.epochs))
            self.network.train()
            for rows in shuffled(len(y), self.batch, y.device, drop_last=True):
                loss = F.cross_entropy(self.classifier(self.network(x[rows])), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        self.network.eval()
        return torch.cat([self.network(part) for part in x.split(256)])

    @torch.no_grad()
    def logits(self, features: Tensor) -> Tensor:
        return self.classifier(features)
