"""PGFA: prototype-guided feature alignment, end to end."""

import weakref
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.data.clip_sets import fed
from zsar.encoders.stgcn import STGCN
from zsar.learning.batches import shuffled
from zsar.learning.compiling import through_compiler
from zsar.learning.contract import Method, Seen
from zsar.learning.losses import kl_to_target, same_label_target
from zsar.learning.optimizers import SGD
from zsar.learning.precision import mixed, require_known
from zsar.learning.schedules import set_rate, warmup_then_steps
from zsar.skeletons.layouts import layout


class PGFANetwork(nn.Module):
    """A skeleton encoder with features of some width, a linear map into text space and a temperature."""

    def __init__(self, encoder: nn.Module, width: int, text_width: int):
        super().__init__()
        self.encoder = encoder
        self.projection = nn.Linear(width, text_width)
        self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(self.encoder(x))


class PGFA(Method):
    """Zhou et al., Zero-Shot Skeleton-Based Action Recognition with Prototype-Guided Feature Alignment, TIP 2025.

    Training (section III-B): clips [N, 3, T, V, M] through ST-GCN and a linear map; symmetric KL divergence
    between the softmax of scaled cosines over the batch and the softmax of 10 x the same-label matrix.
    Testing (section III-C): `adapt` predicts the unlabelled test clips with text, keeps per predicted class the
    ``support`` share with the lowest entropy and takes the mean of their L2-normalised features as the class's
    new prototype. This looks at the whole test set at once: it is transductive, and recorded as such.

    Where the released code differs from the paper: the temperature is not trained on a GPU (the parameter is no
    leaf tensor), so it stays at 1/0.07: taken by default, ``train_temperature`` does as the paper says. The
    entropy is that of the softmax of unscaled cosines, and a class that nobody is predicted to be keeps its text
    vector: taken. The released code keeps the best test epoch and averages batch accuracies: not taken, the
    harness judges. The learning rate of the first epoch is zero (warm-up from zero): taken.
    """

    title = "PGFA"
    paper = (
        "Zhou, Zhang, et al.: Zero-Shot Skeleton-Based Action Recognition with Prototype-Guided Feature "
        "Alignment, IEEE TIP 2025"
    )
    input = "clips"
    on_features = "pgfa-fixed"
    transductive = True
    prompts = ("description",)
    streams = True
    """Clips may be a `zsar.data.clip_sets.ClipSet`."""
    precision, compiled = "float32", False
    _last: tuple | None = None
    """What was projected last: by which network, which clips, their versions, and the outcome."""

    def __init__(
        self,
        *,
        hidden: int = 16,
        width: int = 256,
        dropout: float = 0.5,
        absent_bodies: str = "convolve",
        joints: str = "kinect_v2",
        epochs: int = 50,
        batch: int = 128,
        lr: float = 0.05,
        momentum: float = 0.9,
        weight_decay: float = 5e-4,
        warmup: int = 5,
        steps: tuple = (50, 80),
        support: float = 0.9,
        train_temperature: bool = False,
        precision: str = "float32",
        compiled: bool = False,
    ):
        require_known(precision)
        self.hidden, self.width, self.dropout, self.absent_bodies = hidden, width, dropout, absent_bodies
        self.joints, self.epochs, self.batch = joints, epochs, batch
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.warmup, self.steps = warmup, steps
        self.support, self.train_temperature = support, train_temperature
        self.precision, self.compiled = precision, compiled

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        self.network = self.untrained(seen.x, text).to(seen.x.device)
        self.network.logit_scale.requires_grad_(self.train_temperature)
        optimizer = SGD(
            [p for p in self.network.parameters() if p.requires_grad],
            lr=self.lr,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
        )
        network = through_compiler(self.network, self.compiled, seen.x.device)
        text = text.mean(1)
        for epoch in self.resumable(self.epochs, optimizer):
            set_rate(optimizer, warmup_then_steps(self.lr, epoch, self.warmup, self.steps))
            self.network.train()
            losses = []
            for rows, clips in fed(seen.x, shuffled(len(seen), self.batch, seen.y.device, drop_last=True)):
                y = seen.y[rows]
                with mixed(self.precision, seen.y.device):
                    projected = network(clips)
                loss, _ = self.loss(projected.float(), text[y], y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            yield {"loss": torch.stack(losses).mean().item()}

    def untrained(self, x: Tensor, text: Tensor) -> PGFANetwork:
        """The network for clips [N, 3, T, V, M] and text [S, P, D]."""
        encoder = STGCN.for_layout(
            layout(self.joints),
            hidden=self.hidden,
            width=self.width,
            dropout=self.dropout,
            absent_bodies=self.absent_bodies,
        )
        return PGFANetwork(encoder, self.width, text.shape[-1])

    def loss(self, projected: Tensor, text: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The symmetric loss of a batch: projected clips [B, D], their classes' text [B, D], labels [B]."""
        logits = self.network.logit_scale.exp() * F.normalize(projected, dim=1) @ F.normalize(text, dim=1).T
        target = same_label_target(y)
        to_text, to_skeleton = kl_to_target(logits, target), kl_to_target(logits.T, target)
        parts = {"logits": logits, "skeleton_to_text": to_text, "text_to_skeleton": to_skeleton}
        return (to_text + to_skeleton) / 2, parts

    @torch.no_grad()
    def project(self, x: Tensor, chunk: int = 256) -> Tensor:
        """Clips [N, 3, T, V, M] in text space, [N, D]; those asked for last are remembered until a weight changes."""
        # Alignment and both scores of one evaluation project the same clips by the same weights.
        made_by = self.network, x
        weights = [*self.network.parameters(), *self.network.buffers(), x]
        versions = [getattr(t, "_version", 0) for t in weights]
        if self._last is not None:
            last_by, last_versions, projected = self._last
            if versions == last_versions and all(r() is a for r, a in zip(last_by, made_by, strict=True)):
                return projected
        self.network.eval()
        projected = torch.cat([self.network(part) for part in x.split(chunk)])
        self._last = [weakref.ref(a) for a in made_by], versions, projected
        return projected

    def score(self, x: Tensor, text: Tensor) -> Tensor:
        return cosine(self.project(x), text.mean(1))

    def adapt(self, x: Tensor, text: Tensor) -> Tensor:
        return prototypes(self.project(x), text.mean(1), self.support)[:, None]

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords: Any) -> "PGFA":
        """The released ``encoder.*`` and ``adapter.*`` weights, side by side in one dictionary."""
        part = lambda prefix: {k[len(prefix) :]: v for k, v in state_dict.items() if k.startswith(prefix)}
        method = cls(**keywords)
        encoder = STGCN.from_official(part("encoder."), dropout=method.dropout, absent_bodies=method.absent_bodies)
        projection = part("adapter.adapter.")
        method.hidden, method.width = encoder.blocks[0].gcn.conv.out_channels // 3, encoder.width
        method.network = PGFANetwork(encoder, encoder.width, projection["weight"].shape[0])
        method.network.projection.load_state_dict(projection)
        with torch.no_grad():
            method.network.logit_scale.copy_(state_dict["adapter.logit_scale"])
        return method


def cosine(features: Tensor, text: Tensor) -> Tensor:
    """Cosine of every feature [N, D] with every class vector [C, D]: [N, C]."""
    return F.normalize(features, dim=1) @ F.normalize(text, dim=1).T


def entropy(cosines: Tensor) -> Tensor:
    """Entropy in nats of each row's softmax, unscaled as released: [N, C] -> [N]."""
    log_p = torch.log_softmax(cosines, dim=1)
    return -(log_p.exp() * log_p).sum(1)


def prototypes(features: Tensor, text: Tensor, support: float) -> Tensor:
    """Class vectors rebuilt from unlabelled features: [N, D], [C, D] -> [C, D] (PGFA, section III-C)."""
    cosines = cosine(features, text)
    predicted, uncertainty = cosines.argmax(1), entropy(cosines)
    features = F.normalize(features, dim=1)
    adapted = text.clone()
    for c in range(len(text)):
        members = (predicted == c).nonzero()[:, 0]
        keep = int(len(members) * support)
        if keep:
            surest = uncertainty[members].topk(keep, largest=False).indices
            adapted[c] = features[members[surest]].mean(0)
    return adapted
