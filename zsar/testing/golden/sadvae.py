"""SA-DVAE: both VAEs, the discriminator, every loss term, totals, gradients and the factors' schedule."""

import numpy as np
import torch
import torch.nn.functional as F

from zsar.learning.variational import divergence
from zsar.methods.sadvae import SADVAE

RECOGNISED_BY = ("weights/skeleton_encoder.mu.0.weight", "weights/discriminator.net.0.weight")
INPUTS = ("schedule/iterations_per_cycle",) + tuple(
    f"total_{s}/{k}" for s in "ab" for k in ("kl_skeleton_factor", "kl_text_and_tc_factor", "cross_factor")
)


def compute(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of an SA-DVAE golden file, computed by `SADVAE`."""
    v = {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}
    method = SADVAE.from_official({k.removeprefix("weights/"): t for k, t in v.items() if k.startswith("weights/")})
    x, t = v["input/skeleton"], v["input/text"]
    noise = {k: v[f"noise/z_{k}"] for k in "rvt"}
    latents = method.network.encode(x, t)
    rebuilt = method.network.reconstruct(latents, noise)
    terms = method.terms(x, t, noise)
    keys = ("r", "v", "t", "v_text")
    discriminator = method.discriminator_loss(
        latents, {k: v[f"noise/dis_z_{k}"] for k in keys}, {k: v[f"noise/perm_{k}"] for k in keys}
    )
    out = {f"forward/{what}_{k}": latents[k][i] for k in "rvt" for i, what in enumerate(("mu", "logvar"))}
    out |= {
        "forward/skeleton_recon": rebuilt["skeleton"],
        "forward/text_recon": rebuilt["text"],
        "forward/skeleton_from_text": rebuilt["skeleton_from_text"],
        "forward/text_from_skeleton": rebuilt["text_from_skeleton"],
        "loss/recon_skeleton": F.mse_loss(rebuilt["skeleton"], x),
        "loss/recon_text": F.mse_loss(rebuilt["text"], t),
        "loss/cross_skeleton": F.mse_loss(rebuilt["skeleton_from_text"], x),
        "loss/cross_text": F.mse_loss(rebuilt["text_from_skeleton"], t),
        "loss/discriminator": discriminator,
        "loss/total_correlation": terms["total_correlation"],
    }
    # The released sign of a divergence is the opposite of the usual one.
    out |= {f"loss/kl_{k}": -divergence(*latents[k]) for k in "rvt"}
    for s in "ab":
        names = {"skeleton_kl": "kl_skeleton", "text_kl_and_tc": "kl_text_and_tc", "cross": "cross"}
        factors = {ours: float(v[f"total_{s}/{theirs}_factor"]) for ours, theirs in names.items()}
        out[f"total_{s}/loss"] = method.total(terms, factors)
        if s == "a":
            out["total_a/loss"].backward(retain_graph=True)
    network = method.network
    out |= {
        "grad/skeleton_encoder_mu": network.skeleton_encoder.mu.weight.grad,
        "grad/text_decoder": network.text_decoder[0].weight.grad,
        "grad/text_encoder_logvar": network.text_encoder.logvar.weight.grad,
    }
    per_cycle = int(values["schedule/iterations_per_cycle"])
    schedule = []
    for cycle, step in values["schedule/cycle_iter_klskeleton_kltexttc_cross"][:, :2]:
        factors = method.factors(int(step), per_cycle, int(cycle))
        schedule.append([cycle, step, factors["skeleton_kl"], factors["text_kl_and_tc"], factors["cross"]])
    out["schedule/cycle_iter_klskeleton_kltexttc_cross"] = np.array(schedule)
    return {key: value.detach() if isinstance(value, torch.Tensor) else value for key, value in out.items()}
