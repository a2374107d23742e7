"""SA-DVAE's training step with its gradient written out: few kernels, for several runs at once."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from zsar.fast.seeds import Global, Own, epochs_together, gather, normal
from zsar.fast.stack import Stack, Unstacked
from zsar.learning.batches import random_batches
from zsar.learning.contract import Method, Seen
from zsar.learning.optimizers import Adam

_HEADS = {side: tuple(f"{side}_encoder.{head}" for head in ("mu", "logvar")) for side in ("skeleton", "text")}
AUTOENCODERS = {
    f"{side}_{part}_{kind}": tuple(f"{layer}.{kind}" for layer in layers)
    for side, heads in _HEADS.items()
    for part, layers in (("encoder", heads), ("decoder", (f"{side}_decoder.0",)))
    for kind in ("weight", "bias")
}
DISCRIMINATOR = {
    f"{name}_{kind}": (f"discriminator.{number}.{kind}",)
    for name, number in (("first", 0), ("second", 2))
    for kind in ("weight", "bias")
}


CPU = torch.device("cpu")


def train(method: Method, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
    """`SADVAE.train`: a single run of `train_together`, with torch's global random numbers."""
    for (report,) in train_together([method], [seen], [text], [Global()]):
        yield report


def train_together(
    methods: list[Method], seen: list[Seen], text: list[Tensor], draws: list[Global | Own]
) -> Iterator[list[dict[str, float]]]:
    """`SADVAE.train` for runs of the same keywords and shapes; ``draws`` are each run's own random numbers."""
    first, device, count = methods[0], seen[0].x.device, len(seen[0])
    for method, run, t, own in zip(methods, seen, text, draws, strict=True):
        with own.in_force():
            method.network = method.build(run.x.shape[1:], t.shape).to(device)
    text = [t.mean(1) for t in text]
    gradient = SADVAEStep([method.network for method in methods])
    optimizer = Adam(gradient.autoencoders.rows, lr=first.lr, fused=True)
    adversary = Adam(gradient.discriminator.rows, lr=first.lr, fused=True)
    unstacked = Unstacked(optimizer, gradient.autoencoders), Unstacked(adversary, gradient.discriminator)
    steps = -(-count // first.batch) * first.passes
    for cycle in epochs_together(methods, first.cycles, draws, *unstacked):
        total, step = torch.zeros(len(methods), device=device), 0
        for _ in range(first.passes):
            batches = [random_batches(count, first.batch, device, generator=own.generator(CPU)) for own in draws]
            for rows in zip(*batches, strict=True):
                factors = first.factors(step, steps, cycle)
                x = gather([run.x for run in seen], rows)
                t = gather(text, [run.y[r] for run, r in zip(seen, rows, strict=True)])
                step += 1
                if step % first.discriminator_every == 0:
                    gradient.discriminator.forget()
                    for method, own, x_run, t_run in zip(methods, draws, x, t, strict=True):
                        discriminate(method, x_run, t_run, own, factors["text_kl_and_tc"])
                    adversary.step()
                noise = normal(draws, 3, x.shape[1], device)
                total += gradient(x, t, noise, factors)
                optimizer.step()
        yield [{"loss": loss} for loss in (total / step).tolist()]


def discriminate(method: Method, x: Tensor, t: Tensor, draws: Global | Own, factor: float) -> None:
    """Add ``factor`` times the discriminator's gradient on a batch [B, F], [B, D] to what its parameters have."""
    noise: dict[str, Tensor] = {}
    orders: dict[str, Tensor] = {}
    for names in (("r", "v"), ("t", "v_text")):
        noise |= zip(names, normal([draws], 2, len(x), x.device)[0], strict=True)
        orders |= {k: torch.randperm(len(x), generator=draws.generator(CPU)).to(x.device) for k in names}
    if factor:  # drawn in any case, so that the random numbers don't depend on the schedule
        with torch.no_grad():
            latents = method.network.encode(x, t)
        (factor * method.discriminator_loss(latents, noise, orders)).backward()


def _decoded(z: Tensor, weight: Tensor, bias: Tensor, target: Tensor, grads: tuple[Tensor, Tensor]):
    """Half a decoder's squared error (mean over a batch's values) [S], and its gradient in z; the decoder's is kept.

    ``z`` [S, k B, L] are k batches of latents that should all become ``target`` [S, B, F].
    """
    rebuilt = torch.baddbmm(bias, z, weight.mT).relu_()
    runs, batch, width = target.shape
    apart = (rebuilt.view(runs, -1, batch, width) - target[:, None]).view_as(rebuilt)
    error = torch.linalg.vector_norm(apart, dim=(1, 2)).square_()
    slope, scale = torch.ops.aten.threshold_backward(apart, rebuilt, 0), 2 / (batch * width)
    torch.baddbmm(grads[0], slope.mT, z, beta=0, alpha=scale, out=grads[0])
    torch.sum(slope, 1, keepdim=True, out=grads[1]).mul_(scale)
    back = torch.baddbmm(z, slope, weight, beta=0, alpha=scale)
    return error * (scale / 2), back


class SADVAEStep:
    """Loss and gradient of both VAEs of S runs, as `SADVAE.terms` and `SADVAE.total` define them.

    The gradient is written into ``autoencoders.grad``, nothing is accumulated. A term whose factor is zero is
    neither computed nor differentiated: what it would add to the gradient is zero.
    """

    def __init__(self, networks: list[nn.Module]):
        self.related = networks[0].related
        self.autoencoders = Stack(networks, AUTOENCODERS)
        self.discriminator = Stack(networks, DISCRIMINATOR)

    @torch.no_grad()
    def __call__(self, x: Tensor, t: Tensor, noise: Tensor, factors: dict[str, float]) -> Tensor:
        """Features [S, B, F], text [S, B, D], noise [S, 3, B, 1] of z_r, z_v and z_t: the loss [S]."""
        w, g, k, batch = self.autoencoders.value, self.autoencoders.grad, self.related, x.shape[1]
        decoder = lambda side: (w[f"{side}_decoder_weight"], w[f"{side}_decoder_bias"])
        grads = lambda side: (g[f"{side}_decoder_weight"], g[f"{side}_decoder_bias"])
        of_x = torch.baddbmm(w["skeleton_encoder_bias"], x, w["skeleton_encoder_weight"].mT)
        of_t = torch.baddbmm(w["text_encoder_bias"], t, w["text_encoder_weight"].mT)
        mu_x, logvar_x = of_x.chunk(2, 2)
        mu_t, logvar_t = of_t.chunk(2, 2)
        # How far the draws are from their means; half of it is how much a log-variance moves them.
        off_x, off_t = (logvar_x * 0.5).exp_(), (logvar_t * 0.5).exp_()
        off_x[..., :k].mul_(noise[:, 0])
        off_x[..., k:].mul_(noise[:, 1])
        off_t.mul_(noise[:, 2])
        z_x, z_t = mu_x + off_x, mu_t + off_t
        if factors["cross"]:
            crossed = torch.cat([z_t, z_x[..., k:]], 2)
            loss, back_x = _decoded(torch.cat([z_x, crossed], 1), *decoder("skeleton"), x, grads("skeleton"))
            error, back_t = _decoded(torch.cat([z_t, z_x[..., :k]], 1), *decoder("text"), t, grads("text"))
            d_x, d_t = back_x[:, :batch], back_t[:, :batch]
            d_x[..., k:].add_(back_x[:, batch:, k:])
            d_x[..., :k].add_(back_t[:, batch:])
            d_t.add_(back_x[:, batch:, :k])
        else:
            loss, d_x = _decoded(z_x, *decoder("skeleton"), x, grads("skeleton"))
            error, d_t = _decoded(z_t, *decoder("text"), t, grads("text"))
        loss += error
        late = factors["text_kl_and_tc"]
        if late:
            value, slope = self._total_correlation(z_x)
            loss += late * value
            d_x.add_(slope, alpha=late)
        self._encoder("skeleton", x, of_x, off_x, d_x, factors["skeleton_kl"], loss)
        self._encoder("text", t, of_t, off_t, d_t, late, loss)
        return loss

    def _encoder(self, side: str, x: Tensor, out: Tensor, off: Tensor, d_z: Tensor, kl: float, loss: Tensor):
        """The gradient of an encoder from that of its draws, with ``kl`` times its divergence, added to the loss."""
        slope = torch.cat([d_z, off.mul_(d_z).mul_(0.5)], 2)
        if kl:
            mu, logvar = out.chunk(2, 2)
            spread, each = logvar.exp(), kl / x.shape[1]
            loss += 0.5 * each * (mu.square() + spread - 1 - logvar).sum((1, 2))
            slope_mu, slope_logvar = slope.chunk(2, 2)
            slope_mu.add_(mu, alpha=each)
            slope_logvar.add_(spread.sub_(1), alpha=0.5 * each)
        weight, bias = (self.autoencoders.grad[f"{side}_encoder_{kind}"] for kind in ("weight", "bias"))
        torch.bmm(slope.mT, x, out=weight)
        torch.sum(slope, 1, keepdim=True, out=bias)

    def _total_correlation(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """The mean of the discriminator's belief in z [S, B, L], and its gradient in z."""
        w = self.discriminator.value
        hidden = torch.baddbmm(w["first_bias"], z, w["first_weight"].mT).relu_()
        belief = torch.baddbmm(w["second_bias"], hidden, w["second_weight"].mT).sigmoid_()
        slope = belief * (1 - belief) / z.shape[1]
        slope = torch.ops.aten.threshold_backward(slope * w["second_weight"], hidden, 0)
        return belief.mean((1, 2)), slope @ w["first_weight"]
