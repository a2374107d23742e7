"""DVTA: dual visual-text alignment, direct and augmented."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.methods.batches import shuffled
from zsar.methods.contract import Method, Seen
from zsar.methods.losses import kl_to_target, same_label_target
from zsar.methods.schedules import set_rate, warmup_then_cosine


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

    def enhance(self, projected: Tensor, text: Tensor) -> Tensor:
        """Each clip's own reading of each class: [N, D], [N or 1, C, P, D] -> [N, C, D], attending over P prompts."""
        weights = torch.einsum("nd,ncpd->ncp", projected, text.expand(len(projected), -1, -1, -1)).softmax(-1)
        return self.text(torch.einsum("ncp,ncpd->ncd", weights, text.expand(len(projected), -1, -1, -1)))


class MetricNetwork(nn.Module):
    """A learnt similarity of (skeleton, text) pairs, the augmented alignment."""

    def __init__(self, text_width: int, gamma: float):
        super().__init__()
        self.first = nn.Linear(2 * text_width, 2 * text_width)
        self.second = nn.Linear(2 * text_width, 768)
        self.third = nn.Linear(768, 1)
        self.gamma = gamma

    def forward(self, skeleton: Tensor, text: Tensor) -> Tensor:
        """[N, D] and [N or 1, C, D] -> [N, C]."""
        # The first layer is linear in (skeleton, text): each side is mapped once and the pairs are sums, which is
        # exact and saves the largest product over all pairs.
        of_skeleton, of_text = self.first.weight.chunk(2, dim=1)
        h = F.linear(skeleton, of_skeleton)[:, None] + F.linear(text, of_text, self.first.bias)
        h = F.relu(self.second(F.relu(h)))
        return leaky_sigmoid(self.third(h).squeeze(-1), self.gamma)


class DVTANetwork(nn.Module):
    """Both alignments and their temperatures."""

    def __init__(self, feature_width: int, text_width: int, temperature: float, gamma: float):
        super().__init__()
        self.direct = DirectAlignment(feature_width, text_width)
        self.metric = MetricNetwork(text_width, gamma)
        self.temperatures = nn.Parameter(torch.full((2,), temperature))

    def pairs(self, x: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Training: each clip [B, F] with the text [B, P, D] of its own class; both similarities over all pairs."""
        x, text = F.normalize(x, dim=-1), F.normalize(text, dim=-1)
        skeleton = self.direct.project(x)
        text = self.direct.enhance(skeleton, text[:, None])[:, 0]
        direct = F.normalize(skeleton, dim=-1) @ F.normalize(text, dim=-1).T / self.temperatures[0]
        # Detached: the metric network's gradient doesn't reach the projectors.
        return direct, self.metric(skeleton.detach(), text.detach()[None]) / self.temperatures[1]

    def candidates(self, x: Tensor, text: Tensor) -> Tensor:
        """Testing: every clip [N, F] with every candidate class [C, P, D]: the sum of both similarities, [N, C]."""
        x, text = F.normalize(x, dim=-1), F.normalize(text, dim=-1)
        skeleton = self.direct.project(x)
        enhanced = self.direct.enhance(skeleton, text[None])
        direct = torch.einsum("nd,ncd->nc", F.normalize(skeleton, dim=-1), F.normalize(enhanced, dim=-1))
        return direct / self.temperatures[0] + self.metric(skeleton, enhanced) / self.temperatures[1]


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
    ):
        self.epochs, self.batch, self.lr, self.weight_decay = epochs, batch, lr, weight_decay
        self.warmup, self.temperature, self.gamma = warmup, temperature, gamma

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        self.network = DVTANetwork(seen.x.shape[1], text.shape[-1], self.temperature, self.gamma).to(seen.x.device)
        optimizer = torch.optim.Adam(self.network.parameters(), lr=self.lr, weight_decay=self.weight_decay)
        for epoch in self.resumable(self.epochs, optimizer):
            set_rate(optimizer, warmup_then_cosine(self.lr, epoch, self.warmup, self.epochs))
            losses = []
            for rows in shuffled(len(seen), self.batch, seen.y.device):
                y = seen.y[rows]
                loss, _ = self.loss(*self.network.pairs(seen.x[rows], text[y]), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            yield {"loss": torch.stack(losses).mean().item()}

    def loss(self, direct: Tensor, augmented: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The symmetric loss of a batch's similarities [B, B] and labels [B]."""
        similarity, target = direct + augmented, same_label_target(y)
        to_text, to_skeleton = kl_to_target(similarity, target), kl_to_target(similarity.T, target.T)
        return (to_text + to_skeleton) / 2, {"skeleton_to_text": to_text, "text_to_skeleton": to_skeleton}

    @torch.no_grad()
    def score(self, x: Tensor, text: Tensor) -> Tensor:
        # Bounded memory: a chunk holds about 2^26 activations of the metric network's first layer.
        chunk = max(1, 2**26 // (2 * text.shape[-1] * len(text)))
        return torch.cat([self.network.candidates(part, text) for part in x.split(chunk)])

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
