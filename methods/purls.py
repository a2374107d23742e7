"""PURLS: descriptions of body parts and phases each look for their own place in an encoder's map."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.learning.batches import random_batches
from zsar.learning.contract import Method, Seen
from zsar.learning.optimizers import Adam
from zsar.learning.schedules import reduced_on_plateau, set_rate


class Attention(nn.Module):
    """A weighting of a map's positions for each description, the same for all heads, without biases."""

    def __init__(self, width: int, text_width: int, key: int, heads: int):
        super().__init__()
        self.linear_q = nn.Linear(text_width, key * heads, bias=False)
        self.linear_k = nn.Linear(width, key * heads, bias=False)
        self.heads = heads

    def forward(self, maps: Tensor, text: Tensor) -> Tensor:
        """Weights [N, ..., T'V] of maps [N, T'V, D] for text [N, ..., E], or [1, ..., E] for all maps alike."""
        q, k = self.linear_q(text), self.linear_k(maps)
        # The mean over heads of q k / sqrt(key) is one product over all of them.
        scores = q.flatten(1, -2) @ k.transpose(1, 2) / (self.heads * math.sqrt(k.shape[2] / self.heads))
        return scores.softmax(-1).unflatten(1, text.shape[1:-1])


class PURLSNetwork(nn.Module):
    """Maps pooled by each of a class's P descriptions, encoded together into P vectors of the text's width."""

    def __init__(self, width: int, text_shape: tuple[int, int], *, key: int, heads: int, hidden: int, dropout: float):
        super().__init__()
        prompts, text_width = text_shape
        self.prompts = prompts
        self.attention = Attention(width, text_width, key, heads)
        self.skel_encoder = nn.Sequential(
            nn.BatchNorm1d(prompts * width),
            nn.Dropout(dropout),
            nn.Linear(prompts * width, hidden),
            nn.SiLU(),
            nn.Identity(),  # numbers as in the released state dict
            nn.BatchNorm1d(hidden),
            nn.Dropout(dropout),
            nn.Linear(hidden, prompts * text_width),
            nn.Tanh(),
        )
        self.tmps = nn.Parameter(torch.full((prompts,), math.log(1 / 0.07)))
        for linear in (m for m in self.modules() if isinstance(m, nn.Linear)):
            nn.init.kaiming_uniform_(linear.weight)

    def pool(self, maps: Tensor, text: Tensor) -> Tensor:
        """Maps [N, T', V, D] to [N, ..., P, D] by the descriptions [N, ..., P, E], or [1, ..., P, E] for all maps."""
        maps = maps.flatten(1, 2)
        weights = self.attention(maps, text)
        return (weights.flatten(1, -2) @ maps).unflatten(1, weights.shape[1:-1])

    def encode(self, pooled: Tensor) -> Tensor:
        """Pooled maps [..., P, D] to vectors [..., P, E]."""
        encoded = self.skel_encoder(pooled.flatten(-2).flatten(0, -2))
        return encoded.unflatten(0, pooled.shape[:-2]).unflatten(-1, (self.prompts, -1))

    def forward(self, maps: Tensor, text: Tensor) -> Tensor:
        """Vectors [N, P, E] of maps [N, T', V, D], each pooled with a class's descriptions [N, P, E]."""
        return self.encode(self.pool(maps, text))

    def scores(self, maps: Tensor, text: Tensor) -> Tensor:
        """Scores [N, C] by candidate: a map pooled with a class's own text [C, P, E], held against that class only."""
        return (self.encode(self.pool(maps, text[None]))[:, :, -1] * text[:, -1]).sum(-1)


@dataclass(kw_only=True, eq=False)
class PURLS(Method):
    """Zhu, Ke, Gong, Bailey: Part-aware Unified Representation of Language and Skeleton, CVPR 2024.

    Maps [N, T', V, D] of a frozen encoder, as means over ``time_steps`` spans of time, every position at unit length,
    and P unit text vectors per class, the last one about the whole motion. Each text is the query of an attention over
    the map's positions (the mean over ``heads`` before the softmax, the map itself as value); the P pooled vectors are
    encoded together. Loss: for every description the symmetric cross-entropy of the batch's vectors and texts with the
    diagonal, times a learnt factor, added up; clips of one class are each other's negatives, as released.

    The released evaluator pools a test clip with the text of its true class and then compares it with all candidates,
    which is not a prediction. Here a clip is scored by candidate: pooled with a candidate's text and compared with that
    text, for each of them. That is not a free repair, since training never shows a wrong query: once the pooling
    carries the query, accuracy on seen classes falls. ``wrong_queries`` (not in the paper) adds, for that many other
    seen classes per clip, a cross-entropy of the scores by candidate. Not taken: the rate that falls when the loss on
    the seen classes' test clips stays, which a method isn't given (here that on the training clips does it), and
    positions of zeros that become NaN.
    """

    title = "PURLS"
    paper = (
        "Zhu, Ke, Gong, Bailey: Part-aware Unified Representation of Language and Skeleton for Zero-shot Action "
        "Recognition, CVPR 2024"
    )
    link = "https://arxiv.org/abs/2406.13327"
    input = "maps"
    streams = True
    prompts = ("head", "hands", "torso", "legs", "start", "middle", "end", "description")

    key: int = 150
    heads: int = 2
    hidden: int = 1024
    dropout: float = 0.5
    time_steps: int = 3
    epochs: int = 100
    batch: int = 256
    lr: float = 1e-4
    patience: int = 25
    cooldown: int = 3
    wrong_queries: int = 0

    def build(self, x_shape: tuple[int, ...], text_shape: tuple[int, ...]) -> PURLSNetwork:
        sizes = {"key": self.key, "heads": self.heads, "hidden": self.hidden, "dropout": self.dropout}
        return PURLSNetwork(x_shape[-1], text_shape[-2:], **sizes)

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        maps, text = self.embed(seen.x), F.normalize(text, dim=-1)
        present = maps.flatten(1).any(1)  # clips of zeros are left out
        maps, y = maps[present], seen.y[present]
        self.network = self.build(maps.shape[1:], text.shape).to(maps.device)
        self.losses = maps.new_zeros(0)
        optimizer = Adam(self.network.parameters(), lr=self.lr)
        for _ in self.resumable(self.epochs, optimizer):
            set_rate(optimizer, reduced_on_plateau(self.lr, self.losses.tolist(), self.patience, self.cooldown))
            self.network.train()
            losses = []
            for rows in random_batches(len(y), self.batch, y.device):
                if len(rows) == 1 < len(y):  # a batch of one has no statistics
                    continue
                loss = self.loss(maps[rows], text, y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            self.losses = torch.cat([self.losses, torch.stack(losses).mean()[None]])
            yield {"loss": self.losses[-1].item()}

    def loss(self, maps: Tensor, text: Tensor, y: Tensor) -> Tensor:
        """The training loss of prepared maps [B, T', V, D], unit text [S, P, E] of the seen classes and labels [B]."""
        wrong = min(self.wrong_queries, len(text) - 1)
        if not wrong:
            return self.contrast(self.network(maps, text[y]), text[y]).sum()
        others = torch.rand(len(y), len(text) - 1, device=y.device).topk(wrong).indices  # each another class, drawn
        classes = torch.cat([y[:, None], (y[:, None] + 1 + others) % len(text)], 1)
        encoded = self.network(maps, text[classes])  # [B, 1 + wrong, P, E]
        logits = (encoded * text[classes]).sum(-1) * self.network.tmps
        by_candidate = F.cross_entropy(
            logits.flatten(2).transpose(1, 2).flatten(0, 1), y.new_zeros(logits[:, 0].numel())
        )
        return self.contrast(encoded[:, 0], text[y]).sum() + logits.shape[2] * by_candidate

    def contrast(self, encoded: Tensor, text: Tensor) -> Tensor:
        """The loss of every description [P]: vectors [B, P, E] of clips and the texts [B, P, E] of their classes."""
        logits = torch.einsum("ape,bpe->pab", encoded, text) * self.network.tmps[:, None, None]
        right = torch.arange(len(text), device=text.device).expand(len(logits), -1)
        each = [F.cross_entropy(way, right, reduction="none") for way in (logits.transpose(1, 2), logits)]
        return sum(losses.mean(1) for losses in each)

    @torch.no_grad()
    def embed(self, x: Tensor) -> Tensor:
        """Maps [N, T', V, D] as they are pooled: means over ``time_steps`` spans, every position at unit length."""
        return torch.cat([self._prepare(part) for part in x.split(1024)])

    def _prepare(self, maps: Tensor) -> Tensor:
        if maps.shape[1] != self.time_steps:
            over_time = F.adaptive_avg_pool2d(maps.permute(0, 3, 1, 2), (self.time_steps, maps.shape[2]))
            maps = over_time.permute(0, 2, 3, 1)
        return F.normalize(maps, dim=-1)

    @torch.no_grad()
    def classifier(self, text: Tensor) -> Callable[[Tensor], Tensor]:
        self.network.eval()
        text = F.normalize(text, dim=-1)

        @torch.no_grad()
        def scores(maps: Tensor) -> Tensor:
            # Bounded memory: a chunk holds about 2^25 numbers of pooled maps.
            chunk = max(1, 2**25 // (len(text) * text.shape[1] * maps.shape[-1]))
            return torch.cat([self.network.scores(part, text) for part in maps.split(chunk)])

        return scores

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords: Any) -> "PURLS":
        """The released network; its number of heads is not in the weights (``heads``, 2 as released)."""
        keys, width = state_dict["attention.linear_k.weight"].shape
        method = cls(**keywords)
        method.key, method.hidden = keys // method.heads, len(state_dict["skel_encoder.2.weight"])
        method.network = method.build(
            (width,), (len(state_dict["tmps"]), state_dict["attention.linear_q.weight"].shape[1])
        )
        method.network.load_state_dict(state_dict)
        return method
