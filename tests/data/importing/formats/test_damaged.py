"""Whatever a bad download or a bad disk makes of a file: it is imported, or ends in a `DataError` that says why."""

import numpy as np
import pytest
from damage import damaged
from hypothesis import given, settings
from hypothesis import strategies as st
from released_clips import generic_arrays, pyskl_content, write_ctrgcn, write_npz, write_pickle

from zsar.data.cards import card
from zsar.data.importing.formats import available
from zsar.errors import DataError
from zsar.simulation.generate import generate
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.source import Source

EXAMPLES = {"generic": 250, "ctrgcn": 150, "pyskl": 150}


def import_all(name, path, of=None) -> None:
    """Import everything: fine, or a `DataError` that says what is wrong."""
    module = available()[name]
    try:
        assert isinstance(module.recognises(Source(path)), bool)
        reading = module.examine(path, "mine", of).opener()
    except DataError as e:
        assert str(path) in str(e)
        return
    for part in reading.parts:
        try:
            assert len(reading.clips(part)) == 1
        except DataError as e:
            assert e.message


@pytest.fixture(scope="module")
def arrays():
    """The generic form of a few clips of two frames, one class of them with two people."""
    clips = list(generate(["pku/01", "pku/14", "pku/40"], clips_per_class=4, subjects=4))[::2]
    few = [type(c)(c.frames[:2], c.label, c.sample, c.subject, c.view) for c in clips]
    return generic_arrays(few, ["Drop it", "Bow", "Throw"], layout("kinect_v2").joints)


@pytest.fixture(scope="module")
def small_files(arrays, tmp_path_factory):
    """By format: the bytes of sound files, where to write damaged ones, and the dataset that they are of."""
    place = tmp_path_factory.mktemp("small")
    two = [c.frames[:1] for c in list(generate(["pku/01", "pku/14"], clips_per_class=5, subjects=2))[::4]]
    numbered = [(frames, (3, 58)[i // 2]) for i, frames in enumerate(two)]
    names = ["S001C001P001R001A003", "S002C003P008R001A003", "S001C002P003R001A058"]
    content = pyskl_content(list(zip(names, two, strict=True)), card("ntu60").protocol("cross-subject").train)
    files = {
        "generic": [write_npz(place / f"{packed}.npz", arrays, packed) for packed in (False, True)],
        "ctrgcn": [write_ctrgcn(place / "NTU60_CS.npz", numbered[:2], numbered[2:], 60, length=2)],
        "pyskl": [write_pickle(place / f"{protocol}.pkl", content, protocol) for protocol in (2, 4)],
    }
    paths = {"generic": "damaged.npz", "ctrgcn": "NTU60_CV.npz", "pyskl": "damaged.pkl"}
    of = {"pyskl": card("ntu60")}
    return {name: ([file.read_bytes() for file in files[name]], place / paths[name], of.get(name)) for name in EXAMPLES}


@pytest.mark.parametrize("name", EXAMPLES)
def test_sound_files_are_imported(name, small_files):
    contents, path, of = small_files[name]
    for content in contents:
        path.write_bytes(content)
        reading = available()[name].examine(path, "mine", of).opener()
        assert sum(len(reading.clips(part)) for part in reading.parts) == len(reading.parts) >= 3


@pytest.mark.parametrize("name", EXAMPLES)
def test_damaged_files_end_in_a_data_error(name, small_files):
    contents, path, of = small_files[name]

    @settings(max_examples=EXAMPLES[name], deadline=None)
    @given(st.data())
    def import_damaged(data):
        path.write_bytes(data.draw(damaged(data.draw(st.sampled_from(contents)))))
        import_all(name, path, of)

    import_damaged()


def strange_arrays(name, array):
    """Other values, shapes and types for an array of the generic form."""
    kinds = ["<f2", ">f8", "<i2", ">i8", "u1", "?", "c8", "<U3", "S2", "f4"]
    whole = st.sampled_from([-(2**63), -1, 0, 1, 2, 3, 7, 2**31, 2**62, 2**63 - 1])
    shapes = st.lists(st.integers(0, 6), max_size=4).map(tuple)
    return st.one_of(
        st.sampled_from(kinds).map(lambda k: np.zeros(array.shape, k)),
        st.tuples(shapes, st.sampled_from(kinds)).map(lambda s: np.ones(*s)),
        st.integers(0, 5).map(lambda n: array[:n] if array.ndim else array),
        st.lists(whole, max_size=9).map(lambda v: np.array(v, dtype=np.int64)),
        st.lists(st.text(max_size=4), max_size=9).map(lambda v: np.array(v, dtype=np.str_)),
        st.floats(width=32).map(lambda v: np.full(array.shape, v)),
    )


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_strange_arrays_end_in_a_data_error(arrays, small_files, data):
    place = small_files["generic"][1].parent
    strange = dict(arrays)
    for name in data.draw(st.lists(st.sampled_from(sorted(arrays)), min_size=1, max_size=2, unique=True)):
        if data.draw(st.booleans()):
            strange[name] = data.draw(strange_arrays(name, arrays[name]))
        else:
            del strange[name]
    if not strange:
        return
    path = write_npz(place / "strange.npz", strange, data.draw(st.booleans()))
    import_all("generic", path)
