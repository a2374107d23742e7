"""How freed memory is handled in processes that train."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_KEPT = 2**30
"""Bytes of free memory that a process keeps at the end of its heap."""
_TENSOR = 2**26
"""Bytes of the largest tensors that are kept: larger ones would leave holes of their size."""


def keep_freed() -> None:
    """Let memory that is freed stay with this process, for the next tensor of its size.

    Otherwise glibc gives every large tensor back to the system, which maps and zeroes new pages for the next one: most
    of the time of a large training step of Shift-GCN (``python -m zsar.benchmarks.speed --part shiftgcn``, which says
    what the memory is that this costs). Nothing happens where the C library isn't glibc.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(_TRIM_THRESHOLD, _KEPT)
    mallopt(_MMAP_THRESHOLD, _TENSOR)
