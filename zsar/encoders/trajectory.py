"""Joint trajectories as features: no training loop, a projection fitted on the seen classes' training clips."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zsar.encoders.contract import Encoder
from zsar.errors import UnknownName
from zsar.skeletons.layouts import layout

POSITIVE = ("halves", "shift", "none")


@dataclass(kw_only=True, eq=False)
class TrajectoryEncoder(Encoder):
    """Body-size-normalised trajectories relative to the hip, root path and velocities, projected by PCA.

    Every body is turned to face the camera at its first frame (``align``), measured in units of its own mean bone
    length, and sampled at ``frames`` moments. ``velocity`` and ``path`` weigh the joints' velocities and the root's
    way against the joints' positions. The ``components`` leading principal components of the training clips are
    kept, scaled to variance ``whiten`` = 1 (all alike) or left as they are at 0. ``positive``: ``halves`` stores
    the positive and negative parts side by side, ``shift`` adds the training clips' minimum; either gives features
    that are never negative (up to clipping of test clips), as decoders ending in ReLU need; ``none`` does nothing.
    """

    frames: int = 16
    components: int = 128
    velocity: float = 1.0
    path: float = 1.0
    whiten: float = 0.5
    align: bool = True
    positive: str = "halves"
    regularisation: float = 1.0

    def __post_init__(self) -> None:
        if self.positive not in POSITIVE:
            raise UnknownName("value", self.positive, POSITIVE, "trajectory.positive")
        self._layout = layout(self.joints)

    def trajectories(self, x: Tensor) -> Tensor:
        """What is projected: [N, 3, T, V, M] -> [N, K]."""
        parts = []
        bones = torch.tensor(self._layout.edges, device=x.device)
        moments = torch.linspace(0, x.shape[2] - 1, self.frames, device=x.device).round().long()
        first_root = x[:, :, :, self._layout.root, 0]
        for body in range(x.shape[4]):
            b = x[..., body].permute(0, 2, 3, 1)
            present = b.ne(0).flatten(2).any(2)[..., None]  # frame by frame: a second person may come later
            lengths = (b[:, :, bones[:, 0]] - b[:, :, bones[:, 1]]).norm(dim=-1).mean(2, keepdim=True)
            size = ((lengths * present).sum((1, 2)) / present.sum((1, 2)).clamp_min(1)).clamp_min(1e-6)
            first = b[torch.arange(len(b), device=x.device), present[..., 0].float().argmax(1)]
            root = torch.where(present, b[:, :, self._layout.root], first[:, None, self._layout.root])
            turn = self._facing(first) if self.align else torch.eye(3, device=x.device).expand(len(b), 3, 3)
            scale = size[:, None, None]
            joints = (
                torch.einsum("ntvc,nck->ntvk", (b - root[:, :, None]) * present[..., None], turn) / scale[..., None]
            )
            way = torch.einsum("ntc,nck->ntk", root - root[:, :1], turn) / scale
            pieces = [
                joints,
                self.path * way[:, :, None],
                self.velocity * joints.diff(dim=1, append=joints[:, -1:]),
                self.path * self.velocity * way.diff(dim=1, append=way[:, -1:])[:, :, None],
            ]
            if body:  # where the other person stands
                offset = torch.einsum("ntc,nck->ntk", root - first_root.permute(0, 2, 1), turn) / scale
                pieces.append((offset * present)[:, :, None])
            parts.append(torch.cat([p[:, moments].flatten(1) for p in pieces], 1) * present.any(1))
        return torch.cat(parts, 1)

    def _facing(self, b: Tensor) -> Tensor:
        """Rotation about the vertical [N, 3, 3] that lays the hips of the first frame [N, V, 3] along x."""
        across = b[:, self._layout.right_hip] - b[:, self._layout.left_hip]
        angle = torch.atan2(across[:, 2], across[:, 0])
        cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
        return torch.stack([cos, zero, -sin, zero, one, zero, sin, zero, cos], 1).view(-1, 3, 3)

    def train(self, x: Tensor, y: Tensor, classes: int) -> Iterator[dict[str, float]]:
        self._fit_projection(self.trajectories(x).double())
        self._fit_classifier(self.encode(x), y, classes)
        yield from ()

    def _fit_projection(self, x: Tensor) -> None:
        """The leading principal components of trajectories [N, K], scaled."""
        self.mean_ = x.mean(0)
        centred = x - self.mean_
        keep = min(self.components, len(x) - 1)
        # Either product has the leading values; of 40 000 clips the one over clips wouldn't fit into memory.
        if len(x) <= centred.shape[1]:
            values, vectors = _leading(centred @ centred.T, keep)
            axes = centred.T @ vectors / values.sqrt()
        else:
            values, axes = _leading(centred.T @ centred, keep)
        deviation = (values / len(x)).sqrt()
        # A fixed sign makes the features independent of the solver's choice.
        axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
        self.axes_ = axes / deviation**self.whiten
        projected = centred @ self.axes_
        self.unit_ = projected.std().clamp_min(1e-12)
        self.lowest_ = (projected / self.unit_).amin(0)

    def _fit_classifier(self, features: Tensor, y: Tensor, classes: int) -> None:
        from sklearn.linear_model import LogisticRegression

        if classes == 1:  # nothing to tell it from
            self.weight_, self.bias_ = features.new_zeros(1, features.shape[1]), features.new_zeros(1)
            return
        classifier = LogisticRegression(C=self.regularisation, max_iter=500)
        classifier.fit(features.cpu().numpy(), y.cpu().numpy())
        weight, bias = classifier.coef_, classifier.intercept_
        if classes == 2:
            weight, bias = np.concatenate([-weight, weight]), np.concatenate([-bias, bias])
        self.weight_ = torch.from_numpy(weight).float().to(features.device)
        self.bias_ = torch.from_numpy(bias).float().to(features.device)

    def encode(self, x: Tensor) -> Tensor:
        parts = []
        for chunk in x.split(1024):
            z = (self.trajectories(chunk).double() - self.mean_) @ self.axes_ / self.unit_
            if self.positive == "halves":
                z = torch.cat([z.clamp_min(0), (-z).clamp_min(0)], 1)
            elif self.positive == "shift":
                z = (z - self.lowest_).clamp_min(0)
            parts.append(z.float())
        return torch.cat(parts)

    def logits(self, features: Tensor) -> Tensor:
        return features @ self.weight_.T + self.bias_


def _leading(symmetric: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The largest eigenvalues of a positive matrix, descending, and their eigenvectors as columns."""
    values, vectors = torch.linalg.eigh(symmetric)
    return values[-count:].flip(0).clamp_min(1e-12), vectors[:, -count:].flip(1)
