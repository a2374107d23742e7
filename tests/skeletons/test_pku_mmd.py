"""PKU-MMD: long videos cut into clips by their labels (recordings are not at hand)."""

from types import SimpleNamespace

import numpy as np
import pytest
from tiny_files import pack, pku, pku_files, unpack, video

from zsar.data.cards import card
from zsar.errors import DataError
from zsar.skeletons.readers import pku_mmd


def test_pku_mmd(tmp_path):
    clips = list(pku_mmd.read(pack(tmp_path / "pku.zip", pku_files())))
    assert [(c.label, c.subject, c.view, c.sample) for c in clips] == [
        ("pku/08", "training", "L", "0002-L-001"),
        ("pku/51", "training", "L", "0002-L-002"),
        ("pku/14", "validation", "M", "0003-M-001"),
    ]
    assert [len(c.frames) for c in clips] == [12, 28, 25]
    np.testing.assert_allclose(clips[1].frames, video(40)[12:40], atol=1e-6)
    assert clips[2].frames.shape == (25, 2, 25, 3)
    assert not clips[2].frames[:5, 1].any() and clips[2].frames[5:, 1].any(axis=(1, 2)).all()


def test_pku_mmd_without_the_list_of_subjects(tmp_path):
    files = {k: v for k, v in pku_files().items() if "Split" not in k}
    assert {c.subject for c in pku_mmd.read(unpack(tmp_path, files))} == {""}


def test_pku_mmd_ends_an_action_with_its_video(tmp_path):
    path = unpack(tmp_path, spoilt(LABEL, b"8,0,12,2\n51,12,45,1\n"))
    cut = [c.frames for c in pku_mmd.read(path) if c.label == "pku/51"]
    np.testing.assert_allclose(cut[0], video(40)[12:], atol=1e-6)


def test_pku_mmd_list_by_its_other_name(tmp_path):
    files = {k.replace("cross-subject", "cross_subject"): v for k, v in pku_files().items()}
    subjects = [c.subject for c in pku_mmd.read(unpack(tmp_path, files))]
    assert subjects == ["training", "training", "validation"]


def test_the_card_divides_by_what_the_reader_calls_subjects_and_views(tmp_path):
    pku = card("pku")
    clips = list(pku_mmd.read(unpack(tmp_path, pku_files())))
    named = SimpleNamespace(subjects=np.array([c.subject for c in clips]), views=np.array([c.view for c in clips]))
    assert (pku.default_protocol.name, pku.reader) == ("cross-subject", "pku_mmd")
    assert pku.default_protocol.trains(named).tolist() == [True, True, False]
    assert pku.protocol("cross-view").trains(named).tolist() == [False, False, True]
    assert "zsar data import pku --source" in pku.get


def spoilt(name: str, content: bytes | None) -> dict[str, bytes]:
    files = pku_files()
    if content is None:
        del files[name]
    else:
        files[name] = content
    return files


LABEL, VIDEO = "Train_Label_PKU_final/0002-L.txt", "Skeleton/0002-L.txt"


@pytest.mark.parametrize(
    "name, content, complaint, left",
    [
        (LABEL, b"8,0,12,2\n51,12,46,1\n", "line 2, asks for the frames 12 to 46 of 40", 2),
        (LABEL, b"8,0,12,2\n51,40,44,1\n", "line 2, asks for the frames 40 to 44 of 40", 2),
        (LABEL, b"8,-1,12,2\n51,12,40,1\n", "line 1, asks for the frames -1 to 12", 2),
        (LABEL, b"8,12,12,2\n51,12,40,1\n", "line 1, asks for the frames 12 to 12", 2),
        (LABEL, b"8,0\n51,12,40,1\n", "line 1, can't be parsed", 2),
        (LABEL, b"drink,0,12,1\n51,12,40,1\n", "line 1, can't be parsed", 2),
        (LABEL, b"\xff\xfe", "0002-L.txt can't be parsed", 1),
        (LABEL, None, "Skeleton/0002-L.txt has no label file", 1),
        (VIDEO, None, "final/0002-L.txt has no skeleton file", 1),
        (VIDEO, b"", "Skeleton/0002-L.txt has no frames", 1),
        (VIDEO, pku(video(3)) + b"1 2 3\n", "can't be parsed.* from 150 to 3 at row 4", 1),
        (VIDEO, b"1 2 3\n1 2 3\n", "has 3 numbers a line, expected 150", 1),
        (VIDEO, pku(video(40)).replace(b"0.", b"x.", 1), "can't be parsed", 1),
        (
            VIDEO,
            pku(np.concatenate([video(12) * 0, video(28)])),
            "line 1, holds nothing but zeros",
            2,
        ),
        (VIDEO, pku(np.concatenate([video(12) * np.nan, video(28)])), "line 1, holds NaN", 2),
    ],
)
def test_pku_mmd_names_file_and_line(tmp_path, name, content, complaint, left):
    path = unpack(tmp_path, spoilt(name, content))
    with pytest.raises(DataError, match=complaint) as error:
        list(pku_mmd.read(path))
    assert "--skip-broken" in error.value.hint
    report = []
    assert len(list(pku_mmd.read(path, True, report))) == left
    assert len(report) == 1 and "0002-L" in report[0]["file"]


@pytest.mark.parametrize(
    "folder, complaint",
    [("Skeleton", "no skeleton files"), ("Train_Label_PKU_final", "no label files")],
)
def test_pku_mmd_needs_both_archives(tmp_path, folder, complaint):
    files = {k: v for k, v in pku_files().items() if not k.startswith(folder)}
    with pytest.raises(DataError, match=complaint):
        list(pku_mmd.read(unpack(tmp_path, files)))


def test_pku_mmd_refuses_a_list_it_cannot_read(tmp_path):
    path = unpack(tmp_path, spoilt("Split/cross-subject.txt", b"0002-L, 0003-M"))
    with pytest.raises(DataError, match="cross-subject.txt doesn't list training and validation videos"):
        list(pku_mmd.read(path))
