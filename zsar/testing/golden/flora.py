"""Flora: attuned text, both phases' latents, losses and gradients, the velocity network inside, energies and rules."""

import functools

import numpy as np
import torch
import torch.nn.functional as F

from zsar.methods.flora import Flora, attune, draw, nearest_classes, path, rows_of

RECOGNISED_BY = ("weights/semantic_encoder.proj_mu.weight", "weights/velocity_predictor.x_embedder.weight")
INPUTS = ()


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of a Flora golden file, by `Flora`."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    weights = {k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")}
    method = Flora.from_official(
        weights,
        heads=int(v["input/num_heads"]),
        moments=float(v["input/align_weight"]),
        negative=float(v["input/negative_weight"]),
        sigma=float(v["input/sigma_min"] / v["input/sigma_max"]),
        judged_at=float(v["input/step_ratio"]),
    )
    joined = rows_of(torch.stack([v["input/label_text"], v["input/description_text"]], 1))
    means = F.normalize(joined.mean(1), dim=1)
    out = {"text/joined": joined, "text/similarity": means @ means.T}
    for name in (key[len("input/") : -len("_k")] for key in values if key.startswith("input/") and key.endswith("_k")):
        count, weight = int(v[f"input/{name}_k"]), float(v[f"input/{name}_weight"])
        out[f"text/{name}_indices"], out[f"text/{name}_similarities"] = nearest_classes(joined, joined, count)
        out[f"text/{name}_attuned"] = attune(joined, joined, count, weight)
    text = out["text/a_attuned"]
    out |= alignment(method, v, text) | flow(method, v, text)
    return {key: value.detach() for key, value in (out | testing(method, v, text)).items()}


def alignment(method: Flora, v: dict[str, torch.Tensor], text: torch.Tensor) -> dict[str, torch.Tensor]:
    """The first phase."""
    net, x, t = method.network, v["input/skeleton"], text[v["input/labels"]]
    noise = v["noise/phase1_text"], v["noise/phase1_skeleton"]
    terms = method.alignment_terms(x, t, noise)
    loss = method.aligned(terms)
    loss.backward()
    (z_t, z_s), moments = method.latents(x, t, noise), (terms.pop("mu"), terms.pop("logvar"))
    return {
        **dict(zip(("phase1/text_mu", "phase1/text_logvar"), net.semantic_encoder(t), strict=True)),
        **dict(zip(("phase1/skeleton_mu", "phase1/skeleton_logvar"), net.motion_encoder(x), strict=True)),
        "phase1/text_z": z_t,
        "phase1/skeleton_z": z_s,
        "phase1/recon_skeleton": net.motion_decoder(z_s),
        "phase1/recon_skeleton_from_text": net.motion_decoder(z_t),
        "phase1/recon_text": net.semantic_decoder(z_t),
        "phase1/loss_moment_mu": moments[0],
        "phase1/loss_moment_logvar": moments[1],
        **{f"phase1/loss_recon_{name}": term for name, term in terms.items()},
        "phase1/loss_recon": sum(terms.values()) / len(terms),
        "phase1/loss": loss,
        "phase1/grad_text_encoder_first": net.semantic_encoder.backbone[0].weight.grad,
        "phase1/grad_skeleton_encoder_logvar": net.motion_encoder.proj_log_var.weight.grad,
        "phase1/grad_skeleton_decoder_last": net.motion_decoder.backbone[2].weight.grad,
        "phase1/grad_text_decoder_first_bias": net.semantic_decoder.backbone[0].bias.grad,
    }


def flow(method: Flora, v: dict[str, torch.Tensor], text: torch.Tensor) -> dict[str, torch.Tensor]:
    """The second phase, and what the parts of the velocity network give out."""
    network = method.network.velocity_predictor
    with torch.no_grad():
        pairs = [
            method.latents(
                v[f"input/{of}skeleton"],
                text[v[f"input/{of}labels"]],
                (v[f"noise/phase2_{of}text"], v[f"noise/phase2_{of}skeleton"]),
            )
            for of in ("", "negative_")
        ]
    time = v["noise/phase2_time"].sigmoid()
    (point, velocity), (_, other) = (path(*pair, time, method.sigma) for pair in pairs)
    out = {"phase2/time": time, "phase2/path_point": point, "phase2/velocity": velocity}
    out |= {"phase2/negative_velocity": other, "phase2/timestep_frequencies": network.t_embedder.waves(time)}
    parts = {
        "timestep_embedding": network.t_embedder,
        "embedded": network.x_embedder,
        "block0_attention": network.blocks[0].attn,
        "block0": network.blocks[0],
    }
    keep = lambda key, module, inputs, output: out.update({key: output})
    hooks = [m.register_forward_hook(functools.partial(keep, f"phase2/{name}")) for name, m in parts.items()]
    predicted = network(point, time)
    for hook in hooks:
        hook.remove()
    loss = method.flow_loss(predicted, velocity, other)
    loss.backward()
    return out | {
        "phase2/prediction": predicted,
        "phase2/loss_flow": F.mse_loss(predicted, velocity),
        "phase2/loss_negative": F.mse_loss(predicted, other),
        "phase2/loss": loss,
        "phase2/grad_block0_qkv": network.blocks[0].attn.qkv.weight.grad,
        "phase2/grad_block0_modulation": network.blocks[0].adaLN_modulation[1].weight.grad,
        "phase2/grad_timestep_mlp_first": network.t_embedder.mlp[0].weight.grad,
        "phase2/grad_final_linear": network.final_layer.linear.weight.grad,
    }


def testing(method: Flora, v: dict[str, torch.Tensor], text: torch.Tensor) -> dict[str, torch.Tensor]:
    """Energies with latents drawn as released, and the released rules on them."""
    net, unseen, seen = method.network, v["input/unseen_labels"], v["input/seen_labels"]

    def energies(setting: str, candidates: torch.Tensor) -> torch.Tensor:
        z_t = draw(*net.semantic_encoder(candidates), text.shape[1], v[f"noise/{setting}_text"])
        z_s = draw(*net.motion_encoder(v["input/test_skeleton"]), text.shape[1], v[f"noise/{setting}_skeleton"])
        return method.energies(z_s, z_t)

    among_unseen, among_all = energies("zsl", text[unseen]), energies("gzsl", text)
    ratio = among_all[:, seen].amin(1) / among_all[:, unseen].amin(1)
    judged_unseen = ratio > v["input/calibrations"][:, None]
    nearest = [labels[among_all[:, labels].argmin(1)] for labels in (unseen, seen)]
    return {
        "zsl/energies": among_unseen,
        "zsl/scores": -among_unseen,
        "zsl/predictions": among_unseen.argmin(1),
        "gzsl/energies": among_all,
        "gzsl/ratio": ratio,
        "gzsl/judged_unseen": judged_unseen.long(),
        "gzsl/predictions": torch.where(judged_unseen, *nearest),
    }
