"""Pickles as data: plain containers, numbers, strings, bytes and numpy arrays, read by a machine that can do no more.

Python's own unpickler calls what a pickle names. This one follows the same opcodes (PEP 307, 3154 and 574), but a name
is a word to it: it knows a dozen words that numpy and Python write for arrays and sets, makes their values itself, and
refuses any other. Arrays stay in the file until they are needed, so that a pickle of gigabytes opens in little memory;
sizes are held against the file before anything is made. `load` is the only entrance.
"""

import mmap
import struct
from pathlib import Path

from zsar.data.pickles.machine import Machine
from zsar.data.pickles.words import PickledArray, Refused
from zsar.errors import DataError

__all__ = ["PickledArray", "load"]


def load(content: bytes | Path, where: str = "") -> object:
    """What a pickle holds: plain Python values, and a `PickledArray` for every numpy array.

    ``content`` is the pickle, or the path of its file, which stays mapped while arrays of it are in use; ``where``
    names it in errors. Raises `DataError` for anything that isn't plain data, naming what it asked for; nothing of it
    is run.
    """
    where = where or str(content if isinstance(content, Path) else "the pickle")
    if isinstance(content, Path):
        try:
            with open(content, "rb") as f:
                content = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as e:
            raise DataError(f"{where} can't be read: {e}", "Get the file again.") from e
    machine = Machine(memoryview(content))
    try:
        value = machine.run()
        if isinstance(content, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            content.madvise(mmap.MADV_DONTNEED)  # else all of the file counts as memory in use
        return value
    except Refused as e:
        raise DataError(f"{where} {e}", "zsar reads data only, and runs nothing that a file names.") from e
    except (IndexError, KeyError, ValueError, TypeError, struct.error, OverflowError, MemoryError) as e:
        reason = f"{type(e).__name__}: {str(e)[:200]}"
        raise DataError(
            f"{where} is not a pickle, or a damaged one ({reason}, byte {machine.at})", "Get it again."
        ) from e
