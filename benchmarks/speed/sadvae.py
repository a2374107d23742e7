"""SA-DVAE: three cycles of training, a step of which takes a millisecond or two."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from zsar.benchmarks.speed.case import Case, held
from zsar.fast.sadvae import SADVAEStep
from zsar.learning.contract import Seen
from zsar.methods.sadvae import SADVAE, SADVAENetwork

FEATURES, TEXT, SEEN, BATCH = 256, 768, 55, 32
RELATED, UNRELATED = 160, 8
LATENT, CYCLES = RELATED + UNRELATED, 3
THREADS = 1
NOTE = (
    "Measured with one thread, as `zsar bench` gives to each run: matrices of 32 rows gain nothing from a second. Both "
    "VAEs' parameters lie in one block of memory, heads of one input next to each other: ten matrix products, one "
    "optimiser call and about thirty small operations are a step, with the gradient written out. Cross-reconstruction "
    "runs only while its factor isn't zero, which is the last fifth of a cycle. The plain form's data loader has no "
    "worker processes; with them it would be slower at this size."
)


def plain_loss(p: dict[str, Tensor], x: Tensor, t: Tensor, noise: Tensor, factors: dict[str, float]) -> Tensor:
    """The VAEs' loss of features [B, F] and text [B, D]; noise [3, B, 1] of z_r, z_v and z_t."""
    linear = lambda a, layer: a @ p[f"{layer}.weight"].T + p[f"{layer}.bias"]
    mu, logvar = linear(x, "skeleton_encoder.mu"), linear(x, "skeleton_encoder.logvar")
    mu_t, logvar_t = linear(t, "text_encoder.mu"), linear(t, "text_encoder.logvar")
    z_r = mu[:, :RELATED] + noise[0] * torch.exp(logvar[:, :RELATED] / 2)
    z_v = mu[:, RELATED:] + noise[1] * torch.exp(logvar[:, RELATED:] / 2)
    z_t = mu_t + noise[2] * torch.exp(logvar_t / 2)
    skeleton = lambda meaning: torch.relu(linear(torch.cat([meaning, z_v], 1), "skeleton_decoder.0"))
    text = lambda meaning: torch.relu(linear(meaning, "text_decoder.0"))
    error = lambda rebuilt, original: ((rebuilt - original) ** 2).mean()
    kl = lambda m, v: 0.5 * (m**2 + torch.exp(v) - 1 - v).sum(1).mean()
    belief = torch.sigmoid(discriminated(p, torch.cat([z_r, z_v], 1))).mean()
    return (
        error(skeleton(z_r), x)
        + error(text(z_t), t)
        + factors["cross"] * (error(skeleton(z_t), x) + error(text(z_r), t))
        + factors["skeleton_kl"] * kl(mu, logvar)
        + factors["text_kl_and_tc"] * (kl(mu_t, logvar_t) + belief)
    )


def discriminated(p: dict[str, Tensor], z: Tensor) -> Tensor:
    """How much the discriminator takes latents [B, L] for those of one clip, as a logit."""
    hidden = torch.relu(z @ p["discriminator.0.weight"].T + p["discriminator.0.bias"])
    return hidden @ p["discriminator.2.weight"].T + p["discriminator.2.bias"]


def plain_discriminator_loss(p: dict[str, Tensor], x: Tensor, t: Tensor) -> Tensor:
    """Cross-entropy of latents of one clip against shuffled ones, for both kinds of meaning."""
    linear = lambda a, layer: a @ p[f"{layer}.weight"].T + p[f"{layer}.bias"]
    draw = lambda m, v: m + torch.randn(len(m), 1, device=m.device) * torch.exp(v / 2)
    shuffled = lambda z: z[torch.randperm(len(z)).to(z.device)]
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    with torch.no_grad():
        mu, logvar = linear(x, "skeleton_encoder.mu"), linear(x, "skeleton_encoder.logvar")
        of_text = linear(t, "text_encoder.mu"), linear(t, "text_encoder.logvar")
    loss = 0.0
    for meaning in ((mu[:, :RELATED], logvar[:, :RELATED]), of_text):
        z, style = draw(*meaning), draw(mu[:, RELATED:], logvar[:, RELATED:])
        true = discriminated(p, torch.cat([z, style], 1))
        false = discriminated(p, torch.cat([shuffled(z), shuffled(style)], 1))
        loss = loss + (entropy(true, torch.ones_like(true)) + entropy(false, torch.zeros_like(false))) / 4
    return loss


def plain_training(x: Tensor, y: Tensor, text: Tensor, device: str) -> None:
    """The released style of loop: a data loader, every term in every step, the loss read after each."""
    network = SADVAENetwork(FEATURES, TEXT, RELATED, UNRELATED).to(device)
    p = dict(network.named_parameters())
    optimizer = torch.optim.Adam(network.autoencoders(), lr=3.389e-5)
    adversary = torch.optim.Adam(network.discriminator.parameters(), lr=3.389e-5)
    loader = DataLoader(TensorDataset(x, y), BATCH, shuffle=True)
    for cycle in range(CYCLES):
        total = 0.0
        for step, (xs, ys) in enumerate(loader):
            xs, t = xs.to(device), text[ys].to(device)
            factors = SADVAE.factors(step, len(loader), cycle)
            if (step + 1) % 5 == 0:
                adversary.zero_grad()
                (factors["text_kl_and_tc"] * plain_discriminator_loss(p, xs, t)).backward()
                adversary.step()
            loss = plain_loss(p, xs, t, torch.randn(3, len(xs), 1, device=device), factors)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()


def cases(device: str, short: bool) -> Iterator[Case]:
    """Training at NTU-60's widths and batch size, by the step."""
    yield training(50 if short else 150, device)


def training(batches: int, device: str) -> Case:
    """Three cycles of so many steps: the schedule's factors are all on at the end of the third."""
    torch.manual_seed(0)
    x, y, text = torch.rand(BATCH * batches, FEATURES), torch.randint(SEEN, (BATCH * batches,)), torch.randn(SEEN, TEXT)
    seen = Seen(x.to(device), y.to(device))
    of_seen = text[:, None].to(device)

    def fast() -> None:
        for _ in SADVAE(cycles=CYCLES).train(seen, of_seen):
            pass

    crossed = sum(SADVAE.factors(step, batches, 0)["cross"] for step in range(batches)) / batches
    own, both = _products(BATCH, device), _products(2 * BATCH, device)
    network = SADVAENetwork(FEATURES, TEXT, RELATED, UNRELATED).to(device)
    optimizer = torch.optim.Adam(SADVAEStep([network]).autoencoders.rows, fused=True)

    def floor() -> None:
        for step in range(CYCLES * batches):
            (both if step % batches >= (1 - crossed) * batches else own)()
            optimizer.step()

    weights = sum(p.numel() for p in network.autoencoders())
    decoders = FEATURES * LATENT + TEXT * RELATED
    encoders = 2 * decoders
    return Case(
        f"SA-DVAE training step, batch {BATCH}",
        f"random features [{len(x)}, {FEATURES}], text [{SEEN}, {TEXT}], {CYCLES} cycles of {batches} steps",
        fast=fast,
        plain=lambda: plain_training(x, y, text, device),
        check=lambda: checked(device),
        steps=CYCLES * batches,
        target=2.0,
        floor=floor,
        floor_is="its ten matrix products and the optimiser",
        limit=1.25,
        operations=2 * BATCH * (2 * encoders + 3 * decoders * (1 + crossed)),
        moved=4 * 8 * weights,
        product=(BATCH, TEXT, 2 * RELATED),
    )


def checked(device: str) -> float:
    """Loss and gradients with every combination of factors, for whole and odd batches."""
    torch.manual_seed(1)
    worst = 0.0
    for batch in (BATCH, 7, 1):
        network = SADVAENetwork(FEATURES, TEXT, RELATED, UNRELATED).to(device)
        weights = {name: p.detach().clone().requires_grad_() for name, p in network.named_parameters()}
        gradient = SADVAEStep([network])
        x, t = torch.rand(batch, FEATURES, device=device), torch.randn(batch, TEXT, device=device)
        noise = torch.randn(3, batch, 1, device=device)
        for kl, late, cross in ((0.0, 0.0, 0.0), (0.03, 0.0, 0.0), (0.03, 0.02, 1.0)):
            factors = {"skeleton_kl": kl, "text_kl_and_tc": late, "cross": cross}
            (loss,) = gradient(x[None], t[None], noise[None], factors)
            plain = plain_loss(weights, x, t, noise, factors)
            names = [name for name in weights if not name.startswith("discriminator")]
            grads = torch.autograd.grad(plain, [weights[name] for name in names])
            pairs = [(network.get_parameter(name).grad, grad) for name, grad in zip(names, grads, strict=True)]
            worst = max(worst, held([(loss, plain.detach()), *pairs], 1e-4))
    return worst


def _products(rows: int, device: str):
    """The matrix products of a step that decodes so many latents."""
    random = lambda *shape: torch.rand(*shape, device=device)
    x, t, z, z_t = random(BATCH, FEATURES), random(BATCH, TEXT), random(rows, LATENT), random(rows, RELATED)
    encoders = random(2 * LATENT, FEATURES), random(2 * RELATED, TEXT)
    decoders = random(FEATURES, LATENT), random(TEXT, RELATED)
    of_x, of_t, rebuilt_x, rebuilt_t = (
        random(BATCH, 2 * LATENT),
        random(BATCH, 2 * RELATED),
        random(rows, FEATURES),
        random(rows, TEXT),
    )
    slopes = [torch.empty_like(w) for w in (*encoders, *decoders)]
    back_x, back_t = torch.empty_like(z), torch.empty_like(z_t)

    def run() -> None:
        torch.mm(x, encoders[0].T, out=of_x)
        torch.mm(t, encoders[1].T, out=of_t)
        torch.mm(z, decoders[0].T, out=rebuilt_x)
        torch.mm(z_t, decoders[1].T, out=rebuilt_t)
        torch.mm(rebuilt_x, decoders[0], out=back_x)
        torch.mm(rebuilt_t, decoders[1], out=back_t)
        for slope, out, inputs in zip(slopes, (of_x, of_t, rebuilt_x, rebuilt_t), (x, t, z, z_t), strict=True):
            torch.mm(out.T, inputs, out=slope)

    return run
