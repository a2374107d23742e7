"""Arrays from files that others made: ``.npy`` files, and members of ``.npz`` and zip archives.

Nothing is unpickled, and a header is held against the file before any memory is taken: a shape that promises more
than the file holds, a member that unpacks to far more than its size, and an array of objects are refused.
"""

import contextlib
import io
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar.errors import DataError
from zsar.skeletons.readers.source import Source
from zsar.storage import require_plain

LIMIT = 256 * 2**20
"""Bytes of an array that are read into memory at most; larger ones are read by `rows`."""
RATIO, BOUNDED_FROM = 500, 64 * 2**20
"""A packed member of so many bytes must not unpack to more than so many times its size."""
NUMBERS = "iuf"
_PREFIX = 16384  # bytes, more than numpy accepts of a header
_STEP = 2**20
_KINDS = {"i": "whole numbers", "u": "whole numbers", "f": "floating-point numbers", "U": "strings", "S": "strings"}


@dataclass(frozen=True)
class Header:
    """What a ``.npy`` says of itself; ``start`` is the byte at which its data begins."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool
    start: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def load(
    source: Source | Path,
    name: str = "",
    ndim: int | None = None,
    kinds: str = "iufUS",
    shape: tuple | None = None,
    limit: int = LIMIT,
) -> np.ndarray:
    """An array, checked, in this machine's byte order; memory-mapped read-only where it is a plain file.

    ``source`` is a folder or archive and ``name`` a file in it (without one, ``source`` is the ``.npy`` itself).
    ``kinds`` are numpy's letters of the types to accept; ``shape`` may have None for sizes that don't matter.
    Raises `DataError` naming file and array.
    """
    place = _Place(source, name)
    header = _header(place, ndim, kinds, shape)
    if place.mappable and place.member is None and header.dtype.isnative:
        return _mapped(place, header)
    if max(header.nbytes, math.prod(header.shape)) > limit:
        raise DataError(f"{place.where} has {header.nbytes >> 20} MiB, too many to read (up to {limit >> 20})")
    with place.open() as stream:
        stream.seek(header.start)
        content = stream.read(header.nbytes + 1)  # one byte more, so that the archive's checksum is compared
    if len(content) != header.nbytes:
        raise DataError(f"{place.where} is truncated")
    array = np.frombuffer(content, header.dtype).reshape(header.shape, order="F" if header.fortran else "C")
    return array.astype(header.dtype.newbyteorder("="), copy=False)


def rows(
    source: Source | Path, name: str = "", ndim: int | None = None, kinds: str = NUMBERS, shape: tuple | None = None
) -> "Rows":
    """As `load`, for arrays of any size: nothing is read yet but the header."""
    place = _Place(source, name)
    return Rows(place, _header(place, ndim, kinds, shape))


def header(source: Source | Path, name: str = "") -> Header:
    """What an array's header says, held against the size of the file. Raises `DataError`."""
    return _header(_Place(source, name), None, "iufUS", None)


def verify(source: Source | Path, name: str) -> None:
    """Compare a member of an archive with its checksum, which reading parts of it can't. Raises `DataError`."""
    place = _Place(source, name)
    if place.member is not None:
        with place.open() as stream:
            while stream.read(_STEP):
                pass


class Rows:
    """An array [rows, ...] that stays where it is until some of its rows are read."""

    def __init__(self, place: "_Place", header: Header):
        self.where, self.shape, self.dtype = place.where, header.shape, header.dtype.newbyteorder("=")
        self._place, self._header = place, header
        self._stream: io.BufferedIOBase | None = None
        self._at = 0  # the byte at which a packed stream is
        self._whole: np.ndarray | None = None
        if header.fortran and len(header.shape) > 1:
            if not place.mappable and header.nbytes > LIMIT:
                raise DataError(
                    f"{place.where} is packed in Fortran order, of which no part can be read", "Unpack the archive."
                )
            self._whole = _mapped(place, header) if place.mappable else load(place.path, place.name)

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, start: int, stop: int) -> np.ndarray:
        """A copy of rows ``start`` to ``stop``. Reading forwards is fast; going back in a packed array starts anew."""
        if self._whole is not None:
            return np.array(self._whole[start:stop], dtype=self.dtype, order="C")
        size = self.dtype.itemsize * math.prod(self.shape[1:])
        with _naming(self.where):
            read = self._read_plain if self._place.mappable else self._read_packed
            content = read(self._header.start + start * size, (stop - start) * size, stop == len(self))
        if len(content) != (stop - start) * size:
            raise DataError(f"{self.where} is truncated")
        return np.frombuffer(content, self._header.dtype).reshape(stop - start, *self.shape[1:]).astype(self.dtype)

    def _read_plain(self, place: int, count: int, last: bool) -> bytes:
        """Read, not mapped, so that the memory in use stays that of the rows."""
        with open(self._place.path, "rb", buffering=0) as file:
            file.seek(self._place.offset + place)
            return file.read(count)

    def _read_packed(self, place: int, count: int, last: bool) -> bytes:
        if self._stream is None or place < self._at:
            self._stream, self._at = self._place.stream(), 0
        while self._at < place and (skipped := len(self._stream.read(min(place - self._at, _STEP)))):
            self._at += skipped
        content = self._stream.read(count)
        self._at += len(content)
        if last:
            self._stream.read(1)  # reading beyond the end compares the archive's checksum
        return content


class _Place:
    """Where an array lies: a plain file, or a member of an archive (``mappable`` when it isn't packed)."""

    def __init__(self, source: Source | Path, name: str):
        root = source.path if isinstance(source, Source) else Path(source).expanduser()
        self.path, self.name, self.member = root, name, None
        self.where = f"{root}: {name}" if name else str(root)
        with _naming(self.where):
            if root.is_dir() or not name:
                self.path, self.name = root / name, ""
                self.size, self.offset = require_plain(self.path).st_size, 0
            else:
                with zipfile.ZipFile(root) as archive:
                    self._find(archive, name)

    def _find(self, archive: zipfile.ZipFile, name: str) -> None:
        members = [m for m in archive.infolist() if m.filename == name]
        if len(members) != 1:
            raise DataError(
                f"{self.where} is there {len(members)} times" if members else f"{self.where}: no such array"
            )
        self.member, self.size = members[0], members[0].file_size
        if self.size > BOUNDED_FROM and self.size > RATIO * max(self.member.compress_size, 1):
            raise DataError(
                f"{self.where} says it unpacks to {self.size >> 20} MiB, more than {RATIO} times its size",
                "No recording does. Get the archive from its makers.",
            )
        self.offset = None
        if self.member.compress_type == zipfile.ZIP_STORED and not self.member.flag_bits & 1:
            with open(self.path, "rb") as f:
                f.seek(self.member.header_offset)
                local = f.read(30)
            lengths = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
            self.offset = self.member.header_offset + 30 + lengths
            if local[:4] != b"PK\3\4" or self.offset + self.size > self.path.stat().st_size:
                raise DataError(f"{self.where} lies outside of its archive", "Get the archive again.")

    @property
    def mappable(self) -> bool:
        return self.offset is not None

    def stream(self):
        """A stream of the array's file; its owner closes it."""
        with _naming(self.where):
            return open(self.path, "rb") if self.member is None else zipfile.ZipFile(self.path).open(self.member)

    @contextlib.contextmanager
    def open(self) -> Iterator:
        """As `stream`, closed in the end; what goes wrong while it is read becomes a `DataError`."""
        with _naming(self.where), contextlib.closing(self.stream()) as stream:
            yield stream


@contextlib.contextmanager
def _naming(where: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except Exception as e:  # whatever an archive's index or a decompressor meets in a damaged file
        raise DataError(f"{where} can't be read: {e}", "Get the file again.") from e


def _header(place: _Place, ndim: int | None, kinds: str, shape: tuple | None) -> Header:
    """An array's header. Raises `DataError` unless it is what the caller expects and the file holds it."""
    with place.open() as stream:
        prefix = io.BytesIO(stream.read(_PREFIX))
    try:
        version = np.lib.format.read_magic(prefix)
        if version not in ((1, 0), (2, 0)):  # later ones are for structured arrays
            raise ValueError(f"version {version[0]}.{version[1]}")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        sizes, fortran, dtype = read(prefix)
        header = Header(tuple(map(int, sizes)), dtype, fortran, prefix.tell())
    except Exception as e:  # the header is Python text that anybody may have written
        raise DataError(f"{place.where} is not a .npy array: {e}", "Save it with numpy.save, or get it again.") from e
    kind = header.dtype.kind
    if kind not in kinds:
        objects = "Python objects, which are not unpickled"
        content = objects if header.dtype.hasobject else _KINDS.get(kind, header.dtype.name)
        expected = " or ".join(dict.fromkeys(_KINDS[k] for k in kinds))
        raise DataError(f"{place.where} holds {content}, expected {expected}")
    wrong = any(n < 0 for n in header.shape) or (ndim is not None and len(header.shape) != ndim)
    if shape is not None:
        wrong |= len(header.shape) != len(shape) or any(
            n is not None and n != m for n, m in zip(shape, header.shape, strict=False)
        )
    if wrong:
        expected = shape and "[" + ", ".join("any" if n is None else str(n) for n in shape) + "]"
        raise DataError(f"{place.where} has the shape {list(header.shape)}, expected {expected or f'{ndim} axes'}")
    size = place.size - header.start
    if header.nbytes != size or (not header.dtype.itemsize and math.prod(header.shape)):
        raise DataError(
            f"{place.where} promises {list(header.shape)} of {header.dtype}, {header.nbytes} bytes, but holds {size}",
            "It is truncated or damaged; get it again.",
        )
    return header


def _mapped(place: _Place, header: Header) -> np.ndarray:
    if not header.nbytes:
        return np.empty(header.shape, header.dtype)
    order = "F" if header.fortran else "C"
    with _naming(place.where):
        return np.memmap(place.path, header.dtype, "r", place.offset + header.start, header.shape, order)
