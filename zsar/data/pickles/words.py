"""What the words mean that numpy and Python write into pickles of arrays, numpy scalars, bytes and sets."""

import math
import re

import numpy as np

from zsar.errors import DataError

LONG_TEXT = 4096
"""Bytes; longer strings are left in the file until an array is made of them (protocols up to 2 keep arrays so)."""
_CODE = re.compile(r"[<>|=]?(b1|\?|[iu][1248]|f(2|4|8|16)|[US][1-9]\d{0,4})")
PLAIN = (str, int, float, bytes, type(None))


class Refused(Exception):
    """What a pickle asks for that isn't plain data."""


class Word:
    """A name in a pickle that stands for one of the functions here, and for nothing that could be run."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name


class LongText:
    """A long string as it lies in the file: UTF-8 of characters that mostly are the bytes of an array."""

    __slots__ = ("utf8",)

    def __init__(self, utf8: memoryview):
        self.utf8 = utf8

    def __len__(self) -> int:
        return len(self.utf8)

    def content(self) -> bytes:
        return str(self.utf8, "utf-8").encode("latin-1")


class Dtype:
    """A numpy type that holds no Python objects."""

    __slots__ = ("_code", "_order")

    def __init__(self, code: str):
        self._code, self._order = code.lstrip("<>|="), code[0] if code[0] in "<>" else "="

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(self._code).newbyteorder(self._order)

    def build(self, state: tuple) -> None:
        """The byte order; fields and subarrays are refused."""
        order, *nested = state[1:5]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in nested):
            raise Refused("holds an array of structures")
        self._order = order


class PickledArray:
    """An array in a pickle: ``shape``, ``dtype``, and its values when they are asked for."""

    __slots__ = ("_fortran", "_raw", "dtype", "shape")

    def __init__(self):
        self.shape, self.dtype, self._fortran, self._raw = (0,), np.dtype("f8"), False, b""

    def build(self, state: tuple) -> None:
        """From (version, shape, dtype, Fortran order, content), or the four without a version."""
        shape, dtype, fortran, raw = state[-4:]
        if not isinstance(dtype, Dtype):
            raise Refused("holds an array of something that is neither a number nor a string")
        if isinstance(raw, str):
            raw = raw.encode("latin-1")
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 32:
            raise ValueError("an array whose shape is not a tuple of sizes")
        if not isinstance(raw, (bytes, memoryview, LongText)):
            raise Refused("holds an array of Python objects")
        size = math.prod(shape) * dtype.dtype.itemsize
        if not (len(raw) == size or (isinstance(raw, LongText) and size <= len(raw) <= 2 * size)):
            raise ValueError(f"an array {list(shape)} of {dtype.dtype} with {len(raw)} bytes")
        self.shape, self.dtype, self._fortran, self._raw = shape, dtype.dtype, bool(fortran), raw

    def array(self) -> np.ndarray:
        """The values, read-only. Raises `DataError` when the file holds others than it promised."""
        try:
            raw = self._raw.content() if isinstance(self._raw, LongText) else self._raw
            return np.frombuffer(raw, self.dtype).reshape(self.shape, order="F" if self._fortran else "C")
        except ValueError as e:
            raise DataError(f"holds an array {list(self.shape)} that is damaged: {e}") from e


def _encode(text, encoding="latin1"):
    if encoding not in ("latin1", "latin-1") or not isinstance(text, (str, LongText)):
        raise Refused(f"encodes in {encoding!r:.40}")
    return text if isinstance(text, LongText) else text.encode("latin-1")


def _dtype(code, *_):
    if isinstance(code, str) and _CODE.fullmatch(code):
        return Dtype(code)
    raise Refused("holds an array of Python objects" if code in ("O", "O8") else f"holds an array of type {code!r:.40}")


def _scalar(dtype, raw):
    one = PickledArray()
    one.build((1, (), dtype, False, raw))
    return one.array()[()].item()


def _from_buffer(raw, dtype, shape, order):
    array = PickledArray()
    array.build((1, shape, dtype, order == "F", raw))
    return array


def members(values=()) -> set:
    """A set of numbers and strings; the hash of anything nested can take for ever."""
    if not isinstance(values, list) and values != ():
        raise Refused("makes a set of something that is not a list")
    if not all(isinstance(value, PLAIN) for value in values):
        raise Refused("has a set of neither numbers nor strings")
    return set(values)


def _empty(container):
    def make(*arguments):
        if arguments and arguments != ([],):
            raise Refused("makes a container of something")
        return container()

    return make


_MEANINGS = {
    "_codecs.encode": _encode,
    "numpy.dtype": _dtype,
    "numpy.ndarray": None,
    "builtins.set": members,
    "builtins.frozenset": lambda values=(): frozenset(members(values)),
    "builtins.bytes": _empty(bytes),
    "collections.OrderedDict": _empty(dict),
}
for _core in ("numpy.core", "numpy._core"):
    _MEANINGS |= {
        f"{_core}.multiarray._reconstruct": lambda *_: PickledArray(),
        f"{_core}.multiarray.scalar": _scalar,
        f"{_core}.numeric._frombuffer": _from_buffer,
    }


def word(module, name) -> Word:
    """The word of a module and a name. Raises `Refused` for those that aren't plain data."""
    if not (type(module) is str and type(name) is str):
        raise Refused("makes up the name of a function")
    full = f"{'builtins' if module == '__builtin__' else module}.{name}"
    if full not in _MEANINGS:
        raise Refused(f"asks for {full[:100]!r}, which isn't plain data")
    return Word(full)


def call(word, arguments):
    """The value of a word's function for these arguments. Raises `Refused` for anything else."""
    if not isinstance(word, Word) or not isinstance(arguments, tuple):
        raise Refused("calls something that is not a function")
    if _MEANINGS[word.name] is None:
        raise Refused(f"calls {word.name}")
    return _MEANINGS[word.name](*arguments)
