"""Where to compute: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``; and what kind of machine that is."""

import platform
from pathlib import Path

from zsar.errors import ZsarError


def resolve_device(name: str) -> str:
    """The device of a name; ``auto`` is a GPU where there is one. Raises `ZsarError` for one that is not there."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ZsarError(f"unknown device {name!r}", "Use auto, cpu or cuda.") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ZsarError(f"no GPU for --device {name}", "Use --device cpu.")
    return name


def processor() -> str:
    """The processor's model as Linux tells it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
