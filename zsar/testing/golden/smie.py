"""SMIE: the information of whole and masked clips, the loss, a gradient and released scores."""

import numpy as np
import torch

from zsar.methods.smie import SMIE

RECOGNISED_BY = ("weights/mi.global_D.l0.weight", "input/masked_skeleton")
INPUTS = ()


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of an SMIE golden file, by `SMIE` scoring as released."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    weights = {k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")}
    method = SMIE.from_official(weights, normalise_scored=False)
    x, t = v["input/skeleton"], v["input/text"][v["input/labels"]]
    whole, masked = method.information(x, t), method.information(x, t, v["input/masked_skeleton"])
    loss = method.loss(whole, masked)
    loss.backward()
    out = {
        "const/margin": torch.tensor(method.margin),
        "loss/mutual_information": whole,
        "loss/mutual_information_masked": masked,
        "loss/total": loss,
        "grad/last": method.network.l2.weight.grad,
        "infer/scores_without_layernorm": method.score(x, v["input/text"][:, None]),
    }
    return {key: value.detach() for key, value in out.items()}
