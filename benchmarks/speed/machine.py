"""What a measurement ran on: enough to compare by, nothing that names the machine."""

import os
import platform
import resource
from pathlib import Path

import numpy as np
import torch

import zsar
from zsar.learning.device import processor


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def described(device: str) -> dict:
    """Processor, cores and memory, or the GPU."""
    found = {
        "processor": processor(),
        "cores": cores(),
        "system": platform.system(),
    }
    if device.startswith("cuda"):
        found["gpu"] = torch.cuda.get_device_name()
    return found


def versions() -> dict:
    """Of everything whose speed is measured."""
    return {
        "zsar": zsar.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def multiplies_bfloat16(device: str) -> bool:
    """Whether the device has matrix instructions for bfloat16."""
    from zsar.learning.precision import multiplies_bf16

    return multiplies_bf16(device)


def most_memory() -> int:
    """MB that this process has held at once. Where Linux tells it: `resource`'s number begins with the parent's."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM:"))
