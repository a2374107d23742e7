"""Pre-training of skeleton encoders by cross-entropy on the seen classes' training clips."""

import abc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.data.clip_sets import ClipSet, fed
from zsar.encoders.contract import Encoder
from zsar.encoders.shiftgcn import ShiftGCN, Spatial
from zsar.encoders.stgcn import STGCN
from zsar.errors import UnknownName
from zsar.learning import distributed
from zsar.learning.batches import random_batches
from zsar.learning.compiling import through_compiler
from zsar.learning.optimizers import SGD, Adam
from zsar.learning.precision import check_precision, mixed
from zsar.learning.schedules import set_rate, warmup_then_cosine, warmup_then_steps
from zsar.skeletons.layouts import layout
from zsar.skeletons.streams import STREAMS, stream

AT_ONCE = 256
"""Clips that are encoded at a time."""


class Pretraining(Encoder):
    """A network and a linear classifier, trained from scratch; subclasses say which network and how it is optimised.

    ``stream`` is what the network is shown of a skeleton (`zsar.skeletons.streams`). ``precision`` bf16 is mixed
    precision (`zsar.learning.precision`), for a GPU or a CPU that multiplies in it; features always are float32.
    ``compiled``: training passes go through torch's compiler, whose code rounds a little differently.
    """

    random = True
    streams = True
    stream: str
    precision: str
    compiled: bool
    batch: int
    lr: float

    def __post_init__(self) -> None:
        if self.stream not in STREAMS:
            raise UnknownName("value", self.stream, STREAMS, "stream")
        check_precision(self.precision)

    @abc.abstractmethod
    def build(self, bodies: int) -> nn.Module:
        """The untrained network: clips [N, 3, T, V, ``bodies``] to features [N, ``width``], an attribute of it."""

    @abc.abstractmethod
    def optimizer(self) -> torch.optim.Optimizer:
        """What trains ``network`` and ``classifier``."""

    @abc.abstractmethod
    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 0."""

    def _initialise(self, bodies: int, classes: int, device) -> None:
        self.network = self.build(bodies).to(device)
        self.classifier = nn.Linear(self.network.width, classes).to(device)

    def train(self, x: Tensor | ClipSet, y: Tensor, classes: int) -> Iterator[dict[str, float]]:
        seed = torch.initial_seed()
        self._initialise(x.shape[4], classes, x.device)
        distributed.synchronise(self.network)
        network = through_compiler(self.network, self.compiled, x.device)
        model = distributed.shared(nn.Sequential(network, self.classifier))
        optimizer = self.optimizer()
        for epoch in self.resumable(self.epochs, optimizer):
            set_rate(optimizer, self.rate(epoch))
            distributed.differ_by_rank(seed, epoch)
            self.network.train()
            losses = []
            batches = list(random_batches(len(y), self.batch, y.device, drop_last=True))
            for rows, (own, clips) in zip(batches, fed(x, map(distributed.own_part, batches)), strict=True):
                with mixed(self.precision, x.device):
                    logits = model(self._stream(clips))
                loss = F.cross_entropy(logits.float(), y[own])
                # Processes' gradients are averaged, but their shares of a batch can differ by a clip.
                weight = len(own) * distributed.processes() / len(rows)
                optimizer.zero_grad()
                (loss if weight == 1 else loss * weight).backward()
                optimizer.step()
                losses.append(loss.detach() * (len(own) / len(rows)))
            yield {"loss": distributed.total(torch.stack(losses).mean()).item(), "rate": self.rate(epoch)}

    def _stream(self, x: Tensor) -> Tensor:
        return stream(x, self.stream, layout(self.joints))

    def encode(self, x: Tensor | ClipSet) -> Tensor:
        return self._evaluate(self.network, x)

    def maps(self, x: Tensor | ClipSet) -> Tensor:
        return self._evaluate(self.network.maps, x)

    @torch.no_grad()
    def _evaluate(self, function: Callable[[Tensor], Tensor], x: Tensor | ClipSet) -> Tensor:
        self.network.eval()
        return torch.cat([function(self._stream(part)) for part in x.split(AT_ONCE)])

    @torch.no_grad()
    def logits(self, features: Tensor) -> Tensor:
        return self.classifier(features)

    def weights(self) -> dict[str, Tensor]:
        return self._parts().state_dict()

    def restore(self, weights: dict[str, Tensor], bodies: int) -> None:
        bias = weights["classifier.bias"]
        self._initialise(bodies, len(bias), bias.device)
        self._parts().load_state_dict(weights)

    def _parts(self) -> nn.ModuleDict:
        return nn.ModuleDict({"network": self.network, "classifier": self.classifier})


@dataclass(kw_only=True, eq=False)
class STGCNEncoder(Pretraining):
    """ST-GCN and a linear classifier, trained from scratch as SMIE pre-trains it (Adam, cosine; released code).

    Features are the pooled activations after ReLU, so never negative.
    """

    version = 2  # since 1: sums in another order, and dropout's random numbers

    hidden: int = 16
    width: int = 256
    dropout: float = 0.5
    absent_bodies: str = "skip"
    stream: str = "joint"
    precision: str = "float32"
    compiled: bool = False
    epochs: int = 150
    batch: int = 128
    lr: float = 5e-3

    def build(self, bodies: int) -> STGCN:
        return STGCN.for_layout(
            layout(self.joints),
            hidden=self.hidden,
            width=self.width,
            dropout=self.dropout,
            absent_bodies=self.absent_bodies,
        )

    def optimizer(self) -> torch.optim.Optimizer:
        return Adam([*self.network.parameters(), *self.classifier.parameters()], lr=self.lr)

    def rate(self, epoch: int) -> float:
        return warmup_then_cosine(self.lr, epoch, 0, self.epochs)


@dataclass(kw_only=True, eq=False)
class ShiftGCNEncoder(Pretraining):
    """Shift-GCN and a linear classifier, trained from scratch as published: SGD with Nesterov's momentum, steps.

    Values are those of the released configuration (kchengiva/Shift-GCN, config/nturgbd-cross-subject/train_joint.yaml)
    and training loop (main.py): batches of 64, 0.1 divided by ten at epochs 60, 80 and 100 of 140; weight decay 1e-4,
    ten times that for the maps between the shifts of joints, none for their masks. The published runs have 64 frames.
    Features are the pooled activations after ReLU, so never negative.
    """

    version = 2  # since 1: few bodies at a time in another order of sums

    hidden: int = 64
    absent_bodies: str = "convolve"
    offset_gradient: str = "sign"
    stream: str = "joint"
    precision: str = "float32"
    compiled: bool = False
    epochs: int = 140
    batch: int = 64
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    warmup: int = 0
    steps: tuple = (60, 80, 100)

    def build(self, bodies: int) -> ShiftGCN:
        return ShiftGCN.for_layout(
            layout(self.joints),
            bodies=bodies,
            hidden=self.hidden,
            absent_bodies=self.absent_bodies,
            offset_gradient=self.offset_gradient,
        )

    def optimizer(self) -> torch.optim.Optimizer:
        spatial = [m for m in self.network.modules() if isinstance(m, Spatial)]
        decay = {id(m.map.weight): 10 * self.weight_decay for m in spatial} | {id(m.mask): 0.0 for m in spatial}
        groups: dict[float, list] = {}
        for parameter in [*self.network.parameters(), *self.classifier.parameters()]:
            groups.setdefault(decay.get(id(parameter), self.weight_decay), []).append(parameter)
        return SGD(
            [{"params": members, "weight_decay": value} for value, members in groups.items()],
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.momentum > 0,
        )

    def rate(self, epoch: int) -> float:
        return warmup_then_steps(self.lr, epoch, self.warmup, self.steps)
