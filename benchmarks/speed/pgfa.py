"""PGFA: a training step, and an evaluation with alignment, end to end from clips."""

import copy
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.benchmarks.speed import machine, stgcn
from zsar.benchmarks.speed.case import Case, held
from zsar.learning.faster import plain_forms
from zsar.learning.precision import mixed
from zsar.methods.pgfa import PGFA, PGFANetwork

BATCH, TEXT, SEEN, UNSEEN, TEST = 64, 768, 55, 5, 128
WIDTH = stgcn.PLAN[-1]
THREADS = None
NOTE = (
    "The plain form's matrix of same labels is a Python loop, as released, its encoder that of the part stgcn. For an "
    "evaluation it encodes the test clips once for the inductive scores and once for the alignment and what follows "
    "from it; zsar encodes them once. " + stgcn.HOW
)
SHARPNESS = 10.0


class PlainNetwork(nn.Module):
    """The encoder in its plain form and a linear map."""

    def __init__(self, encoder: nn.Module, projection: nn.Linear):
        super().__init__()
        self.encoder, self.projection = encoder, projection

    def forward(self, x: Tensor) -> Tensor:
        with plain_forms():
            return self.projection(self.encoder(x))


def plain_loss(projected: Tensor, text: Tensor, y: Tensor) -> Tensor:
    """Symmetric KL divergence between scaled cosines and the same-label matrix: [B, D], [B, D], [B]."""
    same = torch.zeros(len(y), len(y))
    for i in range(len(y)):
        for j in range(len(y)):
            if y[i].item() == y[j].item():
                same[i, j] = 1
    target = torch.softmax(SHARPNESS * same.to(projected.device), 1)
    cosines = F.normalize(projected, dim=1) @ F.normalize(text, dim=1).T / 0.07
    divergence = lambda logits: (target * (target.log() - torch.log_softmax(logits, 1))).sum() / len(y)
    return (divergence(cosines) + divergence(cosines.T)) / 2


def plain_alignment(features: Tensor, text: Tensor, support: float) -> Tensor:
    """New class vectors [C, D]: class by class the surest of those predicted to be of it, averaged."""
    features, adapted = F.normalize(features, dim=1), text.clone()
    cosines = features @ F.normalize(text, dim=1).T
    p = torch.softmax(cosines, 1)
    entropy, predicted = -(p * p.log()).sum(1), cosines.argmax(1)
    for c in range(len(text)):
        members = [i for i in range(len(features)) if predicted[i].item() == c]
        members.sort(key=lambda i: entropy[i].item())
        if int(support * len(members)):
            adapted[c] = features[members[: int(support * len(members))]].mean(0)
    return adapted


def pair(device: str, dropout: float = 0.5) -> tuple[PGFA, PlainNetwork]:
    """Both forms with the same weights."""
    encoder = stgcn.network(device, dropout)
    plain = copy.deepcopy(encoder)
    method = PGFA(dropout=dropout)
    method.network = PGFANetwork(encoder, WIDTH, TEXT).to(device)
    method.network.logit_scale.requires_grad_(False)
    projection = nn.Linear(WIDTH, TEXT).to(device)
    projection.load_state_dict(method.network.projection.state_dict())
    return method, PlainNetwork(plain, projection)


def optimizer(network: nn.Module) -> torch.optim.Optimizer:
    """SGD as published."""
    trained = [p for p in network.parameters() if p.requires_grad]
    return torch.optim.SGD(trained, lr=0.05, momentum=0.9, weight_decay=5e-4)


def step(device: str, precision: str):
    """A training step of both forms."""
    method, plain = pair(device)
    torch.manual_seed(3)
    x, y = stgcn.clips(BATCH, stgcn.BODIES, device), torch.randint(SEEN, (BATCH,)).to(device)
    text = torch.randn(SEEN, TEXT).to(device)
    method.network.train()
    plain.train()
    ours, theirs = optimizer(method.network), optimizer(plain)

    def fast() -> None:
        with mixed(precision, device):
            projected = method.network(x)
        loss, _ = method.loss(projected.float(), text[y], y)
        ours.zero_grad()
        loss.backward()
        ours.step()

    def slow() -> None:
        loss = plain_loss(plain(x), text[y], y)
        theirs.zero_grad()
        loss.backward()
        theirs.step()

    return fast, slow


def evaluation(device: str, present: int):
    """Inductive scores, alignment and the scores after it, of both forms."""
    method, plain = pair(device)
    method.network.eval()
    plain.eval()
    x = stgcn.clips(TEST, stgcn.BODIES, device, present)
    text = torch.randn(UNSEEN, 1, TEXT, generator=torch.Generator().manual_seed(4)).to(device)
    scores = lambda features, vectors: F.normalize(features, dim=1) @ F.normalize(vectors, dim=1).T

    @torch.no_grad()
    def fast() -> tuple[Tensor, Tensor]:
        embedded = method.embed(x)
        adapted = method.adapt(embedded, text)
        return method.classifier(text)(embedded), method.classifier(adapted)(embedded)

    @torch.no_grad()
    def slow() -> tuple[Tensor, Tensor]:
        encode = lambda: torch.cat([plain(part) for part in x.split(BATCH)])
        inductive = scores(encode(), text[:, 0])
        features = encode()
        return inductive, scores(features, plain_alignment(features, text[:, 0], method.support))

    return fast, slow


def checked(device: str) -> float:
    """Loss and gradients (in float64, see `stgcn.outcomes`): odd batches, one clip, one class, one or absent bodies."""
    worst = 0.0
    torch.manual_seed(5)
    for batch, classes, bodies in ((7, 4, 2), (1, 1, 2), (6, 1, 1)):
        method, plain = pair(device, 0.0)
        x, y = stgcn.clips(batch, bodies, device), torch.randint(classes, (batch,)).to(device)
        x[batch // 2, ..., -1] = 0
        text = torch.randn(classes, TEXT).to(device)
        for kind, tolerance in ((torch.float32, 1e-4), (torch.float64, 1e-7)):
            method.network.to(kind)
            computed, _ = method.loss(method.network(x.to(kind)), text.to(kind)[y], y)
            expected = plain_loss(plain.to(kind)(x.to(kind)), text.to(kind)[y], y)
            assert abs(computed.item() - expected.item()) <= tolerance, (
                f"losses {computed.item()} and {expected.item()}"
            )
        computed.backward()
        expected.backward()
        if batch > 1:  # of a single clip there is nothing to learn: gradients are rounding
            projections = method.network.projection.weight.grad, plain.projection.weight.grad
            encoders = map(stgcn.gradients, (method.network.encoder, plain.encoder))
            pairs = [*zip(*encoders, strict=True), projections]
            worst = max(worst, held(pairs, 1e-6))
    return worst


def checked_evaluation(device: str, present: int) -> float:
    """Scores before and after the alignment."""
    fast, slow = evaluation(device, present)
    return held(list(zip(fast(), slow(), strict=True)), 1e-4)


def cases(device: str, short: bool) -> Iterator[Case]:
    """Training steps in both precisions, evaluations of clips with two bodies and with one."""
    sizes = f"random clips [{BATCH}, 3, {stgcn.FRAMES}, {stgcn.JOINTS}, {stgcn.BODIES}]"
    work = 3 * stgcn.products(BATCH * stgcn.BODIES)
    fast, slow = step(device, "float32")
    yield Case(
        f"PGFA training step, batch {BATCH}",
        sizes,
        fast=fast,
        plain=slow,
        check=lambda: checked(device),
        target=1.5,
        operations=work,
        product=(256, 256, 3200),
    )
    if not short and machine.multiplies_bfloat16(device):
        fast, slow = step(device, "bf16")
        yield Case(
            f"PGFA training step in bf16, batch {BATCH}",
            sizes + ", the plain form in float32",
            fast=fast,
            plain=slow,
            target=3.0,
            operations=work,
            product=(256, 256, 3200),
            dtype="bfloat16",
        )
    for present, of, target in ((2, "two bodies", 1.9), (1, "second body absent", 3.0)):
        fast, slow = evaluation(device, present)
        yield Case(
            f"PGFA evaluation with alignment, {of}",
            f"random clips [{TEST}, 3, {stgcn.FRAMES}, {stgcn.JOINTS}, {stgcn.BODIES}], {UNSEEN} classes",
            fast=fast,
            plain=slow,
            check=lambda present=present: checked_evaluation(device, present),
            target=target,
            operations=stgcn.products(TEST * present),
            product=(256, 256, 800),
        )
