"""JPoSE: embeddings in all spaces, mined pairs, every loss term, gradients and scores, of both forms of its text."""

import numpy as np
import torch
import torch.nn.functional as F

from zsar.methods.jpose import PARTS, JPoSE, mine, parts_of

RECOGNISED_BY = ("weights/VerbPosMmen.VisArch.0.weight", "weights/JointMmen.VisArch.0.weight")
INPUTS = ()


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a JPoSE golden file, by `JPoSE`."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    weights = {k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")}
    other = {k.removeprefix("w2v."): t for k, t in weights.items() if k.startswith("w2v.")}
    weights = {k: t for k, t in weights.items() if not k.startswith("w2v.")}
    seen, text = v["input/seen_classes"], torch.stack([v[f"input/{p}_text"] for p in PARTS], 1)
    ids, y = [v[f"input/{p}_of_class"][seen] for p in PARTS], torch.searchsorted(seen, v["input/labels"])
    candidates = text[v["input/unseen_classes"]]

    def run(weights: dict[str, torch.Tensor]):
        method = JPoSE.from_official(weights, margin=float(v["input/margin"]))
        terms = method.terms(v["input/skeleton"], text[seen], y, ids)
        total = method.total(terms)
        total.backward()
        names = {"VisArch": "visual", "TextArch": "text", "VerbPosMmen": "verb", "NounPosMmen": "noun"}
        gradients = {}
        for key in weights:
            name = key
            for theirs, ours in {**names, "JointMmen": "joint"}.items():
                name = name.replace(theirs, ours)
            gradients[key] = method.network.get_parameter(name).grad
        return method, terms, total, gradients, method.score(v["input/test_skeleton"], candidates)

    method, terms, total, gradients, scores = run(weights)
    x = F.normalize(v["input/skeleton"], dim=1)
    sides = {
        "visual": method.network.embed("visual", (x, x)),
        "text": method.network.embed("text", parts_of(text[v["input/labels"]])),
        "seen": method.network.embed("text", parts_of(text[seen])),
    }
    out = {f"forward/{side}_{space}": e for side, spaces in sides.items() for space, e in spaces.items()}
    out |= {f"loss/{name}": term for name, term in terms.items()} | {"loss/total": total}
    for part, of in zip(PARTS, ids, strict=True):
        pairs = mine(sides["visual"][part], of[y])
        out |= dict(zip((f"triplet/{part}_positive", f"triplet/{part}_negative"), pairs, strict=True))
    out |= {f"grad/{key}": gradient for key, gradient in gradients.items()}
    predictions = v["input/unseen_classes"][scores.argmax(1)]
    out |= {
        "forward/skeleton_normalised": x,
        "infer/candidates": method.network.embed("text", parts_of(candidates))["joint"],
        "infer/visual": method.embed(v["input/test_skeleton"]),
        "infer/scores": scores,
        "infer/predictions": predictions,
        "infer/accuracy": (predictions == v["input/test_labels"]).double().mean(),
    }
    if other:
        _, terms, total, gradients, scores = run(other)
        out |= {f"w2v/grad/{key}": gradient for key, gradient in gradients.items()}
        out |= {"w2v/loss_total": total, "w2v/loss_joint_hinge": terms["joint_hinge"], "w2v/infer_scores": scores}
    return {key: value.detach() for key, value in out.items()}
