"""DVTA: both alignments in training, loss, gradients, scores, LeakySigmoid and learning rates."""

import numpy as np
import torch

from zsar.learning.schedules import warmup_then_cosine
from zsar.methods.dvta import DVTA

RECOGNISED_BY = ("weights/scaling_factors", "weights/augmented_alignment.net.0.weight")
INPUTS = ("infer/candidates", "leaky_sigmoid/x")


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a DVTA golden file, computed by `DVTA`; the file's text is [C, D, P], ours [C, P, D]."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    method = DVTA.from_official({k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")})
    network, x, y = method.network, v["input/features"], v["input/labels"]
    direct, augmented = network(x, v["input/text"].transpose(1, 2)[y])
    loss, parts = method.loss(direct, augmented, y)
    loss.backward()
    out = {
        "train/direct_skeleton_to_text": direct.detach(),
        "train/augmented_skeleton_to_text": augmented.detach(),
        "train/loss_skeleton_to_text": parts["skeleton_to_text"].detach(),
        "train/loss_text_to_skeleton": parts["text_to_skeleton"].detach(),
        "train/loss": loss.detach(),
        "train/grad_scaling_factors": network.temperatures.grad,
        "train/grad_projector_last": network.direct.visual[-1].weight.grad,
        "train/grad_text_projector": network.direct.text.weight.grad,
        "train/grad_metric_first": network.metric.first.weight.grad,
        "train/grad_metric_last": network.metric.third.weight.grad,
        "infer/scores": method.score(x, v["infer/candidates"].transpose(1, 2)),
        "leaky_sigmoid/y": network.metric.activation(v["leaky_sigmoid/x"]),
    }
    for key in values:
        if key.startswith("schedule/lr_base_"):
            base, epochs = float(key.removeprefix("schedule/lr_base_")), len(values[key])
            out[key] = np.array([warmup_then_cosine(base, e, method.warmup, epochs) for e in range(epochs)])
    return out
