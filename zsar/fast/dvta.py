"""DVTA's metric network on all pairs, its scores from shares of prompts, and several runs in one loop.

The metric network's first layer is linear in (skeleton, text): each side is mapped once and the pairs are sums, which
is exact and saves the largest product over all pairs.
"""

import functools
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.fast.pairs import pair_scores, plain_pair_scores
from zsar.fast.seeds import Own, epochs_together, gather, gradients
from zsar.learning.batches import random_batches
from zsar.learning.contract import Method, Seen
from zsar.learning.optimizers import Adam
from zsar.learning.precision import mixed
from zsar.learning.schedules import set_rate, warmup_then_cosine

ACTIVATIONS = 2**22
"""Of the metric network's first layer, held at once while clips are scored."""
CPU = torch.device("cpu")


def skeleton_share(metric: nn.Module, skeleton: Tensor) -> Tensor:
    """The first layer's share of the skeletons [..., D]."""
    return F.linear(skeleton, metric.first.weight.chunk(2, dim=1)[0])


def text_share(metric: nn.Module, text: Tensor) -> Tensor:
    """The first layer's share of the texts [..., D], and its bias."""
    return F.linear(text, metric.first.weight.chunk(2, dim=1)[1], metric.first.bias)


def all_pairs(metric: nn.Module, skeleton: Tensor, text: Tensor, pairs: Callable = pair_scores) -> Tensor:
    """`MetricNetwork.all_pairs`, of [N, D] and [C, D]: [N, C]."""
    sides = skeleton_share(metric, skeleton), text_share(metric, text)
    score = pairs(*sides, metric.second.weight, metric.second.bias, metric.third.weight[0])
    return metric.activation(score + metric.third.bias)


@torch.no_grad()
def classifier(method: Method, text: Tensor) -> Callable[[Tensor], Tensor]:
    """`DVTA.classifier`, with whatever is linear in a class's enhanced text computed once per prompt.

    A clip's reading of a class is a mean of its prompts, weighted by attention, so that the prompts can be mapped first
    and weighted afterwards, which is exact: the text projector (its bias too, for the weights add to one), the cosine's
    numerator, its norm by the prompts' inner products, the metric network's first layer.
    """
    network = method.network
    direct, metric, temperatures = network.direct, network.metric, network.temperatures
    text = F.normalize(text, dim=-1)
    projected = direct.text(text)
    inner = projected @ projected.mT
    share = text_share(metric, projected)

    @torch.no_grad()
    def scores(skeleton: Tensor) -> Tensor:
        parts = []
        for part in skeleton.split(max(1, ACTIVATIONS // share[:, 0].numel())):
            weights = direct.attention(part, text)
            along = torch.einsum("nd,cpd->ncp", F.normalize(part, dim=-1), projected)
            length = (torch.einsum("ncp,cpq->ncq", weights, inner) * weights).sum(-1).clamp(min=0).sqrt()
            cosine = (along * weights).sum(-1) / length.clamp(min=1e-12)
            left = skeleton_share(metric, part).expand(len(text), -1, -1)
            hidden = metric.second(torch.baddbmm(left, weights.transpose(0, 1), share).relu_())
            augmented = metric.activation(metric.third(hidden.relu_()).squeeze(-1)).T
            parts.append(cosine / temperatures[0] + augmented / temperatures[1])
        return torch.cat(parts)

    return scores


def train_together(
    methods: list[Method], seen: list[Seen], text: list[Tensor], draws: list[Own]
) -> Iterator[list[dict[str, float]]]:
    """`DVTA.train` for runs of the same keywords and shapes; ``draws`` are each run's own random numbers."""
    first, device = methods[0], seen[0].y.device
    for method, run, t, own in zip(methods, seen, text, draws, strict=True):
        with own.in_force():
            method.network = method.build(run.x.shape[1:], t.shape).to(device)
    with torch.random.fork_rng(devices=[]):
        plain = first.build(seen[0].x.shape[1:], text[0].shape).to(device)  # its parameters are not used
    plain.metric.all_pairs = functools.partial(all_pairs, plain.metric, pairs=plain_pair_scores)
    gradient = gradients([m.network for m in methods], plain, lambda out, y: first.loss(*out, y)[0])
    optimizer = Adam(
        [p for m in methods for p in m.network.parameters()], lr=first.lr, weight_decay=first.weight_decay, fused=True
    )
    for epoch in epochs_together(methods, first.epochs, draws, optimizer):
        set_rate(optimizer, warmup_then_cosine(first.lr, epoch, first.warmup, first.epochs))
        losses = []
        batches = [random_batches(len(seen[0]), first.batch, device, generator=own.generator(CPU)) for own in draws]
        for rows in zip(*batches, strict=True):
            y = [run.y[r] for run, r in zip(seen, rows, strict=True)]
            inputs = gather([run.x for run in seen], rows), gather(text, y)
            with mixed(first.precision, device):
                losses.append(gradient(inputs, torch.stack(y)))
            optimizer.step()
        yield [{"loss": loss} for loss in torch.stack(losses).mean(0).tolist()]
