"""Arrays of others are read without unpickling, and believed no further than their file goes."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from damage import damaged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zsar.data.arrays import BOUNDED_FROM, header, load, rows, verify
from zsar.errors import DataError
from zsar.skeletons.readers.source import Source

X = np.arange(24, dtype=np.float32).reshape(4, 3, 2)


def npy(array, **options) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(array), **options)
    return stream.getvalue()


def zipped(path, members: dict, how=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(params=["folder", "stored", "packed"])
def place(request, tmp_path):
    """Write arrays by name, and give the source that they lie in."""

    def write(**arrays) -> Source:
        members = {f"{name}.npy": npy(array) for name, array in arrays.items()}
        if request.param == "folder":
            for name, content in members.items():
                (tmp_path / name).write_bytes(content)
            return Source(tmp_path)
        how = zipfile.ZIP_STORED if request.param == "stored" else zipfile.ZIP_DEFLATED
        return Source(zipped(tmp_path / "a.npz", members, how))

    return write


@pytest.mark.parametrize(
    "array",
    [X, X.astype(">f8"), X.astype(np.float16), np.asfortranarray(X), X.astype(">i2"), X[:0], X.astype("<f8")[:, :, :1]],
    ids=["plain", "big-endian", "half", "Fortran", "short", "empty", "strided"],
)
def test_what_was_saved_is_loaded(place, array):
    source = place(x=array, other=np.zeros(3))
    loaded = load(source, "x.npy")
    assert np.array_equal(loaded, array) and loaded.dtype.isnative and loaded.dtype == array.dtype.newbyteorder("=")
    there = rows(source, "x.npy")
    assert there.shape == array.shape and len(there) == len(array)
    for start, stop in ((0, 2), (2, 4), (1, 3), (0, 4)) if len(array) else ((0, 0),):
        assert np.array_equal(there.read(start, stop), array[start:stop])
        assert there.read(start, stop).dtype.isnative


def test_strings_are_loaded(place):
    source = place(names=np.array(["a", "bé"]), raw=np.array([b"x"]))
    assert load(source, "names.npy", 1, "U").tolist() == ["a", "bé"]
    assert load(source, "raw.npy", 1, "S").tolist() == [b"x"]


def test_a_plain_file_is_mapped_not_read(tmp_path):
    np.save(tmp_path / "x.npy", X)
    assert isinstance(load(tmp_path / "x.npy"), np.memmap)
    assert load(tmp_path, "x.npy", limit=1).shape == X.shape  # the limit is one of memory


def test_a_file_alone_is_enough(tmp_path):
    np.save(tmp_path / "x.npy", X)
    assert header(tmp_path / "x.npy").shape == X.shape


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"ndim": 2}, r"x\.npy has the shape \[4, 3, 2\], expected 2 axes"),
        ({"shape": (None, 5, 2)}, r"expected \[any, 5, 2\]"),
        ({"shape": (4, 3)}, r"expected \[4, 3\]"),
        ({"kinds": "iu"}, r"x\.npy holds floating-point numbers, expected whole numbers"),
        ({"kinds": "U"}, "expected strings"),
    ],
)
def test_another_array_than_asked_for_is_refused(place, asked, message):
    source = place(x=X)
    with pytest.raises(DataError, match=message) as error:
        load(source, "x.npy", **asked)
    assert str(source.path) in error.value.message


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([True]), "holds bool"),
        (np.array([1j]), "holds complex128"),
        (np.zeros(2, "i4,f4"), "expected"),
        (np.array(["2020"], "M8[D]"), "datetime"),
    ],
)
def test_other_types_are_refused(place, array, message):
    with pytest.raises(DataError, match=message):
        load(place(x=array), "x.npy")


class Telltale:
    """Unpickling it would leave a trace."""

    ran = []

    def __reduce__(self):
        return Telltale.ran.append, ("ran",)


def test_objects_are_not_unpickled(place):
    source = place(x=np.array([Telltale()], dtype=object))
    with pytest.raises(DataError, match="Python objects, which are not unpickled"):
        load(source, "x.npy")
    assert Telltale.ran == []


def test_a_header_that_promises_more_than_the_file_holds_is_refused(tmp_path, place):
    content = npy(X).replace(b"(4, 3, 2)", b"(9**9,3,)"[:9])
    huge = npy(X).replace(b"'shape': (4, 3, 2), ", b"'shape': (99999999,)")
    for i, broken in enumerate((huge, npy(X)[:-5], npy(X) + b"more", content)):
        (tmp_path / f"x{i}.npy").write_bytes(broken)
        with pytest.raises(DataError, match=rf"x{i}\.npy (promises .* bytes, but holds|is not a \.npy array)"):
            load(tmp_path, f"x{i}.npy")
    negative = npy(X).replace(b"(4, 3, 2)", b"(-4,3,-2)")
    with pytest.raises(DataError, match="has the shape"):
        (tmp_path / "n.npy").write_bytes(negative)
        load(tmp_path, "n.npy")


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"hello", pickle.dumps([1]), b"\x93NUMPY\x03\x00" + b"x" * 200])
def test_what_is_no_array_is_refused(tmp_path, content):
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npy is not a \.npy array"):
        load(tmp_path, "x.npy")


def test_absent_and_doubled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=X)
    for source, message in ((tmp_path / "a.npz", "no such array"), (tmp_path, "can't be read")):
        with pytest.raises(DataError, match=message):
            load(source, "y.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive, pytest.warns(UserWarning):
        archive.writestr("x.npy", npy(X))
    with pytest.raises(DataError, match=r"x\.npy is there 2 times"):
        load(tmp_path / "a.npz", "x.npy")


def test_a_large_array_is_read_in_rows_only(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=X)
    with pytest.raises(DataError, match="too many to read"):
        load(tmp_path / "a.npz", "x.npy", limit=X.nbytes - 1)
    assert np.array_equal(load(tmp_path / "a.npz", "x.npy", limit=X.nbytes), X)
    assert np.array_equal(rows(tmp_path / "a.npz", "x.npy").read(1, 2), X[1:2])


def test_a_bomb_is_not_unpacked(tmp_path):
    zeros = b"\0" * (BOUNDED_FROM + 2**20)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", zeros)
    with pytest.raises(DataError, match="unpacks to .* more than 500 times its size"):
        rows(tmp_path / "a.npz", "x.npy")


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_changed_byte_is_noticed(tmp_path, how):
    path = zipped(tmp_path / "a.npz", {"x.npy": npy(np.random.default_rng(0).normal(size=(50, 9)))}, how)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npy (can't be read|is truncated|is not a \.npy)"):
        verify(path, "x.npy")
    with pytest.raises(DataError):
        load(path, "x.npy")


def test_an_encrypted_member_is_refused(tmp_path):
    path = zipped(tmp_path / "a.npz", {"x.npy": npy(X)}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    content[6] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="can't be read.*encrypted"):
        load(path, "x.npy")


def test_rows_of_a_packed_array_take_little_memory(tmp_path):
    import tracemalloc

    big = np.random.default_rng(0).integers(0, 9, size=(400, 20000)).astype(np.int16)
    np.savez_compressed(tmp_path / "a.npz", x=big)
    tracemalloc.start()
    there = rows(tmp_path / "a.npz", "x.npy")
    for i in range(0, 400, 40):
        assert np.array_equal(there.read(i, i + 1)[0], big[i])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < big.nbytes / 2


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_arrays_end_in_a_data_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged-array"
    packed = data.draw(st.sampled_from([None, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    content = npy(X)
    if packed is not None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", packed) as archive:
            archive.writestr("x.npy", content)
        content = stream.getvalue()
    path.write_bytes(data.draw(damaged(content)))
    name = "" if packed is None else "x.npy"
    try:
        there = rows(path, name)
        loaded = np.array(load(path, name))
        assert there.read(0, len(there)).shape == loaded.shape if loaded.ndim else True
    except DataError as e:
        assert str(path) in e.message
