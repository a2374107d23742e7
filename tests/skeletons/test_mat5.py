"""MATLAB 5 files: what SciPy writes and MATLAB wrote is read alike, and damage is told."""

import io

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from zsar.errors import DataError
from zsar.skeletons.readers.mat5 import array


def saved(packed: bool = True, **variables) -> bytes:
    out = io.BytesIO()
    savemat(out, variables, do_compression=packed)
    return out.getvalue()


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
@pytest.mark.parametrize("shape", [(20, 3, 7), (1, 1), (4, 3), (0, 3), (2, 3, 4, 5)])
def test_numbers_of_every_kind(packed, dtype, shape):
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    content = saved(packed, first=np.ones(3), wanted=values, last="text")
    found = array(content, "wanted")
    assert found.dtype == np.float64 and found.shape == shape
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(found, loadmat(io.BytesIO(content))["wanted"])


def test_what_is_not_there_or_no_numbers():
    content = saved(text="some", complex=np.ones(3) * 1j, cell=np.array([1, "a"], dtype=object), d=np.ones(2))
    assert array(content, "nothing") is None and array(content, "d").shape == (1, 2)
    for name in ("text", "complex", "cell"):
        with pytest.raises(DataError, match=f"{name} that is not an array of real numbers|damaged variable {name}"):
            array(content, name)


def test_big_endian():
    little = saved(False, d=np.arange(6, dtype="f8").reshape(2, 3))
    head = little[:124] + b"\x01\x00MI"
    words = np.frombuffer(little[128:168], "<u4").astype(">u4").tobytes()  # tags, flags, dimensions
    name = np.frombuffer(little[168:172], "<u4").astype(">u4").tobytes() + little[172:176]
    rest = np.frombuffer(little[176:184], "<u4").astype(">u4").tobytes()
    content = head + words + name + rest + np.frombuffer(little[184:], "<f8").astype(">f8").tobytes()
    np.testing.assert_array_equal(array(content, "d"), np.arange(6).reshape(2, 3))


def test_real_files_are_read_as_scipy_reads_them(archive):
    import zipfile

    with zipfile.ZipFile(archive("utd-mhad")) as files:
        names = [name for name in files.namelist() if name.endswith(".mat")]
        for name in names[::20]:
            content = files.read(name)
            np.testing.assert_array_equal(array(content, "d_skel"), loadmat(io.BytesIO(content))["d_skel"])


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (lambda c: c[:100], "is not a MATLAB 5 file"),
        (lambda c: c[:126] + b"XX" + c[128:], "is not a MATLAB 5 file"),
        (lambda c: c[:-8], "ends too early"),
        (
            lambda c: c.replace(b"\x02\0\0\0\x03\0\0\0", b"\x02\0\0\0\x04\0\0\0"),
            r"48 bytes for an array of shape .2, 4.",
        ),
        (lambda c: c.replace(b"\x02\0\0\0\x03\0\0\0", b"\xff\xff\xff\xff\x03\0\0\0"), "damaged variable d"),
    ],
)
def test_damage(spoil, complaint):
    with pytest.raises(DataError, match=complaint):
        array(spoil(saved(False, d=np.ones((2, 3)))), "d")


def test_a_packed_array_of_far_too_many_zeros(monkeypatch):
    monkeypatch.setattr("zsar.skeletons.readers.mat5.LARGEST_FILE", 1 << 20)
    with pytest.raises(DataError, match="unpacks to more than 1 MiB"):
        array(saved(True, d=np.zeros((1 << 18, 1))), "d")
    damaged = bytearray(saved(True, d=np.ones((30, 30))))
    damaged[140] ^= 0xFF
    with pytest.raises(DataError, match="damaged MATLAB file"):
        array(bytes(damaged), "d")
