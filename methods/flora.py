"""Flora: text blended with its neighbours', and a flow from text to skeletons whose error is the class's energy."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.errors import ZsarError
from zsar.learning.batches import random_batches
from zsar.learning.contract import Method, Seen
from zsar.learning.optimizers import AdamW

FREQUENCIES = 128


def two_layers(width: int, hidden: int, out: int) -> nn.Sequential:
    """Linear, ReLU, linear; the framework's start."""
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, out))


class Encoder(nn.Module):
    """Mean and log-variance of a latent, all hidden widths the latent's."""

    def __init__(self, width: int, latent: int):
        super().__init__()
        self.backbone = two_layers(width, latent, latent)
        self.proj_mu, self.proj_log_var = nn.Linear(latent, latent), nn.Linear(latent, latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.backbone(x)
        return self.proj_mu(hidden), self.proj_log_var(hidden)


class Decoder(nn.Module):
    """From a latent, the hidden width the output's."""

    def __init__(self, latent: int, width: int):
        super().__init__()
        self.backbone = two_layers(latent, width, width)

    def forward(self, z: Tensor) -> Tensor:
        return self.backbone(z)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Layer normalisation of rows [B, R, W], scaled and shifted per clip [B, W]."""
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale[:, None]) + shift[:, None]


class Time(nn.Module):
    """A time in [0, 1] as a vector: cosines and sines, then two layers."""

    def __init__(self, width: int):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(2 * FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))

    @staticmethod
    def waves(t: Tensor) -> Tensor:
        """Cosines and sines [B, 256] of times [B], cosines first."""
        frequencies = torch.exp(-math.log(10000) / FREQUENCIES * torch.arange(FREQUENCIES, device=t.device))
        return torch.cat([(t[:, None] * frequencies).cos(), (t[:, None] * frequencies).sin()], 1)

    def forward(self, t: Tensor) -> Tensor:
        return self.mlp(self.waves(t))


class Attention(nn.Module):
    """Self-attention over the rows, without a mask."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class MLP(nn.Module):
    """Two layers with GELU (its tanh form) between them."""

    def __init__(self, width: int):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class Block(nn.Module):
    """A transformer block; the time's vector shifts, scales and gates both its parts (adaptive layer normalisation)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attn, self.mlp = Attention(width, heads), MLP(width)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        shift, scale, gate, shift2, scale2, gate2 = self.adaLN_modulation(time).chunk(6, -1)
        x = x + gate[:, None] * self.attn(modulate(x, shift, scale))
        return x + gate2[:, None] * self.mlp(modulate(x, shift2, scale2))


class Final(nn.Module):
    """The last linear map, modulated like the blocks."""

    def __init__(self, width: int):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        return self.linear(modulate(x, *self.adaLN_modulation(time).chunk(2, -1)))


class Velocity(nn.Module):
    """Velocities [B, R, W] at points [B, R, W] of the path at times [B]: a diffusion transformer of few blocks.

    It begins with Xavier's weights, and with zeros in every modulation and in the output: the first velocity is 0.
    """

    def __init__(self, width: int, blocks: int, heads: int):
        super().__init__()
        self.x_embedder, self.t_embedder = nn.Linear(width, width), Time(width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.final_layer = Final(width)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        for i in (0, 2):
            nn.init.normal_(self.t_embedder.mlp[i].weight, std=0.02)
        for part in (*self.blocks, self.final_layer):
            nn.init.zeros_(part.adaLN_modulation[1].weight)
        nn.init.zeros_(self.final_layer.linear.weight)

    def forward(self, z: Tensor, t: Tensor) -> Tensor:
        x, time = self.x_embedder(z), self.t_embedder(t)
        for block in self.blocks:
            x = block(x, time)
        return self.final_layer(x, time)


class FloraNetwork(nn.Module):
    """Both encoders and decoders, and the velocity network; names as released."""

    def __init__(self, feature_width: int, text_width: int, latent: int, blocks: int, heads: int):
        super().__init__()
        self.motion_encoder, self.motion_decoder = Encoder(feature_width, latent), Decoder(latent, feature_width)
        self.semantic_encoder, self.semantic_decoder = Encoder(text_width, latent), Decoder(latent, text_width)
        self.velocity_predictor = Velocity(latent, blocks, heads)


def draw(mu: Tensor, logvar: Tensor, rows: int, noise: Tensor | None = None) -> Tensor:
    """A latent per row [B, R, W], with noise of its own for each row and dimension.

    A skeleton's mean and log-variance [B, W] are those of all its ``rows``.
    """
    if mu.ndim == 2:
        mu, logvar = mu[:, None].expand(-1, rows, -1), logvar[:, None].expand(-1, rows, -1)
    return mu + (logvar / 2).exp() * (torch.randn_like(mu) if noise is None else noise)


def path(z_t: Tensor, z_s: Tensor, time: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """The point at times [B] of the straight path from text to skeleton latents [B, R, W], and its velocity.

    ``sigma`` is the share of the text's latent that is left at the end.
    """
    time, kappa = time[:, None, None], 1 - sigma
    return (1 - kappa * time) * z_t + time * z_s, z_s - kappa * z_t


def rows_of(text: Tensor) -> Tensor:
    """A class's vectors side by side: [C, P, E] as one row [C, 1, P E], [C, P, L, E] as L rows [C, L, P E]."""
    text = text[:, :, None] if text.ndim == 3 else text
    return text.transpose(1, 2).flatten(2)


def nearest_classes(text: Tensor, pool: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The ``count`` classes of ``pool`` [D, R, E] nearest to each of ``text`` [C, R, E], and their cosines, [C, k].

    Classes are compared by the mean of their rows; ``pool`` begins with ``text``, and the nearest, the class itself,
    is left out. Fewer where the pool is smaller.
    """
    means, others = (F.normalize(rows.mean(1), dim=1) for rows in (text, pool))
    cosines, indices = (means @ others.T).topk(min(count + 1, len(pool)), dim=1)
    return indices[:, 1:], cosines[:, 1:]


def attune(text: Tensor, pool: Tensor, count: int, weight: float) -> Tensor:
    """Text [C, R, E] plus ``weight`` times the mean of its neighbours' text, each times its cosine."""
    indices, cosines = nearest_classes(text, pool, count)
    if not indices.shape[1]:
        return text
    return text + weight * (cosines[:, :, None, None] * pool[indices]).mean(1)


@dataclass(kw_only=True, eq=False)
class Flora(Method):
    """Chen et al., Learning by Neighbor-Aware Semantics, Deciding by Open-form Flows, CVPR Findings 2026.

    Features [N, F] and text [C, P, E], a class's P vectors side by side as one row of P E numbers (text with a vector
    per token, [C, P, L, E], gives L rows). Each class's text gets ``weight`` times the mean of its ``neighbours``
    nearest classes' text, each times its cosine. Two encoders with a decoder each put text and features into one
    latent space: reconstruction, cross-reconstruction, and ``moments`` times the squared distance of both sides' means
    and log-variances (``alignment_steps`` steps). Then they are frozen, and a transformer learns the velocity of the
    straight path from a text's latent to a skeleton's (``epochs`` times ``steps`` steps), while ``negative`` times its
    error for the velocity of another class's clip is taken off. Energy of a class: the squared error of the velocity
    at the middle of the path; the score is minus the energy.

    Released differently, and not taken: latents are drawn in testing too, so that scores are random; here the means
    are compared. The best of twenty such evaluations every ten steps is printed: the harness judges. Neighbours are
    sought among all classes in training, unseen ones included; here training knows the seen classes only, and the
    candidates' neighbours are sought among the seen classes and the candidates. Text is of CLIP's tokens, 768 numbers
    wide; with sentence vectors there is one row, over which attention is the identity. Seen and unseen classes are
    told apart by a bound for the ratio of their least energies, set per split: the harness calibrates. As released:
    noise for each row and dimension, no KL terms, negatives uniform over the clips of other classes, one optimizer.
    """

    title = "Flora"
    paper = (
        "Chen, Li, Rao, Zeng, Guo, Guo: Learning by Neighbor-Aware Semantics, Deciding by Open-form Flows: Towards "
        "Robust Zero-Shot Skeleton Action Recognition, CVPR Findings 2026"
    )
    link = "https://arxiv.org/abs/2511.09388"
    prompts = ("label", "description")

    latent: int = 768
    heads: int = 12
    blocks: int = 1
    neighbours: int = 2
    weight: float = 1.0
    moments: float = 0.1
    negative: float = 0.1
    sigma: float = 1e-5
    judged_at: float = 0.5
    alignment_steps: int = 1000
    epochs: int = 20
    steps: int = 10
    batch: int = 64
    lr: float = 1e-4
    weight_decay: float = 0.01

    def build(self, x_shape: tuple[int, ...], text_shape: tuple[int, ...]) -> FloraNetwork:
        if self.latent % self.heads:
            raise ZsarError(
                f"flora: latent={self.latent} can't be divided among heads={self.heads}", "Choose one that divides it."
            )
        return FloraNetwork(x_shape[-1], text_shape[1] * text_shape[-1], self.latent, self.blocks, self.heads)

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        self.network = self.build(seen.x.shape[1:], text.shape).to(seen.x.device)
        self.seen_text = rows_of(text)
        text = attune(self.seen_text, self.seen_text, self.neighbours, self.weight)
        optimizer = AdamW(self.network.parameters(), lr=self.lr, weight_decay=self.weight_decay)
        for epoch in self.resumable(self.epochs, optimizer):
            if epoch == 0:
                self.optimize(
                    optimizer, seen, self.alignment_steps, lambda r: self.alignment(seen.x[r], text[seen.y[r]])
                )
            yield {"loss": self.optimize(optimizer, seen, self.steps, lambda r: self.flow(seen, text, r))}

    def optimize(self, optimizer: AdamW, seen: Seen, steps: int, loss_of: Callable[[Tensor], Tensor]) -> float:
        """Take steps on batches of as many passes over the clips as they need; the mean loss."""
        passes = (random_batches(len(seen), self.batch, seen.y.device) for _ in itertools.count())
        losses = []
        for rows in itertools.islice(itertools.chain.from_iterable(passes), steps):
            loss = loss_of(rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses).mean().item() if losses else 0.0

    def alignment(self, x: Tensor, t: Tensor) -> Tensor:
        """The first phase's loss of features [B, F] and their classes' attuned text [B, R, E]."""
        return self.aligned(self.alignment_terms(x, t))

    def aligned(self, terms: dict[str, Tensor]) -> Tensor:
        """The first phase's loss from its terms."""
        rebuilt = [term for name, term in terms.items() if name not in ("mu", "logvar")]
        return sum(rebuilt) / len(rebuilt) + self.moments * (terms["mu"] + terms["logvar"])

    def alignment_terms(self, x: Tensor, t: Tensor, noise: tuple[Tensor | None, Tensor | None] = (None, None)) -> dict:
        """Every term of the first phase's loss, unweighted; ``noise`` is the text's and the skeletons', [B, R, W]."""
        net, (z_t, z_s), rows = self.network, self.latents(x, t, noise), t.shape[1]
        x_rows = x[:, None].expand(-1, rows, -1)
        (mu_t, logvar_t), (mu_s, logvar_s) = net.semantic_encoder(t), net.motion_encoder(x)
        return {
            "skeleton": F.mse_loss(net.motion_decoder(z_s), x_rows),
            "text": F.mse_loss(net.semantic_decoder(z_t), t),
            "text_from_skeleton": F.mse_loss(net.semantic_decoder(z_s), t),
            "skeleton_from_text": F.mse_loss(net.motion_decoder(z_t), x_rows),
            "mu": F.mse_loss(mu_t, mu_s[:, None].expand_as(mu_t)),
            "logvar": F.mse_loss(logvar_t, logvar_s[:, None].expand_as(logvar_t)),
        }

    def latents(self, x: Tensor, t: Tensor, noise: tuple[Tensor | None, Tensor | None] = (None, None)) -> tuple:
        """A draw of the text's and of the skeletons' latents, [B, R, W] each, in this order."""
        z_t = draw(*self.network.semantic_encoder(t), t.shape[1], noise[0])
        return z_t, draw(*self.network.motion_encoder(x), t.shape[1], noise[1])

    def flow(self, seen: Seen, text: Tensor, rows: Tensor) -> Tensor:
        """The second phase's loss of the clips ``rows`` [B], each with a clip of another class."""
        others = torch.multinomial((seen.y != seen.y[rows][:, None]).float(), 1)[:, 0]
        with torch.no_grad():
            z_t, z_s = self.latents(seen.x[rows], text[seen.y[rows]])
            other_t, other_s = self.latents(seen.x[others], text[seen.y[others]])
        point, velocity = path(z_t, z_s, time := torch.randn(len(z_t), device=z_t.device).sigmoid(), self.sigma)
        predicted = self.network.velocity_predictor(point, time)
        return self.flow_loss(predicted, velocity, path(other_t, other_s, time, self.sigma)[1])

    def flow_loss(self, predicted: Tensor, velocity: Tensor, other: Tensor) -> Tensor:
        """The second phase's loss of velocities [B, R, W]: the clips' own, and another class's."""
        return F.mse_loss(predicted, velocity) - self.negative * F.mse_loss(predicted, other)

    @torch.no_grad()
    def embed(self, x: Tensor) -> Tensor:
        """The means of the latents, [N, W]."""
        return self.network.motion_encoder(x)[0]

    @torch.no_grad()
    def classifier(self, text: Tensor) -> Callable[[Tensor], Tensor]:
        text = rows_of(text)
        is_candidate = (self.seen_text.mean(1)[:, None] == text.mean(1)).all(2).any(1)
        attuned = attune(text, torch.cat([text, self.seen_text[~is_candidate]]), self.neighbours, self.weight)
        means = self.network.semantic_encoder(attuned)[0]
        return lambda embedded: -self.energies(embedded[:, None], means)

    @torch.no_grad()
    def energies(self, z_s: Tensor, z_t: Tensor) -> Tensor:
        """Energies [N, C] of clips' latents [N, R, W] (or [N, 1, W]) and classes' text latents [C, R, W]: the squared
        error of the velocity at the time ``judged_at`` of the path, averaged over rows and dimensions."""
        time, flat = torch.tensor([self.judged_at], device=z_s.device), z_t.shape[1:]
        # Bounded memory: a chunk holds about 2^25 activations of the widest layer.
        chunk = max(1, 2**25 // (4 * z_t.numel()))
        energies = []
        for part in z_s.split(chunk):
            point, velocity = path(z_t, part[:, None], time, self.sigma)
            predicted = self.network.velocity_predictor(point.reshape(-1, *flat), time)
            energies.append((predicted.reshape(velocity.shape) - velocity).square().mean((2, 3)))
        return torch.cat(energies)

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords: Any) -> "Flora":
        """The released state dict; ``heads`` can't be told from it."""
        latent, text_width = state_dict["semantic_encoder.backbone.0.weight"].shape
        blocks = {key.split(".")[2] for key in state_dict if key.startswith("velocity_predictor.blocks.")}
        method = cls(**{"latent": latent, "blocks": len(blocks), **keywords})
        method.network = method.build(state_dict["motion_encoder.backbone.0.weight"].shape[1:], (1, 1, text_width))
        method.network.load_state_dict(state_dict)
        return method
