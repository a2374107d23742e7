"""PGFA: encoder, projection, loss, gradients, alignment and learning rates."""

import numpy as np
import torch

from zsar.encoders.stgcn import spatial_partition
from zsar.learning.schedules import warmup_then_steps
from zsar.methods.pgfa import PGFA, cosine, entropy, prototypes
from zsar.skeletons.layouts import layout

RECOGNISED_BY = ("weights/adapter.adapter.weight", "weights/encoder.A")
INPUTS = ("align/features", "align/text", "align/support_factor")


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a PGFA golden file, computed by `PGFA`."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    weights = {k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")}
    method = PGFA.from_official(weights, dropout=0.0)
    network, x, y, text = method.network, v["input/x"], v["input/labels"], v["input/text"]
    kinect = layout("kinect_v2")
    out = {"graph/A": spatial_partition(kinect.edges, len(kinect.joints), kinect.centre)}

    network.train()
    features = network.encoder(x)
    loss, parts = method.loss(network.projection(features), text[y], y)
    loss.backward()
    out |= {
        "train/features": features.detach(),
        "train/logits_skeleton_to_text": parts["logits"].detach(),
        "train/target": (y[:, None] == y[None, :]).float(),
        "train/loss_skeleton_to_text": parts["skeleton_to_text"].detach(),
        "train/loss_text_to_skeleton": parts["text_to_skeleton"].detach(),
        "train/loss": loss.detach(),
        "train/logit_scale": network.logit_scale.detach(),
        "train/grad_adapter_weight": network.projection.weight.grad,
        "train/grad_edge_importance_0": network.encoder.edge_importance[0].grad,
        "train/grad_first_gcn_conv": network.encoder.blocks[0].gcn.conv.weight.grad,
    }

    out |= evaluation_mode(method, weights, values)
    features, text = v["align/features"], v["align/text"]
    adapted = prototypes(features, text, float(v["align/support_factor"]))
    out |= {
        "align/entropy": entropy(cosine(features, text)),
        "align/pred_before": cosine(features, text).argmax(1),
        "align/prototypes": adapted,
        "align/logits_after": cosine(features, adapted),
        "align/pred_after": cosine(features, adapted).argmax(1),
    }
    for key in values:
        if key.startswith("schedule/lr_base_"):
            base = float(key.removeprefix("schedule/lr_base_"))
            out[key] = np.array(
                [warmup_then_steps(base, e, method.warmup, method.steps) for e in range(len(values[key]))]
            )
    return out


@torch.no_grad()
def evaluation_mode(method: PGFA, weights: dict[str, torch.Tensor], values: dict[str, np.ndarray]) -> dict:
    """Features and projections in evaluation mode, for either moment at which a file's weights may be taken.

    The batch normalisations' running statistics in the file are those of the evaluation, or those after the
    training pass that followed it (as in the files at hand). The second are taken back by the one update,
    running = 0.9 x before + 0.1 x batch, whose batch is the file's own.
    """
    x = torch.from_numpy(values["input/x"])
    for taken_back in (False, True):
        network = PGFA.from_official(weights, dropout=0.0).network
        if taken_back:
            before = {key: buffer.clone() for key, buffer in network.named_buffers() if "running" in key}
            network.train()
            network.encoder(x)
            for key, updated in network.named_buffers():
                if "running" in key:
                    batch = (updated - 0.9 * before[key]) / 0.1
                    updated.copy_((before[key] - 0.1 * batch) / 0.9)
        method.network = network.eval()
        out = {"eval/features": network.encoder(x), "eval/projected": method.embed(x)}
        if np.allclose(out["eval/features"], values["eval/features"], rtol=1e-5, atol=1e-5):
            break
    return out
