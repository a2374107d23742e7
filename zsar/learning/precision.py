"""Reduced precision of what trains end to end: products in bfloat16, weights and sums in float32."""

import contextlib
from pathlib import Path

import torch

from zsar.errors import UnknownName

PRECISIONS = ("float32", "bf16")


def check_precision(precision: str) -> None:
    """Raises `UnknownName` unless it is one of `PRECISIONS`."""
    if precision not in PRECISIONS:
        raise UnknownName("value", precision, PRECISIONS, "precision")


def multiplies_bf16(device: str) -> bool:
    """Whether a device has matrix instructions for bfloat16; without them it is slower than float32."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported()
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def mixed(precision: str, device) -> contextlib.AbstractContextManager:
    """Where a network's training pass is run; nothing happens for ``float32``."""
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(torch.device(device).type, torch.bfloat16)
