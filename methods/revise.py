"""ReViSE: two autoencoders whose codes share a distribution, and a joint space for ranking."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.learning.batches import random_batches
from zsar.learning.contract import Method, Seen
from zsar.learning.optimizers import Adam


def perceptron(widths: list[int]) -> nn.Sequential:
    """Linear layers through these widths, each followed by ReLU."""
    return nn.Sequential(*(m for a, b in pairwise(widths) for m in (nn.Linear(a, b), nn.ReLU())))


class Autoencoder(nn.Module):
    """Input to code and back, and from the code into the joint space."""

    def __init__(self, width: int, layers: tuple[int, ...], joint: int):
        super().__init__()
        widths = [width, *layers]
        self.encoder, self.decoder = perceptron(widths), perceptron(widths[::-1])
        self.transformation = nn.Sequential(nn.Linear(widths[-1], joint), nn.Tanh())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Code, reconstruction and embedding."""
        code = self.encoder(x)
        return code, self.decoder(code), self.transformation(code)


class ReViSENetwork(nn.Module):
    """An autoencoder for skeleton features and one for text."""

    def __init__(self, feature_width: int, text_width: int, skeleton_layers: tuple, text_layers: tuple, joint: int):
        super().__init__()
        self.skeleton = Autoencoder(feature_width, skeleton_layers, joint)
        self.text = Autoencoder(text_width, text_layers, joint)


def mean_discrepancy(a: Tensor, b: Tensor, sharpness: float) -> Tensor:
    """Squared maximum mean discrepancy of two samples [n, K], kernel exp(-sharpness |a - b|^2)."""

    def kernel(p: Tensor, q: Tensor) -> Tensor:
        apart = p.square().sum(1)[:, None] + q.square().sum(1) - 2 * p @ q.T
        return torch.exp(-sharpness * apart.clamp_min(0))

    return kernel(a, a).mean() + kernel(b, b).mean() - 2 * kernel(a, b).mean()


def hinge(scores: Tensor, right: Tensor, margin: float) -> Tensor:
    """Sum over classes of max(0, margin + score - right score), mean over clips: [B, S], [B].

    As released, the right class counts too: with constant ``scores`` of classes it adds the margin
    to the value and, through ``right`` alone, a steady pull of the class's text towards the clip.
    """
    return F.relu(margin + scores - right[:, None]).sum(1).mean()


def compress(x: Tensor) -> Tensor:
    """sign(x) log(1 + |x|), which is log(1 + x) where features are never negative."""
    return x.sign() * x.abs().log1p()


@dataclass(kw_only=True, eq=False)
class ReViSE(Method):
    """Tsai, Huang, Salakhutdinov, Learning Robust Visual-Semantic Embeddings, ICCV 2017.

    Features [N, F] as sign(x) log(1 + |x|) (released: log(1 + x) of features that are never
    negative) and unit text vectors. Loss: reconstruction of both sides, the skeletons' with a
    contractive penalty; the maximum mean discrepancy of both codes; a hinge loss on inner products
    in the joint space, which are the scores too.

    Taken as SynSE's authors released it for skeletons: the contractive penalty is the norm of the
    gradient of all codes' sum, and no gradient passes through it, so that it changes the loss and
    nothing else (``train_contractive`` lets it); the hinge loss's wrong classes are constants, only
    the right class's text learns from it; weight decay on the text side only. Not taken: the
    learning rate that follows the test accuracy, and the best test epoch. The paper's unsupervised
    adaptation to unlabelled test data is in no release and left out.
    """

    title = "ReViSE"
    paper = "Tsai, Huang, Salakhutdinov: Learning Robust Visual-Semantic Embeddings, ICCV 2017"
    link = "https://arxiv.org/abs/1703.05908"

    skeleton_layers: tuple = (100,)
    text_layers: tuple = (512, 100)
    joint: int = 50
    epochs: int = 300
    batch: int = 1024
    lr: float = 1e-4
    text_weight_decay: float = 1e-3
    contractive: float = 1e-4
    train_contractive: bool = False
    sharpness: float = 32.0
    margin: float = 0.3

    def build(self, x_shape: tuple[int, ...], text_shape: tuple[int, ...]) -> ReViSENetwork:
        return ReViSENetwork(x_shape[-1], text_shape[-1], self.skeleton_layers, self.text_layers, self.joint)

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        self.network = self.build(seen.x.shape[1:], text.shape).to(seen.x.device)
        text = F.normalize(text.mean(1), dim=1)
        optimizer = Adam(
            [
                {"params": self.network.skeleton.parameters()},
                {"params": self.network.text.parameters(), "weight_decay": self.text_weight_decay},
            ],
            lr=self.lr,
        )
        for _ in self.resumable(self.epochs, optimizer):
            losses = []
            for rows in random_batches(len(seen), self.batch, seen.y.device):
                loss = sum(self.terms(seen.x[rows], text, seen.y[rows]).values())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            yield {"loss": torch.stack(losses).mean().item()}

    def terms(self, x: Tensor, text: Tensor, y: Tensor) -> dict[str, Tensor]:
        """The loss's terms, to be summed, of features [B, F], seen text [S, D] and labels [B]."""
        x = compress(x).requires_grad_()
        code, rebuilt, embedding = self.network.skeleton(x)
        text_code, text_rebuilt, text_embedding = self.network.text(text)
        slope = torch.autograd.grad(code.sum(), x, retain_graph=True, create_graph=self.train_contractive)[0].norm()
        right = (embedding * text_embedding[y]).sum(1)
        return {
            "skeleton": F.mse_loss(rebuilt, x) + self.contractive * slope,
            "text": F.mse_loss(text_rebuilt[y], text[y]),
            "discrepancy": mean_discrepancy(code, text_code[y], self.sharpness),
            "hinge": hinge(embedding @ text_embedding.detach().T, right, self.margin),
        }

    @torch.no_grad()
    def embed(self, x: Tensor) -> Tensor:
        """Features [N, F] in the joint space, [N, J]."""
        return self.network.skeleton(compress(x))[2]

    @torch.no_grad()
    def classifier(self, text: Tensor) -> Callable[[Tensor], Tensor]:
        classes = self.network.text(F.normalize(text.mean(1), dim=1))[2]
        return lambda embedded: embedded @ classes.T

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords: Any) -> "ReViSE":
        """Both released checkpoints side by side, ``skeleton_ae.*`` and ``text_ae.*``."""
        weights = {key.replace("_ae.", ".", 1): value for key, value in state_dict.items()}
        widths = {}
        for side in ("skeleton", "text"):
            encoder = [w for key, w in sorted(weights.items()) if key.startswith(f"{side}.encoder.") and w.ndim == 2]
            widths[side] = (encoder[0].shape[1], *(len(w) for w in encoder))
        method = cls(
            **{
                "skeleton_layers": widths["skeleton"][1:],
                "text_layers": widths["text"][1:],
                "joint": len(weights["text.transformation.0.bias"]),
                **keywords,
            }
        )
        method.network = method.build(widths["skeleton"][:1], widths["text"][:1])
        method.network.load_state_dict(weights)
        return method
