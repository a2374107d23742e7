"""CADA-VAE: every loss term, the total at the file's factors and a gradient."""

import numpy as np
import torch

from zsar.methods.cadavae import CADAVAE

RECOGNISED_BY = (
    "weights/text_encoder.mu_transformation.0.weight",
    "weights/skeleton_decoder.model.0.weight",
)
INPUTS = (
    "total/kl_skeleton_factor",
    "total/kl_text_factor",
    "total/cross_factor",
    "total/wasserstein_factor",
)


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a CADA-VAE golden file, computed by `CADAVAE`."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    weights = {k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")}
    method = CADAVAE.from_official(weights)
    noise = {side: v[f"noise/{side}"] for side in ("skeleton", "text")}
    terms = method.terms(v["input/skeleton"], v["input/text"][v["input/labels"]], noise)
    names = {
        "skeleton_kl": "kl_skeleton",
        "text_kl": "kl_text",
        "cross": "cross",
        "wasserstein": "wasserstein",
    }
    total = method.total(terms, {ours: float(v[f"total/{theirs}_factor"]) for ours, theirs in names.items()})
    total.backward()
    out = {
        "loss/recon_skeleton": terms["skeleton"],
        "loss/recon_text": terms["text"],
        # The released sign of a divergence is the opposite of the usual one.
        "loss/kl_skeleton": -terms["skeleton_kl"],
        "loss/kl_text": -terms["text_kl"],
        "loss/cross_skeleton": terms["skeleton_from_text"],
        "loss/cross_text": terms["text_from_skeleton"],
        "loss/wasserstein": terms["wasserstein"],
        "total/loss": total,
        "grad/skeleton_encoder_mu": method.network.skeleton_encoder.mu.weight.grad,
    }
    return {key: value.detach() for key, value in out.items()}
