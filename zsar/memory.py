"""How freed memory is handled in processes that train."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_NEVER = 2**30


def keep_freed() -> None:
    """Let memory that is freed stay with this process, for the next tensor of its size.

    Otherwise glibc gives every large tensor back to the system, which maps and zeroes new pages for the next one: half
    the time of a training step of Shift-GCN on a CPU. The most memory that is in use is the same. Nothing happens
    where the C library isn't glibc.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(_TRIM_THRESHOLD, _NEVER)
    mallopt(_MMAP_THRESHOLD, _NEVER)
