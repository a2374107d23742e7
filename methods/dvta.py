"""DVTA: dual visual-text alignment, direct and augmented."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.learning.batches import random_batches
from zsar.learning.contract import Method, Seen
from zsar.learning.faster import faster
from zsar.learning.losses import kl_to_target, same_label_target
from zsar.learning.optimizers import Adam
from zsar.learning.precision import check_precision, mixed
from zsar.learning.schedules import set_rate, warmup_then_cosine


class DirectAlignment(nn.Module):
    """Visual projector, attention over a class's prompts (description enhancement) and text projector."""

    def __init__(self, feature_width: int, text_width: int):
        super().__init__()
        widths = [(feature_width, feature_width), (feature_width, 384), (384, 512), (512, text_width)]
        self.visual = nn.ModuleList([nn.Linear(a, b) for a, b in widths])
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


class LeakySigmoid(nn.Module):
    """Sigmoid for positive values, gamma * exp(gamma * x) for the others, where the gradient would vanish."""

    def __init__(self, gamma: float):
        super().__init__()
        self.gamma = gamma

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, torch.sigmoid(x), self.gamma * torch.exp(self.gamma * x.clamp(max=0)))


class MetricNetwork(nn.Module):
    """A learnt similarity of (skeleton, text) pairs, the augmented alignment."""

    def __init__(self, text_width: int, gamma: float):
        super().__init__()
        self.first = nn.Linear(2 * text_width, 2 * text_width)
        self.second = nn.Linear(2 * text_width, 768)
        self.third = nn.Linear(768, 1)
        self.activation = LeakySigmoid(gamma)

    def forward(self, skeleton: Tensor, text: Tensor) -> Tensor:
        """Pairs, [..., D] of either side: [...]."""
        hidden = F.relu(self.first(torch.cat([skeleton, text], -1)))
        return self.activation(self.third(F.relu(self.second(hidden))).squeeze(-1))

    @faster("dvta:all_pairs")
    def all_pairs(self, skeleton: Tensor, text: Tensor) -> Tensor:
        """Every skeleton [N, D] with every text [C, D]: [N, C]."""
        return self(skeleton[:, None].expand(-1, len(text), -1), text.expand(len(skeleton), -1, -1))


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
        return direct, self.metric.all_pairs(skeleton.detach(), text.detach()) / self.temperatures[1]

    def candidates(self, skeleton: Tensor, text: Tensor) -> Tensor:
        """Testing: the sum of both similarities of every clip with every candidate class, [N, C].

        ``skeleton`` [N, D] are projected, ``text`` [C, P, D] unit vectors; every clip enhances every class's text anew.
        """
        weights = self.direct.attention(skeleton, text)
        text = self.direct.text(torch.einsum("ncp,cpd->ncd", weights, text))
        skeleton = skeleton[:, None].expand_as(text)
        direct = F.cosine_similarity(skeleton, text, dim=-1)
        return direct / self.temperatures[0] + self.metric(skeleton, text) / self.temperatures[1]


@dataclass(kw_only=True, eq=False)
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
    link = "https://arxiv.org/abs/2409.14336"
    prompts = ("label", "description")

    epochs: int = 100
    batch: int = 128
    lr: float = 1e-5
    weight_decay: float = 0.0
    warmup: int = 15
    temperature: float = 0.1
    gamma: float = 0.01
    precision: str = "float32"

    def __post_init__(self):
        check_precision(self.precision)

    def build(self, x_shape: tuple[int, ...], text_shape: tuple[int, ...]) -> DVTANetwork:
        return DVTANetwork(x_shape[-1], text_shape[-1], self.temperature, self.gamma)

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        self.network = self.build(seen.x.shape[1:], text.shape).to(seen.x.device)
        optimizer = Adam(self.network.parameters(), lr=self.lr, weight_decay=self.weight_decay, fused=True)
        for epoch in self.resumable(self.epochs, optimizer):
            set_rate(optimizer, warmup_then_cosine(self.lr, epoch, self.warmup, self.epochs))
            losses = []
            for rows in random_batches(len(seen), self.batch, seen.y.device):
                y = seen.y[rows]
                with mixed(self.precision, y.device):
                    similarities = self.network(seen.x[rows], text[y])
                loss, _ = self.loss(*similarities, y)
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
    def embed(self, x: Tensor) -> Tensor:
        """Features [N, F] in text space, [N, D]."""
        return self.network.direct.project(F.normalize(x, dim=-1))

    @faster("dvta:classifier")
    def classifier(self, text: Tensor) -> Callable[[Tensor], Tensor]:
        text = F.normalize(text, dim=-1)

        @torch.no_grad()
        def scores(skeleton: Tensor) -> Tensor:
            return torch.cat([self.network.candidates(part, text) for part in skeleton.split(self.batch)])

        return scores

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
        feature_width, text_width = renamed["direct.visual.0.weight"].shape[1], len(renamed["direct.text.weight"])
        method.network = method.build((feature_width,), (text_width,))
        method.network.load_state_dict(renamed)
        return method
