"""PURLS: pooling, encoding, losses, gradients, running statistics, scores by candidate and by the true label's text."""

import numpy as np
import torch
import torch.nn.functional as F

from zsar.learning.schedules import reduced_on_plateau
from zsar.methods.purls import PURLS

RECOGNISED_BY = ("weights/attention.linear_q.weight", "input/raw_maps", "true_label_query/scores")
INPUTS = ()


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a PURLS golden file; its raw maps are [n, D, T', V], ours [n, T', V, D]."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    weights = {k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")}
    heads, raw = int(v["input/heads"]), v["input/raw_maps"].permute(0, 2, 3, 1)
    new = lambda **more: PURLS.from_official(weights, heads=heads, time_steps=raw.shape[1], **more)
    method = new(dropout=0.0)
    network, all_maps = method.network, method.embed(raw)
    kept = all_maps.flatten(1).any(1).nonzero().flatten()
    maps, y, text = all_maps[kept], v["input/raw_labels"][kept], F.normalize(v["input/text"], dim=-1)
    seen, unseen = text[v["input/seen"]], text[v["input/unseen"]]
    own = seen[y]  # labels are positions among the seen classes
    out = {"prepared/maps": maps, "prepared/kept": kept, "prepared/text": text}

    pooled = network.pool(maps, own)
    encoded = network.encode(pooled)
    per_description = method.contrast(encoded, own)
    loss = per_description.sum()
    loss.backward()
    first, last = network.skel_encoder[0], network.skel_encoder[5]
    out |= {
        "train/attention": network.attention(maps.flatten(1, 2), own),
        "train/pooled": pooled,
        "train/encoded": encoded,
        "train/logits_global": network.tmps[-1] * encoded[:, -1] @ own[:, -1].T,
        "train/loss_per_description": per_description,
        "train/loss": loss,
        "train/loss_weighted": (per_description * v["input/description_weights"]).sum(),
        "train/grad_tmps": network.tmps.grad,
        "train/grad_linear_q": network.attention.linear_q.weight.grad,
        "train/grad_linear_k": network.attention.linear_k.weight.grad,
        "train/grad_encoder_first": network.skel_encoder[2].weight.grad,
        "train/grad_encoder_last": network.skel_encoder[7].weight.grad,
        "train/grad_norm_first": first.weight.grad,
        "train/running_mean_first_after": first.running_mean,
        "train/running_var_second_after": last.running_var,
    }
    out["train/accuracy"] = ((encoded[:, -1] @ seen[:, -1].T).argmax(1) == y).float().mean()

    dropped = new(dropout=0.0)
    noise = (v["noise/dropout_first"], v["noise/dropout_second"])
    for layer, multiplier in zip((1, 6), noise, strict=True):
        dropped.network.skel_encoder[layer].register_forward_hook(lambda _, __, x, m=multiplier: x * m)
    loss = dropped.contrast(dropped.network(maps, own), own).sum()
    loss.backward()
    out["train_dropout/loss"] = loss
    out["train_dropout/grad_encoder_first"] = dropped.network.skel_encoder[2].weight.grad

    judged = new()
    network = judged.network.eval()
    encoded = network(maps, own)
    losses = judged.contrast(encoded, own)
    out |= {
        "validation/encoded": encoded,
        "validation/loss_per_description": losses,
        "validation/loss": losses.sum(),
    }

    test, labels = v["input/test_maps"], v["input/test_labels"]
    true = unseen[labels]
    encoded = network(test, true)
    scores = encoded[:, -1] @ unseen[:, -1].T
    right = scores.argmax(1) == labels
    counts = [[c, int((labels == c).sum()), int(right[labels == c].sum())] for c in range(len(unseen))]
    out |= {
        "true_label_query/pooled": network.pool(test, true),
        "true_label_query/encoded": encoded,
        "true_label_query/scores": scores,
        "true_label_query/predictions": scores.argmax(1),
        "true_label_query/accuracy": right.float().mean(),
        "true_label_query/class_count_right": torch.tensor(counts),
        "true_label_query/loss": judged.contrast(encoded, true).sum(),
    }
    scores = judged.classifier(unseen)(test)
    out |= {
        "by_candidate/pooled": network.pool(test, unseen[None]),
        "by_candidate/scores": scores,
        "by_candidate/predictions": scores.argmax(1),
        "by_candidate/accuracy": (scores.argmax(1) == labels).float().mean(),
    }
    result = {key: value.detach() for key, value in out.items()}
    history = values["input/validation_losses"].tolist()
    for key in values:
        if key.startswith("schedule/lr_base_"):
            base = float(key.removeprefix("schedule/lr_base_"))
            rates = [
                reduced_on_plateau(base, history[: n + 1], PURLS.patience, PURLS.cooldown) for n in range(len(history))
            ]
            result[key] = np.array(rates)
    return result
