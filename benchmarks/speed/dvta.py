"""DVTA: a training step, and the scores of many clips."""

import functools
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import torch
import torch.nn.functional as F
from torch import Tensor

from zsar.benchmarks.speed.case import Case, held
from zsar.benchmarks.speed.machine import most_memory
from zsar.fast.dvta import all_pairs
from zsar.fast.pairs import plain_pair_scores
from zsar.learning.memory import keep_freed
from zsar.learning.precision import mixed, multiplies_bf16
from zsar.methods.dvta import DVTA, DVTANetwork

FEATURES, TEXT, PROMPTS, SEEN = 256, 768, 2, 55
FIRST, SECOND = 2 * TEXT, 768
THREADS = None
NOTE = (
    "Of a plain step's 271 GFLOP (batch 128) 116 are left: the first layer of the metric network is linear in skeleton "
    "and text, so both are mapped once and added. What remains are three products with the second layer's weights, "
    "which is the floor. Activations of the first layer are never held for all pairs; those of the second are, up to "
    "1 GB, beyond which they are computed again for the gradient."
)


def plain_loss(p: dict[str, Tensor], x: Tensor, text: Tensor, y: Tensor) -> Tensor:
    """The paper's loss of a batch: features [B, F], every clip's own class's text [B, P, D], labels [B]."""
    x = x / x.norm(dim=1, keepdim=True)
    text = text / text.norm(dim=2, keepdim=True)
    v = torch.relu(x @ p["direct.visual.0.weight"].T + p["direct.visual.0.bias"] + x)
    for layer in (1, 2):
        v = torch.relu(v @ p[f"direct.visual.{layer}.weight"].T + p[f"direct.visual.{layer}.bias"])
    v = v @ p["direct.visual.3.weight"].T + p["direct.visual.3.bias"]
    weights = (text * v[:, None]).sum(2).softmax(1)
    u = (text * weights[:, :, None]).sum(1) @ p["direct.text.weight"].T + p["direct.text.bias"]
    direct = (v / v.norm(dim=1, keepdim=True)) @ (u / u.norm(dim=1, keepdim=True)).T
    count, width = v.shape
    pairs = torch.cat(
        [v.detach()[:, None].expand(count, count, width), u.detach()[None].expand(count, count, width)], dim=2
    )
    h = torch.relu(F.linear(pairs, p["metric.first.weight"], p["metric.first.bias"]))
    h = torch.relu(F.linear(h, p["metric.second.weight"], p["metric.second.bias"]))
    a = F.linear(h, p["metric.third.weight"], p["metric.third.bias"])[..., 0]
    augmented = torch.where(a > 0, torch.sigmoid(a), 0.01 * torch.exp(0.01 * a))
    logits = direct / p["temperatures"][0] + augmented / p["temperatures"][1]
    target = torch.softmax(10.0 * (y[:, None] == y[None]).float(), 1)
    divergence = lambda of, to: (to * (to.log() - torch.log_softmax(of, 1))).sum() / count
    return (divergence(logits, target) + divergence(logits.T, target.T)) / 2


def plain_scores(network: DVTANetwork, x: Tensor, text: Tensor) -> Tensor:
    """Clips [N, F], candidates [C, P, D]: every clip reads every class's prompts anew, and all pairs are joined."""
    x, text = F.normalize(x, dim=1), F.normalize(text, dim=2)
    v = network.direct.project(x)
    weights = torch.einsum("nd,cpd->ncp", v, text).softmax(2)
    u = network.direct.text(torch.einsum("ncp,cpd->ncd", weights, text))
    direct = (F.normalize(v, dim=1)[:, None] * F.normalize(u, dim=2)).sum(2)
    metric = network.metric
    h = torch.relu(metric.first(torch.cat([v[:, None].expand_as(u), u], 2)))
    a = metric.third(torch.relu(metric.second(h)))[..., 0]
    gamma = metric.activation.gamma
    augmented = torch.where(a > 0, torch.sigmoid(a), gamma * torch.exp(gamma * a))
    return direct / network.temperatures[0] + augmented / network.temperatures[1]


def cases(device: str, short: bool) -> Iterator[Case]:
    """The step in float32 and, where the device multiplies bfloat16, in that; memory of a larger step; scores."""
    yield step(128, device, "float32")
    if short:
        return
    if multiplies_bf16(device):
        yield step(128, device, "bfloat16")
    if device == "cpu":
        yield large_step(512)
    yield scores(200, 120, device)


def step(batch: int, device: str, dtype: str) -> Case:
    """One training step with its update."""
    torch.manual_seed(0)
    x, text = torch.rand(batch, FEATURES, device=device), torch.randn(SEEN, PROMPTS, TEXT, device=device)
    y = torch.randint(SEEN, (batch,), device=device)
    method, network = DVTA(), DVTANetwork(FEATURES, TEXT, 0.1, 0.01).to(device)
    weights = {name: p.detach().clone().requires_grad_() for name, p in network.named_parameters()}
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-5, fused=True)
    plain_optimizer = torch.optim.Adam(weights.values(), lr=1e-5)

    def gradient() -> Tensor:
        with mixed("bf16" if dtype == "bfloat16" else dtype, device):
            similarities = network(x, text[y])
        loss, _ = method.loss(*similarities, y)
        optimizer.zero_grad()
        loss.backward()
        return loss

    def plain_gradient() -> Tensor:
        loss = plain_loss(weights, x, text[y], y)
        plain_optimizer.zero_grad()
        loss.backward()
        return loss

    def kept(get) -> list[Tensor]:
        # Both alignments' gradients as wholes: single ones, such as the last bias's, are zero but for rounding.
        of = lambda part: torch.cat([get(name).grad.flatten() for name in weights if name.startswith(part)])
        return [of("direct."), of("metric.")]

    def check() -> float:
        computed = [gradient().detach(), *kept(network.get_parameter)]
        if dtype == "float32":
            return held(zip(computed, [plain_gradient().detach(), *kept(weights.get)], strict=True), 1e-4)
        network.metric.all_pairs = lambda *sides: all_pairs(network.metric, *sides, pairs=plain_pair_scores)
        try:  # torch's own products and gradient in bfloat16
            expected = [gradient().detach(), *kept(network.get_parameter)]
        finally:
            del network.metric.all_pairs
        return held(zip(computed, expected, strict=True), 0.02)

    pairs_product = 2 * batch * batch * FIRST * SECOND
    first, second = torch.randn(batch * batch, FIRST, device=device), torch.randn(batch * batch, SECOND, device=device)
    weight = torch.randn(SECOND, FIRST, device=device)
    first, second, weight = (a.to(getattr(torch, dtype)) for a in (first, second, weight))
    number = sum(p.numel() for p in network.parameters())
    return Case(
        f"DVTA training step, batch {batch}, {dtype}",
        f"random features [{batch}, {FEATURES}], text [{SEEN}, {PROMPTS}, {TEXT}]",
        fast=lambda: (gradient(), optimizer.step()),
        plain=lambda: (plain_gradient(), plain_optimizer.step()),
        check=check,
        target={"float32": 2.2, "bfloat16": 6.0}[dtype],
        floor=lambda: (first @ weight.T, second @ weight, second.T @ first),
        floor_is="the three products over all pairs",
        limit=1.25 if dtype == "float32" else None,
        operations=3 * pairs_product,
        moved=4 * 8 * number,  # weight, gradient and two moments: all read, all written
        product=(batch * batch, FIRST, SECOND),
        dtype=dtype,
        note=""
        if dtype == "float32"
        else "Compared with torch's own gradient in bfloat16. Against float32 the metric network's gradient is off "
        "by a quarter on such random inputs, whose positive and negative pairs nearly cancel: float32 is the default.",
    )


def large_step(batch: int) -> Case:
    """The memory of a step of many pairs, in a process of its own; with recomputation there is no floor to hold."""
    return Case(
        f"DVTA training step, batch {batch}: memory",
        f"random features [{batch}, {FEATURES}], text [{SEEN}, {PROMPTS}, {TEXT}]",
        fast=lambda: None,
        memory=lambda: _in_a_process(functools.partial(_steps, batch, torch.get_num_threads())),
        megabytes=2000.0,
    )


def _steps(batch: int, threads: int) -> float:
    """The most memory (MB) that this process held during three steps."""
    torch.set_num_threads(threads)
    keep_freed()  # as every run of a benchmark does
    torch.manual_seed(0)
    x, text = torch.rand(batch, FEATURES), torch.randn(SEEN, PROMPTS, TEXT)
    y = torch.randint(SEEN, (batch,))
    method, network = DVTA(), DVTANetwork(FEATURES, TEXT, 0.1, 0.01)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    for _ in range(3):
        optimizer.zero_grad()
        method.loss(*network(x, text[y]), y)[0].backward()
        optimizer.step()
    return most_memory()


def _in_a_process(work) -> float:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work).result()


def scores(clips: int, classes: int, device: str) -> Case:
    """Scores of every clip among every candidate class."""
    torch.manual_seed(0)
    method = DVTA()
    method.network = DVTANetwork(FEATURES, TEXT, 0.1, 0.01).to(device)
    x, text = torch.rand(clips, FEATURES, device=device), torch.randn(classes, PROMPTS, TEXT, device=device)
    few = 100  # the plain form holds every pair's activations

    def plain() -> Tensor:
        with torch.no_grad():
            return torch.cat([plain_scores(method.network, part, text) for part in x.split(few)])

    weight, rows = torch.randn(SECOND, FIRST, device=device), torch.randn(4096, FIRST, device=device)
    products = round(clips * classes / len(rows))
    return Case(
        f"DVTA scores, {clips} clips, {classes} classes",
        f"random features [{clips}, {FEATURES}], text [{classes}, {PROMPTS}, {TEXT}]",
        fast=lambda: method.score(x, text),
        plain=plain,
        check=lambda: held([(method.score(x[:few], text), plain_scores(method.network, x[:few], text).detach())], 1e-4),
        floor=lambda: [rows @ weight.T for _ in range(products)],
        floor_is="the metric network's second layer on all pairs",
        limit=1.25,
        operations=2 * clips * classes * FIRST * SECOND,
        product=(4096, FIRST, SECOND),
        note="50,000 clips among 120 classes are 14 TFLOP of the second layer alone, whatever is done before it: "
        "250 times this case.",
    )
