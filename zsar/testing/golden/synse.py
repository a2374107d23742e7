"""SynSE: every loss term, the total at the file's factors and a gradient."""

import numpy as np
import torch

from zsar.methods.synse import SynSE

RECOGNISED_BY = (
    "weights/noun_encoder.mu_transformation.0.weight",
    "weights/verb_encoder.mu_transformation.0.weight",
)
INPUTS = (
    "total/kl_skeleton_factor",
    "total/kl_noun_factor",
    "total/kl_verb_factor",
    "total/cross_factor",
)


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a SynSE golden file, computed by `SynSE`."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    weights = {k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")}
    method = SynSE.from_official(weights)
    y, noise = (
        v["input/labels"],
        {side: v[f"noise/{side}"] for side in ("skeleton", "noun", "verb")},
    )
    terms = method.terms(v["input/skeleton"], v["input/noun_text"][y], v["input/verb_text"][y], noise)
    names = {
        "skeleton_kl": "kl_skeleton",
        "noun_kl": "kl_noun",
        "verb_kl": "kl_verb",
        "cross": "cross",
    }
    total = method.total(terms, {ours: float(v[f"total/{theirs}_factor"]) for ours, theirs in names.items()})
    total.backward()
    out = {f"loss/recon_{side}": terms[side] for side in noise}
    # The released sign of a divergence is the opposite of the usual one.
    out |= {f"loss/kl_{side}": -terms[f"{side}_kl"] for side in noise}
    out |= {
        "loss/cross_noun": terms["noun_from_skeleton"],
        "loss/cross_verb": terms["verb_from_skeleton"],
        "loss/cross_skeleton": terms["skeleton_from_text"],
        "total/loss": total,
        "grad/noun_encoder_mu": method.network.noun_encoder.mu.weight.grad,
    }
    return {key: value.detach() for key, value in out.items()}
