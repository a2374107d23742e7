"""PKU-MMD: long videos cut into clips by their labels (recordings are not at hand)."""

from types import SimpleNamespace

import numpy as np
import pytest
from reading_all import clips_of
from tiny_files import pack, pku, pku_files, unpack, video

from zsar.data.cards import card
from zsar.errors import DataError
from zsar.skeletons.readers import pku_mmd


def test_pku_mmd(tmp_path):
    clips = clips_of(pku_mmd, pack(tmp_path / "pku.zip", pku_files()))
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
    assert {c.subject for c in clips_of(pku_mmd, unpack(tmp_path, files))} == {""}


def test_pku_mmd_ends_an_action_with_its_video(tmp_path):
    path = unpack(tmp_path, spoilt(LABEL, b"8,0,12,2\n51,12,45,1\n"))
    cut = [c.frames for c in clips_of(pku_mmd, path) if c.label == "pku/51"]
    np.testing.assert_allclose(cut[0], video(40)[12:], atol=1e-6)


def test_pku_mmd_list_by_its_other_name(tmp_path):
    files = {k.replace("cross-subject", "cross_subject"): v for k, v in pku_files().items()}
    subjects = [c.subject for c in clips_of(pku_mmd, unpack(tmp_path, files))]
    assert subjects == ["training", "training", "validation"]


def test_the_card_divides_by_what_the_reader_calls_subjects_and_views(tmp_path):
    pku = card("pku")
    clips = clips_of(pku_mmd, unpack(tmp_path, pku_files()))
    named = SimpleNamespace(subjects=np.array([c.subject for c in clips]), views=np.array([c.view for c in clips]))
    assert (pku.default_protocol.name, pku.reader) == ("cross-subject", "pku_mmd")
    assert pku.default_protocol.trains(named).tolist() == [True, True, False]
    assert pku.protocol("cross-view").trains(named).tolist() == [False, False, True]
    assert "zsar data prepare pku --source" in pku.get


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
        (LABEL, b"8,0,12,2\n51,12,46,1\n", "line 2 asks for the frames 12 to 46 of 40", 2),
        (LABEL, b"8,0,12,2\n51,40,44,1\n", "line 2 asks for the frames 40 to 44 of 40", 2),
        (LABEL, b"8,-1,12,2\n51,12,40,1\n", "line 1 asks for the frames -1 to 12", 2),
        (LABEL, b"8,12,12,2\n51,12,40,1\n", "line 1 asks for the frames 12 to 12", 2),
        (LABEL, b"8,0\n51,12,40,1\n", "line 1 can't be parsed", 2),
        (LABEL, b"drink,0,12,1\n51,12,40,1\n", "line 1 can't be parsed", 2),
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
            "line 1 holds nothing but zeros",
            2,
        ),
        (VIDEO, pku(np.concatenate([video(12) * np.nan, video(28)])), "line 1 holds NaN", 2),
    ],
)
def test_pku_mmd_names_file_and_line(tmp_path, name, content, complaint, left):
    path = unpack(tmp_path, spoilt(name, content))
    with pytest.raises(DataError, match=complaint) as error:
        clips_of(pku_mmd, path)
    assert "--skip-broken" in error.value.hint
    report = []
    assert len(clips_of(pku_mmd, path, report)) == left
    assert len(report) == 1 and "0002-L" in report[0]["file"]


@pytest.mark.parametrize(
    "folder, complaint",
    [("Skeleton", "no skeleton files"), ("Train_Label_PKU_final", "no label files")],
)
def test_pku_mmd_needs_both_archives(tmp_path, folder, complaint):
    files = {k: v for k, v in pku_files().items() if not k.startswith(folder)}
    with pytest.raises(DataError, match=complaint):
        clips_of(pku_mmd, unpack(tmp_path, files))


def test_pku_mmd_refuses_a_list_it_cannot_read(tmp_path):
    path = unpack(tmp_path, spoilt("Split/cross-subject.txt", b"0002-L, 0003-M"))
    with pytest.raises(DataError, match="cross-subject.txt doesn't list training and validation videos"):
        clips_of(pku_mmd, path)


def test_frames_count_from_zero_and_the_last_one_does_not_belong(tmp_path):
    frames = np.zeros((10, 2, 25, 3))
    frames[:, 0] = np.arange(10)[:, None, None] + 1.0
    files = {"Skeleton/0002-L.txt": pku(frames), "Label/0002-L.txt": b"1,0,4,1\n2,4,9,1\n3,9,10,2\n"}
    cut = [c.frames[:, 0, 0, 0].tolist() for c in clips_of(pku_mmd, unpack(tmp_path, files))]
    assert cut == [[1, 2, 3, 4], [5, 6, 7, 8, 9], [10]]


PART_TWO = {
    "Skeleton_v2/A01N01-L.txt": pku(video(20)),
    "Skeleton_v2/A01N02-M.txt": pku(video(30, 10)),
    "Label_PKUMMD_v2/A01N01-L.txt": b"8,0,12,2\n",
    "Label_PKUMMD_v2/A01N02-M.txt": b"13,5,30,2\n",
    "cross_subject_v2.txt": b"Training videos:\nA01N01-L\nTesting videos:\nA01N02-M\n",
}


def test_part_two_has_names_of_its_own(tmp_path):
    both = unpack(
        tmp_path, {f"v2/{k}": v for k, v in PART_TWO.items()} | {f"v1/{k}": v for k, v in pku_files().items()}
    )
    clips = clips_of(pku_mmd, both, card=card("pku2"))
    assert [(c.label, c.subject, c.view, c.sample) for c in clips] == [
        ("pku/08", "training", "L", "A01N01-L-001"),
        ("pku/13", "validation", "M", "A01N02-M-001"),
    ]
    assert [c.sample[:6] for c in clips_of(pku_mmd, tmp_path / "v1")] == ["0002-L", "0002-L", "0003-M"]
    with pytest.raises(DataError, match="holds no skeleton or label file of PKU-MMD .part I. .named like 0002-L.txt"):
        clips_of(pku_mmd, tmp_path / "v2")


def test_what_the_makers_lists_do_not_say_is_told(tmp_path):
    files = pku_files() | {"Split/cross-view.txt": b"Training videos:\n0002-L\nValidation videos:\n0003-M\n"}
    files["Split/cross-subject.txt"] = b"Training videos:\n0002-L\nValidation videos:\n0009-M\n"
    notices = pku_mmd.open_reading(unpack(tmp_path / "a", files), card("pku")).notices
    assert "1 videos are not on the makers' cross-subject list" in notices[0]
    assert "cross-view list has 2 videos on another side than the card" in notices[1]
    alone = {k: v for k, v in pku_files().items() if "Split" not in k}
    (notice,) = pku_mmd.open_reading(unpack(tmp_path / "b", alone), card("pku")).notices
    assert "no clip has a subject" in notice
    assert pku_mmd.open_reading(unpack(tmp_path / "c", pku_files()), card("pku")).notices == []


def test_carriage_returns_and_the_same_video_twice(tmp_path):
    files = pku_files()
    returns = {k: v.replace(b"\n", b"\r\n") for k, v in files.items()}
    for a, b in zip(
        clips_of(pku_mmd, unpack(tmp_path / "a", files)),
        clips_of(pku_mmd, unpack(tmp_path / "b", returns)),
        strict=True,
    ):
        np.testing.assert_array_equal(a.frames, b.frames)
    twice = unpack(tmp_path / "c", files | {"More/0002-L.txt": files["Skeleton/0002-L.txt"]})
    with pytest.raises(DataError, match="is the same file as"):
        clips_of(pku_mmd, twice)


def test_a_video_whose_labels_name_no_action(tmp_path):
    with pytest.raises(DataError, match="final/0002-L.txt names no action"):
        clips_of(pku_mmd, unpack(tmp_path, spoilt(LABEL, b"\n\n")))


def test_the_identity_tells_of_the_lists_too(tmp_path):
    path = unpack(tmp_path, pku_files())
    before = pku_mmd.open_reading(path, card("pku")).identity()
    unpack(tmp_path, {"Split/cross-subject.txt": b"Training videos:\n0003-M\nValidation videos:\n0002-L\n"})
    assert pku_mmd.open_reading(path, card("pku")).identity() != before
