"""ReViSE: two autoencoders whose codes share a distribution, and a joint space for ranking."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.learning.batches import shuffled
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

    def __init__(
        self,
        feature_width: int,
        text_width: int,
        skeleton_layers: tuple,
        text_layers: tuple,
        joint: int,
    ):
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


def compressed(x: Tensor) -> Tensor:
    """sign(x) log(1 + |x|), which is log(1 + x) where features are never negative."""
    return x.sign() * x.abs().log1p()


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

    def __init__(
        self,
        *,
        skeleton_layers: tuple = (100,),
        text_layers: tuple = (512, 100),
        joint: int = 50,
        epochs: int = 300,
        batch: int = 1024,
        lr: float = 1e-4,
        text_weight_decay: float = 1e-3,
        contractive: float = 1e-4,
        train_contractive: bool = False,
        sharpness: float = 32.0,
        margin: float = 0.3,
    ):
        self.skeleton_layers, self.text_layers, self.joint = skeleton_layers, text_layers, joint
        self.epochs, self.batch, self.lr, self.text_weight_decay = (
            epochs,
            batch,
            lr,
            text_weight_decay,
        )
        self.contractive, self.train_contractive = contractive, train_contractive
        self.sharpness, self.margin = sharpness, margin

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        text = F.normalize(text.mean(1), dim=1)
        self.network = ReViSENetwork(
            seen.x.shape[1], text.shape[1], self.skeleton_layers, self.text_layers, self.joint
        ).to(seen.x.device)
        optimizer = Adam(
            [
                {"params": self.network.skeleton.parameters()},
                {"params": self.network.text.parameters(), "weight_decay": self.text_weight_decay},
            ],
            lr=self.lr,
        )
        for _ in self.resumable(self.epochs, optimizer):
            losses = []
            for rows in shuffled(len(seen), self.batch, seen.y.device):
                loss = sum(self.terms(seen.x[rows], text, seen.y[rows]).values())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            yield {"loss": torch.stack(losses).mean().item()}

    def terms(self, x: Tensor, text: Tensor, y: Tensor) -> dict[str, Tensor]:
        """The loss's terms, to be summed, of features [B, F], seen text [S, D] and labels [B]."""
        x = compressed(x).requires_grad_()
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
    def embeddings(self, x: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Features [N, F] and class vectors [C, D] in the joint space, [N, J] and [C, J]."""
        return self.network.skeleton(compressed(x))[2], self.network.text(text)[2]

    def score(self, x: Tensor, text: Tensor) -> Tensor:
        skeleton, classes = self.embeddings(x, F.normalize(text.mean(1), dim=1))
        return skeleton @ classes.T

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
        method.network = ReViSENetwork(
            widths["skeleton"][0],
            widths["text"][0],
            method.skeleton_layers,
            method.text_layers,
            method.joint,
        )
        method.network.load_state_dict(weights)
        return method
