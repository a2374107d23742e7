"""DVTA: dual visual-text alignment, direct and augmented."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.fast.pairs import pair_scores, plain_pair_scores
from zsar.fast.seeds import epochs_together, gradients
from zsar.learning.batches import gathered, shuffled
from zsar.learning.contract import Method, Seen
from zsar.learning.losses import kl_to_target, same_label_target
from zsar.learning.optimizers import Adam
from zsar.learning.precision import mixed, require_known
from zsar.learning.schedules import set_rate, warmup_then_cosine

CPU = torch.device("cpu")


def leaky_sigmoid(x: Tensor, gamma: float = 0.01) -> Tensor:
    """Sigmoid for positive values, gamma * exp(gamma * x) for the others, where the gradient would vanish."""
    return torch.where(x > 0, torch.sigmoid(x), gamma * torch.exp(gamma * x.clamp(max=0)))


class DirectAlignment(nn.Module):
    """Visual projector, attention over a class's prompts (description enhancement) and text projector."""

    def __init__(self, feature_width: int, text_width: int):
        super().__init__()
        self.visual = nn.ModuleList(
            [
                nn.Linear(a, b)
                for a, b in [(feature_width, feature_width), (feature_width, 384), (384, 512), (512, text_width)]
            ]
        )
        self.text = nn.Linear(text_width, text_width)

    def project(self, x: Tensor) -> Tensor:
        """Features [N, F] in text space [N, D]; the first layer is residual."""
        x = F.relu(self.visual[0](x) + x)
        for layer in self.visual[1:-1]:
            x = F.relu(layer(x))
        return self.visual[-1](x)

    def attention(self, projected: Tensor, text: Tensor) -> Tensor:
        """How much each clip [N, D] looks at each of the prompts [C, P, D]: [N, C, P], sums of one over P."""
        return torch.einsum("nd,cpd->ncp", projected, text).softmax(-1)


class MetricNetwork(nn.Module):
    """A learnt similarity of (skeleton, text) pairs, the augmented alignment."""

    def __init__(self, text_width: int, gamma: float):
        super().__init__()
        self.first = nn.Linear(2 * text_width, 2 * text_width)
        self.second = nn.Linear(2 * text_width, 768)
        self.third = nn.Linear(768, 1)
        self.gamma = gamma
        self.pair_scores = pair_scores

    # The first layer is linear in (skeleton, text): each side is mapped once and the pairs are sums, which is
    # exact and saves the largest product over all pairs.

    def skeleton_share(self, skeleton: Tensor) -> Tensor:
        """The first layer's share of the skeletons [..., D]."""
        return F.linear(skeleton, self.first.weight.chunk(2, dim=1)[0])

    def text_share(self, text: Tensor) -> Tensor:
        """The first layer's share of the texts [..., D], and its bias."""
        return F.linear(text, self.first.weight.chunk(2, dim=1)[1], self.first.bias)

    def forward(self, skeleton: Tensor, text: Tensor) -> Tensor:
        """All pairs of [N, D] and [C, D]: [N, C]."""
        sides = self.skeleton_share(skeleton), self.text_share(text)
        score = self.pair_scores(*sides, self.second.weight, self.second.bias, self.third.weight[0])
        return leaky_sigmoid(score + self.third.bias, self.gamma)

    def of_sums(self, first: Tensor) -> Tensor:
        """Pairs given by the sums of their shares [..., 2 D], which are overwritten."""
        return leaky_sigmoid(self.third(self.second(first.relu_()).relu_()).squeeze(-1), self.gamma)


class DVTANetwork(nn.Module):
    """Both alignments and their temperatures."""

    def __init__(self, feature_width: int, text_width: int, temperature: float, gamma: float):
        super().__init__()
        self.direct = DirectAlignment(feature_width, text_width)
        self.metric = MetricNetwork(text_width, gamma)
        self.temperatures = nn.Parameter(torch.full((2,), temperature))

    def forward(self, x: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Training: each clip [B, F] with the text [B, P, D] of its own class; both similarities over all pairs."""
        with torch.autocast(x.device.type, enabled=False):  # small, and cosines need their digits
            x, text = F.normalize(x, dim=-1), F.normalize(text, dim=-1)
            skeleton = self.direct.project(x)
            weights = torch.einsum("nd,npd->np", skeleton, text).softmax(-1)
            text = self.direct.text(torch.einsum("np,npd->nd", weights, text))
            direct = F.normalize(skeleton, dim=-1) @ F.normalize(text, dim=-1).T / self.temperatures[0]
        # Detached: the metric network's gradient doesn't reach the projectors.
        return direct, self.metric(skeleton.detach(), text.detach()) / self.temperatures[1]

    def candidates(self, x: Tensor, text: Tensor, activations: int = 2**22) -> Tensor:
        """Testing: every clip [N, F] with every candidate class [C, P, D]: the sum of both similarities, [N, C].

        A clip's reading of a class is a mean of its prompts, weighted by attention. What is linear in it is computed
        once per prompt and weighted afterwards, which is exact: the text projector (its bias too, for the weights add
        to one), the cosine's numerator, its norm by the prompts' inner products, the metric network's first layer.
        ``activations`` of that layer are held at once.
        """
        text = F.normalize(text, dim=-1)
        projected = self.direct.text(text)
        inner = projected @ projected.mT
        share = self.metric.text_share(projected)
        scores = []
        for part in x.split(max(1, activations // share[:, 0].numel())):
            skeleton = self.direct.project(F.normalize(part, dim=-1))
            weights = self.direct.attention(skeleton, text)
            along = torch.einsum("nd,cpd->ncp", F.normalize(skeleton, dim=-1), projected)
            length = (torch.einsum("ncp,cpq->ncq", weights, inner) * weights).sum(-1).clamp(min=0).sqrt()
            direct = (along * weights).sum(-1) / length.clamp(min=1e-12)
            of_skeleton = self.metric.skeleton_share(skeleton).expand(len(text), -1, -1)
            sums = torch.baddbmm(of_skeleton, weights.transpose(0, 1), share)
            scores.append(direct / self.temperatures[0] + self.metric.of_sums(sums).T / self.temperatures[1])
        return torch.cat(scores)


class DVTA(Method):
    """Kuang et al., Zero-Shot Skeleton-Based Action Recognition with Dual Visual-Text Alignment, PR 2025.

    Features [N, F] of a frozen encoder. Direct alignment: projected features and text, cosine over a learnt
    temperature. Semantic description enhancement: each clip attends over its class's prompts (label and
    description). Augmented alignment: a metric network scores all (skeleton, text) pairs through LeakySigmoid;
    its inputs are detached, as released. Loss: symmetric KL divergence of the summed similarities to the softmax
    of 10 x the same-label matrix. The released code keeps the best test epoch and averages batch accuracies: not
    taken, the harness judges. The projector's first layer keeps the features' width (256 in the paper), which its
    residual connection needs.
    """

    title = "DVTA"
    paper = (
        "Kuang, et al.: Zero-Shot Skeleton-Based Action Recognition with Dual Visual-Text Alignment, "
        "Pattern Recognition 2025"
    )
    prompts = ("label", "description")

    def __init__(
        self,
        *,
        epochs: int = 100,
        batch: int = 128,
        lr: float = 1e-5,
        weight_decay: float = 0.0,
        warmup: int = 15,
        temperature: float = 0.1,
        gamma: float = 0.01,
        precision: str = "float32",
    ):
        require_known(precision)
        self.epochs, self.batch, self.lr, self.weight_decay = epochs, batch, lr, weight_decay
        self.warmup, self.temperature, self.gamma, self.precision = warmup, temperature, gamma, precision

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        self.network = self.untrained(seen, text)
        optimizer = Adam(self.network.parameters(), lr=self.lr, weight_decay=self.weight_decay, fused=True)
        for epoch in self.resumable(self.epochs, optimizer):
            set_rate(optimizer, warmup_then_cosine(self.lr, epoch, self.warmup, self.epochs))
            losses = []
            for rows in shuffled(len(seen), self.batch, seen.y.device):
                y = seen.y[rows]
                with mixed(self.precision, y.device):
                    similarities = self.network(seen.x[rows], text[y])
                loss, _ = self.loss(*similarities, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            yield {"loss": torch.stack(losses).mean().item()}

    @classmethod
    def train_together(cls, methods: list["DVTA"], seen: list[Seen], text: list[Tensor], draws: list) -> Iterator:
        """As `train`, for runs of the same keywords and shapes; ``draws`` are each run's own random numbers."""
        self, device = methods[0], seen[0].y.device
        for method, given, t, own in zip(methods, seen, text, draws, strict=True):
            with own.in_force():
                method.network = method.untrained(given, t)
        plain = self.untrained(seen[0], text[0])  # its parameters are not used
        plain.metric.pair_scores = plain_pair_scores
        gradient = gradients([m.network for m in methods], plain, lambda out, y: self.loss(*out, y)[0])
        optimizer = Adam(
            [p for m in methods for p in m.network.parameters()], lr=self.lr, weight_decay=self.weight_decay, fused=True
        )
        for epoch in epochs_together(methods, self.epochs, draws, optimizer):
            set_rate(optimizer, warmup_then_cosine(self.lr, epoch, self.warmup, self.epochs))
            losses = []
            batches = [shuffled(len(seen[0]), self.batch, device, generator=own.generator(CPU)) for own in draws]
            for rows in zip(*batches, strict=True):
                y = [given.y[r] for given, r in zip(seen, rows, strict=True)]
                inputs = gathered([given.x for given in seen], rows), gathered(text, y)
                with mixed(self.precision, device):
                    losses.append(gradient(inputs, torch.stack(y)))
                optimizer.step()
            yield [{"loss": loss} for loss in torch.stack(losses).mean(0).tolist()]

    def untrained(self, seen: Seen, text: Tensor) -> DVTANetwork:
        """The network for such features and text, on their device."""
        return DVTANetwork(seen.x.shape[1], text.shape[-1], self.temperature, self.gamma).to(seen.x.device)

    def loss(self, direct: Tensor, augmented: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The symmetric loss of a batch's similarities [B, B] and labels [B]."""
        similarity, target = direct + augmented, same_label_target(y)
        to_text, to_skeleton = kl_to_target(similarity, target), kl_to_target(similarity.T, target.T)
        return (to_text + to_skeleton) / 2, {"skeleton_to_text": to_text, "text_to_skeleton": to_skeleton}

    @torch.no_grad()
    def score(self, x: Tensor, text: Tensor) -> Tensor:
        return self.network.candidates(x, text)

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords: Any) -> "DVTA":
        """The released weights; widths follow from them."""
        method = cls(**keywords)
        names = {
            "direct_alignment.visual_projector.l": "direct.visual.",
            "direct_alignment.text_projector": "direct.text",
            "augmented_alignment.net.0": "metric.first",
            "augmented_alignment.net.2": "metric.second",
            "augmented_alignment.net.4": "metric.third",
            "scaling_factors": "temperatures",
        }
        renamed = {}
        for key, value in state_dict.items():
            for old, new in names.items():
                if key.startswith(old):
                    renamed[new + key[len(old) :]] = value
        method.network = DVTANetwork(
            renamed["direct.visual.0.weight"].shape[1],
            renamed["direct.text.weight"].shape[0],
            method.temperature,
            method.gamma,
        )
        method.network.load_state_dict(renamed)
        return method
