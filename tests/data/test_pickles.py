"""Pickles are read as data: everything plain comes out as it went in, nothing is run."""

import collections
import os
import pickle
import struct

import numpy as np
import pytest
from damage import damaged
from hypothesis import given, settings
from hypothesis import strategies as st

from zsar.data.pickles import PickledArray, load
from zsar.errors import DataError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
ARRAYS = {
    "half": np.arange(6000, dtype=np.float16).reshape(2, 3, 1000),
    "Fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "big-endian": np.arange(5, dtype=">f4"),
    "whole": np.arange(-3, 3),
    "strings": np.array(["a", "bcé"]),
    "bytes": np.array([b"ab"]),
    "empty": np.zeros((0, 3), np.float32),
    "flags": np.array([True, False]),
    "strided": np.arange(20)[::3],
    "nothing around": np.array(2.5),
}
PLAIN = {
    "numbers": [0, 1, -1, 255, 256, 65536, -(2**31), 2**31, 2**70, -(2**70), 0.5, float("inf")],
    "constants": (True, False, None),
    "strings": ["", "a", "é\n\\u00e9", "x" * 300],
    "bytes": [b"", b"ab", b"\xff" * 300, bytearray(b"xy")],
    "tuples": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
    "sets": [{1, 2}, frozenset(["a"]), set()],
    "dicts": [{}, {"a": {1: []}}, collections.OrderedDict(b=2)],
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_data_comes_out_as_it_went_in(protocol):
    same = [1, 2]
    content = PLAIN | {"same": [same, same]}
    if protocol < 5:
        content["bytes"] = content["bytes"][:3]  # before that, a bytearray is built by a call
    loaded = load(pickle.dumps(content, protocol=protocol))
    assert loaded == content
    assert loaded["same"][0] is loaded["same"][1]
    assert [type(n) for n in loaded["constants"]] == [bool, bool, type(None)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_come_out_as_they_went_in(name, protocol):
    array = ARRAYS[name]
    loaded = load(pickle.dumps({"x": array, "y": [array]}, protocol=protocol))
    assert isinstance(loaded["x"], PickledArray) and loaded["x"].shape == array.shape
    for found in (loaded["x"].array(), loaded["y"][0].array()):
        assert found.dtype == array.dtype and np.array_equal(found, array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_numpy_numbers_are_numbers(protocol):
    loaded = load(pickle.dumps([np.int64(-3), np.float16(0.5), np.bool_(True), np.str_("ab")], protocol=protocol))
    assert loaded == [-3, 0.5, True, "ab"]


def test_older_and_newer_numpy_are_understood():
    content = pickle.dumps(ARRAYS["whole"], protocol=2)
    new, old = b"numpy._core.multiarray", b"numpy.core.multiarray"
    content = content.replace(new, old) if new in content else content.replace(old, new)
    assert np.array_equal(load(content).array(), ARRAYS["whole"])


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_files_arrays_stay_in_it_until_asked_for(tmp_path, protocol):
    import tracemalloc

    arrays = [np.full(500_000, i % 2, np.float16) for i in range(8)]
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(arrays, protocol=protocol))
    tracemalloc.start()
    loaded = load(tmp_path / "x.pkl")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300_000
    assert np.array_equal(loaded[3].array(), arrays[3])


TRACES = []


def leave_trace(*arguments):
    TRACES.append(arguments)


class Calls:
    def __init__(self, function, *arguments):
        self._call = function, arguments

    def __reduce__(self):
        return self._call


def by_hand(*steps: bytes) -> bytes:
    return b"\x80\x04" + b"".join(steps) + b"."


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


ATTACKS = {
    "os.system": pickle.dumps(Calls(os.system, "exit 1")),
    "a function of this module": pickle.dumps(Calls(leave_trace, 1)),
    "eval": pickle.dumps(Calls(eval, "TRACES.append(1)")),
    "getattr": pickle.dumps(Calls(getattr, "a", "join")),
    "getattr of numpy": by_hand(b"cbuiltins\ngetattr\n", b"cnumpy\nndarray\n", text("tofile"), b"\x86R"),
    "a function of numpy's": by_hand(b"cnumpy\nload\n", text("x.npy"), b"\x85R"),
    "attributes by dots": by_hand(text("numpy"), text("lib.os.system"), b"\x93", text("exit 1"), b"\x85R"),
    "a made up name": by_hand(b"]", text("system"), b"\x93"),
    "the type called": by_hand(b"cnumpy\nndarray\n", b"J\xff\xff\xff\x7f", b"\x85\x85R"),
    "a call of a value": by_hand(text("os.system"), text("exit 1"), b"\x85R"),
    "a call of an array": pickle.dumps(ARRAYS["whole"], protocol=4)[:-1] + b")R.",
    "state of a list": by_hand(b"]}b"),
    "state of a function": by_hand(b"cnumpy\nndarray\n", b"}", text("__call__"), b"K\1sb"),
    "an object": by_hand(b"ccollections\nOrderedDict\n", b")\x81"),
    "an old object": b"(S'exit 1'\nios\nsystem\n.",
    "a persistent object": b"Pos.system\n.",
    "an extension": by_hand(b"\x82\x01"),
    "a buffer from outside": b"\x80\x05\x97.",
    "structures": pickle.dumps(np.zeros(2, "i4,f4")),
    "an array of objects": pickle.dumps(np.array([Calls(leave_trace)], dtype=object)),
    "an array of arrays": pickle.dumps(np.array([1, "a"], dtype=object)),
    "dates": pickle.dumps(np.array(["2020"], "M8[D]")),
    "complex numbers": pickle.dumps(np.array([1j])),
    "another codec": by_hand(b"c_codecs\nencode\n", text("x"), text("rot13"), b"\x86R"),
    "an object as a type": by_hand(b"cnumpy\ndtype\n", b"cnumpy\nndarray\n", b"\x85R"),
    "nested keys": by_hand(b"}", b")", b"\x85" * 3, b"K\1s"),
    "nested members": by_hand(b"\x8f(", b")\x85", b"\x90"),
    "bytes of a length": by_hand(b"cbuiltins\nbytes\n", b"J\xff\xff\xff\x7f", b"\x85R"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_is_run(name, monkeypatch):
    def forbidden(*arguments):
        raise AssertionError("was run")

    monkeypatch.setattr(os, "system", forbidden)
    monkeypatch.setattr(pickle, "loads", forbidden)
    with pytest.raises(DataError) as error:
        load(ATTACKS[name], "x.pkl")
    assert error.value.message.startswith("x.pkl ")
    assert TRACES == []


def test_python_itself_would_have_run_it():
    pickle.loads(ATTACKS["a function of this module"])  # else the attack above proves nothing
    assert TRACES == [(1,)]
    TRACES.clear()


def test_what_was_asked_for_is_named():
    with pytest.raises(DataError, match=rf"x\.pkl asks for '{os.system.__module__}\.system'"):
        load(ATTACKS["os.system"], "x.pkl")


@pytest.mark.parametrize(
    "bomb",
    [
        by_hand(b"\x8e" + struct.pack("<Q", 2**62)),
        by_hand(b"\x8d" + struct.pack("<Q", 2**62)),
        b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b".",
        by_hand(b"B\xff\xff\xff\xff"),
        by_hand(b"\x95" + struct.pack("<Q", 2**62)),
        by_hand(b"\x8a\xff"),
        pickle.dumps(np.zeros(3), protocol=2).replace(b"K\3\x85", b"J\xff\xff\xff\x7f\x85"),
        pickle.dumps(np.zeros(3), protocol=4).replace(b"K\3\x85", b"J\xff\xff\xff\x7f\x85"),
    ],
    ids=[
        "bytes",
        "string",
        "bytearray",
        "short bytes",
        "frame",
        "number",
        "array of protocol 2",
        "array of protocol 4",
    ],
)
def test_sizes_are_held_against_the_file(bomb):
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(DataError, match="is not a pickle, or a damaged one"):
        load(bomb, "x.pkl")
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_memo_that_promises_much_takes_nothing():
    import tracemalloc

    tracemalloc.start()
    assert load(by_hand(b"Nr\xff\xff\xff\x7f")) is None
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_endless_steps_end(monkeypatch):
    monkeypatch.setattr("zsar.data.pickles.machine.OPERATIONS", 100)
    with pytest.raises(DataError, match="more than 100 steps"):
        load(by_hand(b"N0" * 100, b"N"))


@pytest.mark.parametrize(
    "content", [b"", b"hello", b".", b"(.", b"\x80\x09N.", b"N", b"NN.", b"0.", b"K\1K\2s.", b"(1."]
)
def test_what_is_no_pickle_is_refused(content):
    with pytest.raises(DataError, match="x.pkl"):
        load(content, "x.pkl")


@pytest.mark.parametrize(
    "make", [lambda p: p.touch(), lambda p: p.mkdir(), lambda p: None], ids=["empty", "folder", ""]
)
def test_what_is_no_file_is_refused(tmp_path, make):
    make(tmp_path / "x.pkl")
    with pytest.raises(DataError, match=r"x\.pkl can't be read"):
        load(tmp_path / "x.pkl")


CONTENT = {"a": [1, "b", None], "x": ARRAYS["whole"], "s": np.int64(3), "t": (1.5, b"xy"), "long": ARRAYS["half"][0, 0]}
SOUND = [pickle.dumps(CONTENT, protocol=protocol) for protocol in PROTOCOLS]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SOUND).flatmap(damaged))
def test_damaged_pickles_end_in_a_data_error(content):
    try:
        loaded = load(content, "x.pkl")
        if isinstance(loaded, dict):
            for value in loaded.values():
                if isinstance(value, PickledArray):
                    value.array()
    except DataError as e:
        assert e.message.startswith(("x.pkl ", "holds an array"))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_end_in_a_value_or_a_data_error(content):
    try:
        load(b"\x80\x04" + content, "x.pkl")
    except DataError as e:
        assert e.message.startswith("x.pkl ")
