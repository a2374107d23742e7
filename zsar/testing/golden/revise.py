"""ReViSE: constants, every loss term, their sum, both embeddings and scores."""

import numpy as np
import torch

from zsar.methods.revise import ReViSE

RECOGNISED_BY = ("weights/skeleton_ae.encoder.0.weight", "weights/text_ae.encoder.0.weight")
INPUTS = ()


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a ReViSE golden file, by `ReViSE`; constants are its defaults."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    weights = {k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")}
    method = ReViSE.from_official(weights)
    x, text, y = v["input/skeleton"], v["input/text"], v["input/labels"]
    terms = method.terms(x, text, y)
    skeleton, language = method.embed(x), method.network.text(text)[2]
    out = {
        "const/contractive_gamma": torch.tensor(method.contractive),
        "const/mmd_k": torch.tensor(method.sharpness),
        "const/hinge_margin": torch.tensor(method.margin),
        "loss/recon_skeleton": terms["skeleton"],
        "loss/recon_text": terms["text"],
        "loss/mmd": terms["discrepancy"],
        "loss/hinge": terms["hinge"],
        "total/loss": sum(terms.values()),
        "forward/skeleton_embedding": skeleton,
        "forward/text_embedding": language[y],
        "infer/scores": method.score(x, text[:, None]),
    }
    return {key: value.detach() for key, value in out.items()}
