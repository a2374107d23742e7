"""The makers' formats, from archives and folders, sound and broken."""

import io
import json
import zipfile

import numpy as np
import pytest
from scipy.io import savemat
from tiny_files import mat, pack, pku_files, standing, ucla, unpack, utd

from zsar.errors import DataError
from zsar.skeletons.readers import nw_ucla, pku_mmd, reading, source, utd_mhad

UTD = {
    "Skeleton/a1_s1_t1_skeleton.mat": mat(utd(5)),
    "Skeleton/a27_s8_t4_skeleton.mat": mat(utd(9)),
    "Skeleton/Skeleton_joint_order.txt": b"1. head;",
}
UCLA = {
    "all_sqe/a01_s01_e00_v01.json": ucla(standing("kinect_v1", 4)),
    "all_sqe/nested/a12_s10_e03_v03.json": ucla(standing("kinect_v1", 1)),
    "__MACOSX/all_sqe/._a01_s01_e00_v01.json": b"\0\5\26\7",
}


def test_utd_mhad(tmp_path):
    first, second = utd_mhad.read(pack(tmp_path / "Skeleton.zip", UTD))
    assert (first.label, first.subject, first.view, first.sample) == (
        "utd/a01",
        "1",
        "1",
        "a1_s1_t1_skeleton",
    )
    assert (second.label, second.subject) == ("utd/a27", "8")
    assert second.source == "Skeleton/a27_s8_t4_skeleton.mat"
    assert second.frames.shape == (9, 1, 20, 3) and second.frames.dtype == np.float32
    np.testing.assert_allclose(first.frames[:, 0], standing("kinect_v1", 5), rtol=1e-6)


def test_utd_mhad_single_frame(tmp_path):
    (clip,) = utd_mhad.read(pack(tmp_path / "s.zip", {"a2_s1_t1_skeleton.mat": mat(utd(1))}))
    assert clip.frames.shape == (1, 1, 20, 3)


def test_nw_ucla(tmp_path):
    first, second = nw_ucla.read(pack(tmp_path / "all_sqe.zip", UCLA))
    assert (first.label, first.subject, first.view, first.sample) == (
        "ucla/a01",
        "1",
        "1",
        "a01_s01_e00_v01",
    )
    assert (second.label, second.subject, second.view) == ("ucla/a12", "10", "3")
    assert second.frames.shape == (1, 1, 20, 3)
    np.testing.assert_allclose(first.frames[:, 0], standing("kinect_v1", 4), rtol=1e-6)


@pytest.mark.parametrize("reader, files", [(utd_mhad, UTD), (nw_ucla, UCLA), (pku_mmd, pku_files())])
def test_a_folder_gives_what_the_archive_gives(tmp_path, reader, files):
    packed = list(reader.read(pack(tmp_path / "x.zip", files)))
    unpacked = list(reader.read(unpack(tmp_path / "x", files)))
    assert [c.sample for c in packed] == [c.sample for c in unpacked]
    for a, b in zip(packed, unpacked, strict=True):
        np.testing.assert_array_equal(a.frames, b.frames)
        assert (a.label, a.subject, a.view, a.source) == (b.label, b.subject, b.view, b.source)


def without_variable() -> bytes:
    out = io.BytesIO()
    savemat(out, {"skeleton": np.ones((20, 3, 4))})
    return out.getvalue()


NAN = standing("kinect_v1", 6)
NAN[4, 3, 1] = np.nan
BROKEN = [
    (utd_mhad, mat(utd(5))[:200], "parsed"),
    (utd_mhad, b"", "parsed"),
    (utd_mhad, b"this is not MATLAB" * 20, "parsed"),
    (utd_mhad, without_variable(), "no variable d_skel"),
    (utd_mhad, mat(np.zeros((4, 20, 3))), "nothing but zeros"),
    (utd_mhad, mat(NAN), "NaN or infinite coordinates .first at frame 4."),
    (utd_mhad, mat(standing("kinect_v2", 4)), r"\(25, 3, 4\), expected \[20, 3, frames\]"),
    (utd_mhad, mat(np.zeros((0, 20, 3))), "no frames"),
    (nw_ucla, ucla(standing("kinect_v1", 4))[:-30], "parsed"),
    (nw_ucla, b"\xff\xfe\x00", "parsed"),
    (nw_ucla, b"[" * 100000, "parsed"),
    (nw_ucla, b"[1, 2]", "no key 'skeletons'"),
    (nw_ucla, json.dumps({"skeletons": []}).encode(), "no frames"),
    (nw_ucla, json.dumps({"skeletons": [[[1, 2, 3]], [[1, 2]]]}).encode(), "parsed"),
    (nw_ucla, json.dumps({"skeletons": [["left", "right"]]}).encode(), "parsed"),
    (
        nw_ucla,
        ucla(standing("kinect_v2", 4)),
        r"\(4, 1, 25, 3\), expected \[frames, bodies, 20, 3\]",
    ),
    (nw_ucla, ucla(NAN), "NaN or infinite"),
    (nw_ucla, ucla(NAN * 0 + np.where(np.isnan(NAN), np.inf, 1)), "NaN or infinite"),
    (nw_ucla, ucla(np.zeros((4, 20, 3))), "nothing but zeros"),
]


@pytest.mark.parametrize("reader, content, complaint", BROKEN)
def test_a_broken_file_is_named_or_left_out(tmp_path, reader, content, complaint):
    files = dict(UTD if reader is utd_mhad else UCLA)
    name = "more/a2_s3_t2_skeleton.mat" if reader is utd_mhad else "more/a02_s03_e00_v02.json"
    path = pack(tmp_path / "some.zip", files | {name: content})
    with pytest.raises(DataError, match=complaint) as error:
        list(reader.read(path))
    assert str(path) in str(error.value) and name in str(error.value) and "--skip-broken" in error.value.hint
    report = []
    assert len(list(reader.read(path, True, report))) == 2
    assert [entry["file"] for entry in report] == [name] and report[0]["reason"] in error.value.message


@pytest.mark.parametrize("reader", [utd_mhad, nw_ucla, pku_mmd])
class TestSource:
    def test_missing(self, tmp_path, reader):
        with pytest.raises(DataError, match="nowhere.zip: no such file or folder"):
            list(reader.read(tmp_path / "nowhere.zip"))

    def test_truncated_archive(self, tmp_path, reader):
        path = pack(tmp_path / "cut.zip", UTD)
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(DataError, match="cut.zip is no zip archive, or a truncated one"):
            list(reader.read(path))

    @pytest.mark.parametrize("content", [b"", b"7z\xbc\xaf\x27\x1c", b"\0" * 5000])
    def test_another_kind_of_file(self, tmp_path, reader, content):
        (tmp_path / "x.7z").write_bytes(content)
        with pytest.raises(DataError, match="no zip archive"):
            list(reader.read(tmp_path / "x.7z"))

    def test_nothing_of_the_kind_within(self, tmp_path, reader):
        for path in (
            pack(tmp_path / "x.zip", {"readme.txt": b""}),
            unpack(tmp_path / "x", {"readme.txt": b""}),
        ):
            with pytest.raises(DataError, match=f"holds no skeleton.*{reader.TITLE[:3]}") as error:
                list(reader.read(path))
            assert "readme.txt" in error.value.hint

    def test_empty_folder_and_empty_archive(self, tmp_path, reader):
        (tmp_path / "empty").mkdir()
        for path in (tmp_path / "empty", pack(tmp_path / "x.zip", {})):
            with pytest.raises(DataError, match="holds no skeleton"):
                list(reader.read(path))

    def test_folder_of_the_archive(self, tmp_path, reader):
        unpack(tmp_path, {"download/Skeleton.zip": b""})
        with pytest.raises(DataError, match="Give the archive in it, or unpack it: download/Skeleton.zip"):
            list(reader.read(tmp_path))


def test_a_damaged_member_is_named(tmp_path):
    path = pack(tmp_path / "x.zip", UTD)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("Skeleton/a27_s8_t4_skeleton.mat")
    start = member.header_offset + 30 + len(member.filename)
    for i in range(start + 40, start + member.compress_size):
        content[i] ^= 0x5A
    path.write_bytes(content)
    with pytest.raises(DataError, match="x.zip: Skeleton/a27_s8_t4_skeleton.mat can't be read"):
        list(utd_mhad.read(path))
    report = []
    assert len(list(utd_mhad.read(path, True, report))) == 1 and len(report) == 1


def test_a_member_too_large_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "LARGEST_FILE", 1 << 20)
    bomb = b" " * (2 << 20)
    for path in (
        pack(tmp_path / "bomb.zip", {"a01_s01_e00_v01.json": bomb}),
        unpack(tmp_path / "bomb", {"a01_s01_e00_v01.json": bomb}),
    ):
        with pytest.raises(DataError, match="a01_s01_e00_v01.json has 2 MiB"):
            list(nw_ucla.read(path))


def test_interrupting_is_not_a_broken_file(tmp_path):
    def parse(content):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(
            reading.clips_of(
                pack(tmp_path / "x.zip", UTD),
                utd_mhad.NAME,
                "x",
                parse,
                lambda m: ("", "", ""),
                20,
                True,
                [],
            )
        )
