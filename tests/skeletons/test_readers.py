"""The makers' formats, from archives and folders, sound and broken."""

import io
import json
import os
import tarfile
import zipfile

import numpy as np
import pytest
from reading_all import clips_of
from scipy.io import savemat
from tiny_files import mat, pack, pku_files, standing, ucla, unpack, utd

from zsar.errors import DataError
from zsar.skeletons.readers import nw_ucla, pku_mmd, source, utd_mhad
from zsar.skeletons.readers.reading import FileReading, read_part
from zsar.skeletons.readers.source import Source

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
    first, second = clips_of(utd_mhad, pack(tmp_path / "Skeleton.zip", UTD))
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
    (clip,) = clips_of(utd_mhad, pack(tmp_path / "s.zip", {"a2_s1_t1_skeleton.mat": mat(utd(1))}))
    assert clip.frames.shape == (1, 1, 20, 3)


def test_nw_ucla(tmp_path):
    first, second = clips_of(nw_ucla, pack(tmp_path / "all_sqe.zip", UCLA))
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
    packed = clips_of(reader, pack(tmp_path / "x.zip", files))
    unpacked = clips_of(reader, unpack(tmp_path / "x", files))
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
    (utd_mhad, mat(utd(5))[:200], "ends too early"),
    (utd_mhad, b"", "is not a MATLAB 5 file"),
    (utd_mhad, b"this is not MATLAB" * 20, "is not a MATLAB 5 file"),
    (utd_mhad, without_variable(), "no variable d_skel"),
    (utd_mhad, mat(np.zeros((4, 20, 3))), "nothing but zeros"),
    (utd_mhad, mat(NAN), "NaN or infinite coordinates .first at frame 4."),
    (utd_mhad, mat(np.full(NAN.shape, 101.0)), "a coordinate of 101 m; beyond 100 m the unit is likely another"),
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
        clips_of(reader, path)
    assert str(path) in str(error.value) and name in str(error.value) and "--skip-broken" in error.value.hint
    report = []
    assert len(clips_of(reader, path, report)) == 2
    assert [entry["file"] for entry in report] == [name] and report[0]["reason"] in error.value.message


@pytest.mark.parametrize("reader", [utd_mhad, nw_ucla, pku_mmd])
class TestSource:
    def test_missing(self, tmp_path, reader):
        with pytest.raises(DataError, match="nowhere.zip: no such file or folder"):
            clips_of(reader, tmp_path / "nowhere.zip")

    def test_truncated_archive(self, tmp_path, reader):
        path = pack(tmp_path / "cut.zip", UTD)
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(DataError, match="cut.zip is not a zip archive, or a truncated one"):
            clips_of(reader, path)

    @pytest.mark.parametrize("content", [b"", b"7z\xbc\xaf\x27\x1c", b"\0" * 5000])
    def test_another_kind_of_file(self, tmp_path, reader, content):
        (tmp_path / "x.zip").write_bytes(content)
        with pytest.raises(DataError, match="not a zip archive"):
            clips_of(reader, tmp_path / "x.zip")

    @pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.TGZ", "x.7z", "x.rar"])
    def test_another_kind_of_archive(self, tmp_path, reader, name):
        (tmp_path / "x").mkdir()
        with tarfile.open(tmp_path / "x" / name, "w") as archive:
            archive.add(unpack(tmp_path / "unpacked", UTD), "unpacked")
        with pytest.raises(DataError, match=f"{name} is packed, and only zip archives are read") as error:
            clips_of(reader, tmp_path / "x" / name)
        assert error.value.hint.startswith("Unpack it, and give the folder")
        with pytest.raises(DataError, match=f"Unpack the archive in it: {name.lower()}"):
            clips_of(reader, (tmp_path / "x" / name).rename(tmp_path / "x" / name.lower()).parent)

    def test_pipes_and_devices_are_refused_unread(self, tmp_path, reader):
        os.mkfifo(tmp_path / "pipe.zip")
        (tmp_path / "endless").symlink_to("/dev/zero")
        for name in ("pipe.zip", "endless"):
            with pytest.raises(DataError, match=f"{name} is not a plain file"):
                clips_of(reader, tmp_path / name)

    def test_nothing_of_the_kind_within(self, tmp_path, reader):
        for path in (
            pack(tmp_path / "x.zip", {"readme.txt": b""}),
            unpack(tmp_path / "x", {"readme.txt": b""}),
        ):
            with pytest.raises(DataError, match=f"holds no skeleton.*{reader.TITLE[:3]}") as error:
                clips_of(reader, path)
            assert "readme.txt" in error.value.hint

    def test_empty_folder_and_empty_archive(self, tmp_path, reader):
        (tmp_path / "empty").mkdir()
        for path in (tmp_path / "empty", pack(tmp_path / "x.zip", {})):
            with pytest.raises(DataError, match="holds no skeleton"):
                clips_of(reader, path)

    def test_folder_of_the_archive(self, tmp_path, reader):
        unpack(tmp_path, {"download/Skeleton.zip": b""})
        with pytest.raises(DataError, match="Give the archive in it, or unpack it: download/Skeleton.zip"):
            clips_of(reader, tmp_path)


def test_pipes_and_links_to_devices_among_the_files_are_named_and_the_others_read(tmp_path):
    folder = unpack(tmp_path / "x", UTD)
    os.mkfifo(folder / "a2_s1_t1_skeleton.mat")
    os.mkfifo(folder / "another pipe")
    (folder / "a3_s1_t1_skeleton.mat").symlink_to("/dev/zero")
    (folder / "a4_s1_t1_skeleton.mat").symlink_to(folder / "Skeleton" / "a1_s1_t1_skeleton.mat")
    reading = utd_mhad.open_reading(folder)
    results = {part: read_part(reading, part) for part in reading.parts}
    broken = {part: problems[0].reason for part, (_, problems) in results.items() if problems}
    assert broken == dict.fromkeys(["a2_s1_t1_skeleton.mat", "a3_s1_t1_skeleton.mat"], "is not a plain file")
    assert sum(len(clips) for clips, _ in results.values()) == 3
    os.mkfifo(folder / "two.zip")
    with pytest.raises(DataError, match="two.zip is not a plain file"):
        Source(folder, archives=True)


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
        clips_of(utd_mhad, path)
    report = []
    assert len(clips_of(utd_mhad, path, report)) == 1 and len(report) == 1


def test_a_member_too_large_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "LARGEST_FILE", 1 << 20)
    bomb = b" " * (2 << 20)
    for path in (
        pack(tmp_path / "bomb.zip", {"a01_s01_e00_v01.json": bomb}),
        unpack(tmp_path / "bomb", {"a01_s01_e00_v01.json": bomb}),
    ):
        with pytest.raises(DataError, match="a01_s01_e00_v01.json has 2 MiB"):
            clips_of(nw_ucla, path)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_interrupting_is_not_a_broken_file(tmp_path, stop):
    def parse(content):
        raise stop

    path = pack(tmp_path / "x.zip", UTD)
    reading = FileReading(Source(path), utd_mhad.NAME, "x", parse, lambda m: ("", "", ""), 20)
    with pytest.raises(stop):
        read_part(reading, reading.parts[0])


def test_the_same_sample_twice_counts_once_and_is_told(tmp_path):
    first, second = "Skeleton/a1_s1_t1_skeleton.mat", "again/a1_s1_t1_skeleton.mat"
    path = unpack(tmp_path / "x", UTD | {second: UTD[first]})
    with pytest.raises(DataError, match=f"{second} is the same sample as {first}"):
        clips_of(utd_mhad, path)
    report = []
    assert len(clips_of(utd_mhad, path, report)) == 2
    assert report == [{"file": second, "reason": f"is the same sample as {first}"}]


@pytest.mark.parametrize("name", ["../a1_s1_t1_skeleton.mat", "/tmp/x.mat", "x/../../y.mat", "..\\x.mat", "C:\\x.mat"])
def test_an_archive_that_climbs_out_is_refused(tmp_path, name):
    path = pack(tmp_path / "x.zip", UTD | {name: b""})
    with pytest.raises(DataError, match="x.zip holds a path that climbs out of it") as error:
        clips_of(utd_mhad, path)
    assert name in str(error.value).replace("\\\\", "\\")


def test_what_unpacks_to_far_too_much_is_refused(tmp_path):
    path = pack(tmp_path / "x.zip", UCLA | {"a02_s01_e00_v01.json": b"0" * (8 << 20)})
    with pytest.raises(DataError, match="a02_s01_e00_v01.json says it unpacks to 10.. times its size"):
        clips_of(nw_ucla, path)


def test_a_size_that_lies_is_found_out(tmp_path):
    path = pack(tmp_path / "x.zip", {"a01_s01_e00_v01.json": ucla(standing("kinect_v1", 400))})
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        size = archive.infolist()[0].file_size
    at = content.rindex(size.to_bytes(4, "little"))  # in the central directory
    path.write_bytes(content[:at] + (50).to_bytes(4, "little") + content[at + 4 :])
    with pytest.raises(DataError, match="a01_s01_e00_v01.json can't be (read|parsed)"):
        clips_of(nw_ucla, path)


def test_zips_in_a_folder_are_looked_into_where_asked(tmp_path):
    (tmp_path / "folder").mkdir()
    pack(tmp_path / "folder" / "one.zip", UTD)
    (tmp_path / "folder" / "a2_s1_t1_skeleton.mat").write_bytes(mat(utd(4)))
    names = [name for name, _ in Source(tmp_path / "folder", archives=True).find(utd_mhad.NAME)]
    assert names == ["a2_s1_t1_skeleton.mat", *(f"one.zip/{n}" for n in list(UTD)[:2])]
    assert len(Source(tmp_path / "folder").find(utd_mhad.NAME)) == 1
    (tmp_path / "folder" / "two.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match="two.zip is not a zip archive"):
        Source(tmp_path / "folder", archives=True)


def test_the_identity_changes_with_the_files_and_not_with_their_neighbours(tmp_path):
    path = unpack(tmp_path / "x", UTD)
    before = utd_mhad.open_reading(path).identity()
    (path / "another.txt").write_text("")
    assert utd_mhad.open_reading(path).identity() == before
    (path / "Skeleton/a27_s8_t4_skeleton.mat").write_bytes(mat(utd(12)))
    changed = utd_mhad.open_reading(path).identity()
    assert changed != before
    (path / "Skeleton/a27_s8_t4_skeleton.mat").rename(path / "Skeleton/a26_s8_t4_skeleton.mat")
    assert utd_mhad.open_reading(path).identity() not in (before, changed)
