"""One array out of a MATLAB 5 file, without the crashes that damaged files cause in SciPy's compiled reader.

The format is MathWorks' "MAT-File Format", level 5: a header of 128 bytes, then elements of type, size and content; an
array is an element that holds elements (flags, dimensions, name, numbers), and may be packed by zlib.
"""

import math
import zlib

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.readers.source import LARGEST_FILE

_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_ARRAY, _PACKED = 14, 15
_NUMERIC = range(6, 16)  # classes of arrays: double, single and the integers
_COMPLEX = 0x800


def array(content: bytes, name: str) -> np.ndarray | None:
    """The array of that name, float64 with MATLAB's dimensions; None when the file has no such variable.

    Raises `DataError` where the file is damaged, or the variable is not an array of real numbers.
    """
    if len(content) < 128 or content[126:128] not in (b"IM", b"MI"):
        raise DataError("is not a MATLAB 5 file, or a damaged one")
    order = "<" if content[126:128] == b"IM" else ">"
    for kind, data in _elements(content[128:], order):
        if kind == _PACKED:
            data = _unpack(data)
            kind, data = next(_elements(data, order), (None, b""))
        if kind == _ARRAY:
            numbers = _read(data, name, order)
            if numbers is not None:
                return numbers
    return None


def _elements(data: bytes, order: str):
    """Type and content of each element; sizes are rounded up to eight bytes, except where they fill the data."""
    at = 0
    while at + 8 <= len(data):
        kind, size = (int(n) for n in np.frombuffer(data, order + "u4", 2, at))
        begin = at + 8
        if kind >> 16:  # up to four bytes of content lie in the tag itself
            kind, size, begin = kind & 0xFFFF, kind >> 16, at + 4
            if size > 4:
                raise DataError("is a damaged MATLAB file: a small element of more than four bytes")
        if begin + size > len(data):
            raise DataError("is a damaged MATLAB file, or ends too early")
        yield kind, data[begin : begin + size]
        at = begin + size if kind == _PACKED else -(-(begin + size) // 8) * 8


def _unpack(data: bytes) -> bytes:
    try:
        unpacked = zlib.decompressobj().decompress(data, LARGEST_FILE + 1)
    except zlib.error as e:
        raise DataError(f"is a damaged MATLAB file: {e}") from e
    if len(unpacked) > LARGEST_FILE:
        raise DataError(f"unpacks to more than {LARGEST_FILE >> 20} MiB, too many for a clip")
    return unpacked


def _read(data: bytes, name: str, order: str) -> np.ndarray | None:
    parts = list(_elements(data, order))
    if len(parts) < 3 or parts[2][1] != name.encode():
        return None
    if len(parts) < 4 or len(parts[0][1]) < 8 or parts[1][0] != 5 or len(parts[1][1]) % 4:
        raise DataError(f"has a damaged variable {name}")
    flags = int(np.frombuffer(parts[0][1], order + "u4", 1)[0])
    shape = [int(n) for n in np.frombuffer(parts[1][1], order + "i4")]
    kind, numbers = parts[3]
    if flags & 0xFF not in _NUMERIC or flags & _COMPLEX or kind not in _NUMBERS:
        raise DataError(f"has a variable {name} that is not an array of real numbers")
    stored = np.dtype(order + _NUMBERS[kind])
    if len(shape) < 2 or min(shape) < 0 or math.prod(shape) * stored.itemsize != len(numbers):
        raise DataError(f"has a damaged variable {name}: {len(numbers)} bytes for an array of shape {tuple(shape)}")
    return np.frombuffer(numbers, stored).astype(np.float64).reshape(shape, order="F")
