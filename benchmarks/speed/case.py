"""One thing that is timed: the fast form, the plain form beside it, and what their times are held against."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

SAMPLE_S = 0.02
"""A measurement lasts this long at least: shorter calls are repeated within it."""
CASE_S, LEAST_ROUNDS = 60.0, 3
"""A case takes fewer rounds rather than longer than this, but not fewer than so many."""
SHORT_SHARE = 0.8
"""A short run fails when a float32 ratio is below this share of its target."""


@dataclass(frozen=True)
class Case:
    """``fast`` and ``plain`` do the same work, ``steps`` times; times are given per step.

    ``check`` runs both on the same inputs, raises AssertionError where they differ, and returns the largest relative
    difference. ``target`` is the ratio plain / fast to reach, ``floor`` does nothing but what can't be saved
    (``floor_is`` says what) and ``limit`` is what fast / floor may be at most. ``seconds`` bounds one step of the fast
    form, ``megabytes`` what ``memory`` returns. ``operations`` and ``moved`` (bytes) are what a step can't do without;
    ``product`` (m, k, n) is a matrix product of fitting size. ``note`` explains what isn't reached.
    """

    name: str
    sizes: str
    fast: Callable
    plain: Callable | None = None
    check: Callable[[], float] | None = None
    steps: int = 1
    target: float | None = None
    floor: Callable | None = None
    floor_is: str = ""
    limit: float | None = None
    seconds: float | None = None
    memory: Callable[[], float] | None = None
    megabytes: float | None = None
    operations: float = 0.0
    moved: float = 0.0
    product: tuple[int, int, int] | None = None
    dtype: str = "float32"
    note: str = ""


def measure(case: Case, rounds: int, device: str) -> dict:
    """Check a case, time its forms in turns, and return what the results file holds: medians, and ratios of them.

    Ratios are medians of each round's ratio, so that whatever else the machine does meets both sides.
    """
    error = case.check() if case.check else None
    forms = {"fast": case.fast, "plain": case.plain, "floor": case.floor}
    if case.product:
        forms["product"] = _product(case, device)
    if case.moved:
        forms["copy"] = _copy(case, device)
    forms = {name: form for name, form in forms.items() if form}
    once = {name: _once(form, device) for name, form in forms.items()}
    repeats = {name: max(1, math.ceil(SAMPLE_S / max(seconds, 1e-6))) for name, seconds in once.items()}
    rounds = max(
        min(rounds, LEAST_ROUNDS), min(rounds, int(CASE_S / sum(n * once[name] for name, n in repeats.items())))
    )
    times: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(rounds):
        for name, form in forms.items():
            times[name].append(_timed(form, repeats[name], device))
    per_step = {
        name: statistics.median(times[name]) / case.steps for name in ("fast", "plain", "floor") if name in times
    }
    over = lambda a, b: statistics.median(x / y for x, y in zip(times[a], times[b], strict=True))
    result = {"name": case.name, "sizes": case.sizes, "dtype": case.dtype, "rounds": rounds}
    result |= {f"{name}_ms": _rounded(1000 * seconds) for name, seconds in per_step.items()}
    if error is not None:
        result["difference"] = float(f"{error:.1e}")
    if case.plain:
        result |= {"ratio": _rounded(over("plain", "fast")), "target": case.target}
    if case.floor:
        result |= {"over_floor": _rounded(over("fast", "floor")), "limit": case.limit, "floor_is": case.floor_is}
    if case.operations:
        result["gigaflop"] = _rounded(case.operations / 1e9)
    if case.product:
        m, k, n = case.product
        peak = [2 * m * k * n / t for t in times["product"]]
        share = statistics.median(
            case.operations * case.steps / t / p for t, p in zip(times["fast"], peak, strict=True)
        )
        result |= {"product_gflops": _rounded(statistics.median(peak) / 1e9), "share_of_product": _rounded(share)}
    if case.moved:
        result["megabytes_moved"] = _rounded(case.moved / 1e6)
        peak = [2 * _copied(case) / t for t in times["copy"]]
        share = statistics.median(case.moved * case.steps / t / p for t, p in zip(times["fast"], peak, strict=True))
        result |= {"copy_gbs": _rounded(statistics.median(peak) / 1e9), "share_of_copy": _rounded(share)}
    if case.seconds:
        result["limit_s"] = case.seconds
    if case.memory:
        result |= {"peak_mb": round(case.memory()), "limit_mb": case.megabytes}
    if case.note:
        result["note"] = case.note
    return result


def reached(result: dict) -> bool | None:
    """Whether a measured case keeps everything that it is held against; None where that is nothing."""
    held = [
        result[value] <= result[bound] if at_most else result[value] >= result[bound]
        for value, bound, at_most in (
            ("ratio", "target", False),
            ("over_floor", "limit", True),
            ("peak_mb", "limit_mb", True),
        )
        if result.get(bound) is not None
    ]
    if result.get("limit_s") is not None:
        held.append(result["fast_ms"] <= 1000 * result["limit_s"])
    return all(held) if held else None


def fell(result: dict) -> bool:
    """Whether a float32 ratio is so far below its target that the short form fails."""
    return (
        result["dtype"] == "float32" and bool(result.get("target")) and result["ratio"] < SHORT_SHARE * result["target"]
    )


def difference(pairs) -> float:
    """The largest relative difference of pairs (found, expected) of tensors, by norm."""
    return max(((a.double() - b.double()).norm() / b.double().norm().clamp(min=1e-12)).item() for a, b in pairs)


def held(pairs, tolerance: float) -> float:
    """`difference`, or AssertionError where it exceeds the tolerance."""
    found = difference(pairs)
    assert found <= tolerance, f"the fast form differs from the plain one by {found:.1e}, allowed {tolerance:.0e}"
    return found


def _timed(form: Callable, repeats: int, device: str) -> float:
    _finish(device)
    begin = time.perf_counter()
    for _ in range(repeats):
        form()
    _finish(device)
    return (time.perf_counter() - begin) / repeats


def _once(form: Callable, device: str) -> float:
    """How long a call takes; the first, which may have to warm up, counts where it is long anyway."""
    seconds = _timed(form, 1, device)
    return seconds if seconds > SAMPLE_S else _timed(form, 1, device)


def _finish(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def _product(case: Case, device: str) -> Callable:
    m, k, n = case.product
    dtype = getattr(torch, case.dtype)
    a, b = torch.randn(m, k, device=device).to(dtype), torch.randn(n, k, device=device).to(dtype)
    out = torch.empty(m, n, device=device, dtype=dtype)
    return lambda: torch.mm(a, b.T, out=out)


def _copied(case: Case) -> int:
    return int(min(max(case.moved / 2, 2**16), 2**28))


def _copy(case: Case, device: str) -> Callable:
    source = torch.ones(_copied(case), dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
