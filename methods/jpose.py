"""JPoSE: a space for each of two parts of the text, and a joint space on top of both."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.learning.batches import random_batches
from zsar.learning.contract import Method, Seen
from zsar.learning.optimizers import Adam
from zsar.methods.revise import hinge

PARTS = ("verb", "noun")


class Space(nn.Module):
    """Skeletons and text in one space, at unit length; the text has a hidden layer where it has a width."""

    def __init__(self, visual_width: int, text_width: int, hidden: int, out: int):
        super().__init__()
        self.visual = nn.Sequential(nn.Linear(visual_width, out), nn.Tanh())
        if hidden:
            layers = (nn.Linear(text_width, hidden), nn.Tanh(), nn.Linear(hidden, out), nn.ReLU())
            self.text = nn.Sequential(*layers)
        else:
            self.text = nn.Sequential(nn.Linear(text_width, out), nn.Tanh())


class JPoSENetwork(nn.Module):
    """The verbs' and the nouns' space, and the joint one of both spaces' embeddings."""

    def __init__(self, feature_width: int, text_width: int, hidden: int, part: int, joint: int):
        super().__init__()
        self.verb, self.noun = (Space(feature_width, text_width, hidden, part) for _ in PARTS)
        self.joint = Space(2 * part, 2 * part, 0, joint)

    def embed(self, side: str, parts: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Unit embeddings in all three spaces of a side, ``visual`` or ``text``, given as both parts' inputs."""
        out = {
            name: F.normalize(getattr(getattr(self, name), side)(x), dim=1)
            for name, x in zip(PARTS, parts, strict=True)
        }
        joint = getattr(self.joint, side)(torch.cat([out["verb"], out["noun"]], 1))
        return out | {"joint": F.normalize(joint, dim=1)}


@torch.no_grad()
def mine(v: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """For each of the embeddings [B, J] the row of the same id least like it (maybe itself), and of another id most
    like it."""
    products, same = v @ v.T, ids == ids[:, None]
    return products.masked_fill(~same, torch.inf).argmin(1), products.masked_fill(same, -torch.inf).argmax(1)


@dataclass(kw_only=True, eq=False)
class JPoSE(Method):
    """Wray et al., Fine-Grained Action Retrieval Through Multiple Parts-of-Speech Embeddings, ICCV 2019.

    Unit features [N, F], and unit vectors of two parts of a class's text, here label and description where the paper
    has verb and noun (with one prompt, both are that one). In each of three spaces, that of each part and a joint one
    on top of both, a hinge loss holds a clip nearer to its class's text than to the other seen classes'; in the parts'
    spaces a triplet loss of weight ``triplet`` holds clips of one part's text together. Classes whose vectors of a part
    are equal share it. Score: the cosine in the joint space.

    As SynSE's authors released it for skeletons: text of 1024 numbers goes through a hidden layer and ends in ReLU,
    which ``hidden`` = 0 replaces by one layer and tanh, their form for others; a clip's own class counts among the
    hinge's wrong ones, whose embeddings are constants; the triplet loss holds every clip against every other clip's
    mined pair, too, which is constant. Not taken: learning rates and an end that follow the test accuracy, and the best
    test epoch; the rate is constant here. An embedding of zeros, which ReLU can give and which is not a number as
    released, stays zero.
    """

    title = "JPoSE"
    paper = (
        "Wray, Larlus, Csurka, Damen: Fine-Grained Action Retrieval Through Multiple Parts-of-Speech Embeddings, "
        "ICCV 2019"
    )
    link = "https://arxiv.org/abs/1908.03477"
    prompts = ("label", "description")

    hidden: int = 512
    part: int = 50
    joint: int = 50
    epochs: int = 100
    batch: int = 1024
    lr: float = 1e-4
    joint_weight_decay: float = 1e-3
    margin: float = 0.3
    triplet: float = 0.01

    def build(self, x_shape: tuple[int, ...], text_shape: tuple[int, ...]) -> JPoSENetwork:
        return JPoSENetwork(x_shape[-1], text_shape[-1], self.hidden, self.part, self.joint)

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        self.network = net = self.build(seen.x.shape[1:], text.shape).to(seen.x.device)
        ids = [part.unique(dim=0, return_inverse=True)[1] for part in parts_of(text)]
        optimizer = Adam(
            [
                {"params": [*net.verb.parameters(), *net.noun.parameters()]},
                {"params": net.joint.parameters(), "weight_decay": self.joint_weight_decay},
            ],
            lr=self.lr,
        )
        for _ in self.resumable(self.epochs, optimizer):
            losses = []
            for rows in random_batches(len(seen), self.batch, seen.y.device):
                loss = self.total(self.terms(seen.x[rows], text, seen.y[rows], ids))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            yield {"loss": torch.stack(losses).mean().item()}

    def terms(self, x: Tensor, text: Tensor, y: Tensor, ids: list[Tensor]) -> dict[str, Tensor]:
        """Every term of the loss, unweighted, of features [B, F], seen text [S, P, D], labels [B] and the classes' ids
        [S] of both parts."""
        x = F.normalize(x, dim=1)
        visual, right = self.network.embed("visual", (x, x)), self.network.embed("text", parts_of(text[y]))
        with torch.no_grad():
            classes = self.network.embed("text", parts_of(text))
        terms = {
            f"{space}_hinge": hinge(v @ classes[space].T, (v * right[space]).sum(1), self.margin)
            for space, v in visual.items()
        }
        return terms | {f"{p}_triplet": self.triplets(visual[p], of[y]) for p, of in zip(PARTS, ids, strict=True)}

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """The loss."""
        return sum(term * (self.triplet if name.endswith("_triplet") else 1) for name, term in terms.items())

    def triplets(self, v: Tensor, ids: Tensor) -> Tensor:
        """The triplet loss of embeddings [B, J] with ids [B]; 0 where all are alike."""
        if (ids == ids[0]).all():
            return v.new_zeros(())
        positive, negative = (v.detach()[rows] for rows in mine(v, ids))
        return F.relu(self.margin + v @ negative.T - v @ positive.T).sum(1).mean()

    @torch.no_grad()
    def embed(self, x: Tensor) -> Tensor:
        """Features in the joint space, [N, J], at unit length."""
        x = F.normalize(x, dim=1)
        return self.network.embed("visual", (x, x))["joint"]

    @torch.no_grad()
    def classifier(self, text: Tensor) -> Callable[[Tensor], Tensor]:
        classes = self.network.embed("text", parts_of(text))["joint"]
        return lambda embedded: embedded @ classes.T

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords: Any) -> "JPoSE":
        """The released checkpoints side by side: ``VerbPosMmen.*``, ``NounPosMmen.*`` and ``JointMmen.*``."""
        names = {"PosMmen": "", "Mmen": "", "VisArch": "visual", "TextArch": "text"}
        weights = {}
        for key, value in state_dict.items():
            for theirs, ours in names.items():
                key = key.replace(theirs, ours)
            weights[key[0].lower() + key[1:]] = value
        widths = {"part": len(weights["verb.visual.0.bias"]), "joint": len(weights["joint.visual.0.bias"])}
        widths["hidden"] = len(weights["verb.text.0.bias"]) if "verb.text.2.bias" in weights else 0
        method = cls(**{**widths, **keywords})
        shapes = (weights[f"verb.{side}.0.weight"].shape[1:] for side in ("visual", "text"))
        method.network = method.build(*shapes)
        method.network.load_state_dict(weights)
        return method


def parts_of(text: Tensor) -> tuple[Tensor, Tensor]:
    """The first and the last prompt's vectors of text [C, P, D], [C, D] each, at unit length."""
    return F.normalize(text[:, 0], dim=1), F.normalize(text[:, -1], dim=1)
