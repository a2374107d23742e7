"""From an archive to the prepared store: the card is kept to, and nothing half-done stays."""

import dataclasses
import errno
import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from zsar.data.cards import card, store_path
from zsar.data.datasets import open_dataset
from zsar.data.importing import import_recordings
from zsar.errors import DataError, ZsarError
from zsar.skeletons.readers import utd_mhad

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
REAL = {
    "utd-mhad": (SHARED / "utd_mhad" / "Skeleton.zip", 861, 27, 8, 1),
    "nw-ucla": (SHARED / "nw_ucla" / "all_sqe.zip", 1484, 10, 10, 3),
}
TINY = dataclasses.replace(card("utd-mhad"), expected={"clips": 3, "subjects": 2, "classes": 2})


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A folder of prepared data for this test alone."""
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "home"))
    open_dataset.cache_clear()
    yield tmp_path / "home"
    open_dataset.cache_clear()


def mat(seed: int = 0, frames: int = 6) -> bytes:
    out = io.BytesIO()
    savemat(out, {"d_skel": np.random.default_rng(seed).normal(size=(20, 3, frames))})
    return out.getvalue()


def archive(path: Path, extra: dict[str, bytes] | None = None, leave: int = 3) -> Path:
    """Three clips of two classes and subjects, and whatever else."""
    names = ["a1_s1_t1", "a1_s2_t1", "a2_s1_t1"][:leave]
    with zipfile.ZipFile(path, "w") as out:
        for i, name in enumerate(names):
            out.writestr(f"Skeleton/{name}_skeleton.mat", mat(i))
        for name, content in (extra or {}).items():
            out.writestr(name, content)
    return path


def nothing_left(home: Path) -> bool:
    return not (home / "data").exists() or not list((home / "data").iterdir())


def test_import_and_open(tmp_path):
    seen = []
    dataset = import_recordings(TINY, archive(tmp_path / "x.zip"), progress=lambda *done: seen.append(done))
    assert seen == [(3, 3, 3)] and len(dataset) == 3 and dataset.left_out == []
    assert dataset.labels.tolist() == ["utd/a01", "utd/a01", "utd/a02"]
    assert open_dataset("utd-mhad").version == dataset.version
    assert [p.name for p in store_path("utd-mhad").parent.iterdir()] == ["utd-mhad"]


def test_folder_and_archive_are_the_same_dataset(tmp_path):
    path = archive(tmp_path / "x.zip")
    first = import_recordings(TINY, path).version
    zipfile.ZipFile(path).extractall(tmp_path / "x")
    assert import_recordings(TINY, tmp_path / "x").version == first
    assert import_recordings(TINY, tmp_path / "x" / "Skeleton").version == first


BAD = {
    "Skeleton/a2_s2_t1_skeleton.mat": (mat()[:300], "ends too early"),
    "Skeleton/a99_s1_t1_skeleton.mat": (mat(), "is of class utd/a99, which UTD-MHAD doesn't have"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_broken_file_stops_the_import_or_is_listed(tmp_path, home, name):
    content, complaint = BAD[name]
    path = archive(tmp_path / "x.zip", {name: content})
    with pytest.raises(DataError, match=complaint) as error:
        import_recordings(TINY, path)
    assert name in str(error.value) and "x.zip" in str(error.value) and "--skip-broken" in error.value.hint
    assert nothing_left(home)
    dataset = import_recordings(TINY, path, skip_broken=True)
    assert len(dataset) == 3 and [entry["file"] for entry in dataset.left_out] == [name]
    listed = json.loads((dataset.path / "manifest.json").read_text())["left_out"]
    assert complaint in listed[0]["reason"]


@pytest.mark.parametrize(
    "leave, extra, complaint",
    [
        (2, {}, "2 clips instead of 3, 1 classes instead of 2"),
        (3, {"a2_s3_t1_skeleton.mat": mat()}, "4 clips instead of 3, 3 subjects instead of 2"),
    ],
)
def test_other_counts_than_the_cards_are_told_and_stop_nothing(tmp_path, home, leave, extra, complaint):
    path = archive(tmp_path / "x.zip", extra, leave)
    dataset = import_recordings(TINY, path)
    assert dataset.left_out == [{"file": "x.zip", "reason": f"holds {complaint}"}]
    assert json.loads((dataset.path / "report.json").read_text())["deviations"] == complaint.split(", ")


def test_everything_broken_is_an_error_all_the_same(tmp_path, home):
    path = archive(tmp_path / "x.zip", {"a1_s1_t1_skeleton.mat": b""}, leave=0)
    with pytest.raises(DataError, match="no clip of utd-mhad"):
        import_recordings(TINY, path, skip_broken=True)
    assert nothing_left(home)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_import_leaves_what_was_there(tmp_path, home, monkeypatch, stop):
    path = archive(tmp_path / "x.zip")
    parse, calls = utd_mhad.parse, []

    def interrupted(content):
        calls.append(content)
        if len(calls) == 2:
            raise stop
        return parse(content)

    def without_what_can_be_taken_up() -> list[str]:
        return [p.name for p in (home / "data").iterdir() if p.name != ".utd-mhad.preparing"]

    monkeypatch.setattr(utd_mhad, "parse", interrupted)
    with pytest.raises(stop):
        import_recordings(TINY, path)
    assert without_what_can_be_taken_up() == []
    version = import_recordings(TINY, path).version
    assert [p.name for p in (home / "data").iterdir()] == ["utd-mhad"]
    calls.clear()
    with pytest.raises(stop):
        import_recordings(TINY, path)
    assert without_what_can_be_taken_up() == ["utd-mhad"]
    assert open_dataset("utd-mhad").version == version


def test_no_permission_says_what_to_do(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("zsar.storage.tempfile.mkdtemp", refuse)
    with pytest.raises(ZsarError, match="no permission to write") as error:
        import_recordings(TINY, archive(tmp_path / "x.zip"))
    assert "ZSAR_HOME" in error.value.hint


def failing(monkeypatch, number: int, at: int) -> None:
    """Let the ``at``-th renaming fail with an error of the operating system."""
    real, calls = os.replace, []

    def replace(*paths):
        calls.append(paths)
        if len(calls) == at:
            raise OSError(number, os.strerror(number))
        return real(*paths)

    monkeypatch.setattr("zsar.storage.os.replace", replace)


@pytest.mark.parametrize(
    "number, complaint",
    [(errno.ENOSPC, "no space left on the disk"), (errno.EACCES, "no permission to write")],
)
def test_a_store_that_cannot_be_put_in_place(tmp_path, home, monkeypatch, number, complaint):
    path = archive(tmp_path / "x.zip")
    with monkeypatch.context() as patch:
        failing(patch, number, 1)
        with pytest.raises(ZsarError, match=complaint) as error:
            import_recordings(TINY, path)
    assert "ZSAR_HOME" in error.value.hint and nothing_left(home)
    version = import_recordings(TINY, path).version
    with monkeypatch.context() as patch:
        failing(patch, number, 1)
        with pytest.raises(ZsarError, match=complaint):
            import_recordings(TINY, path)
    assert open_dataset("utd-mhad").version == version


@pytest.mark.parametrize("at", [1, 2])
def test_a_failed_exchange_leaves_the_earlier_store_and_nothing_else(tmp_path, home, monkeypatch, at):
    path = archive(tmp_path / "x.zip")
    version = import_recordings(TINY, path).version
    with monkeypatch.context() as patch:
        failing(patch, errno.ENOSPC, at)
        with pytest.raises(ZsarError, match="no space left on the disk"):
            import_recordings(TINY, path)
    assert [p.name for p in (home / "data").iterdir()] == ["utd-mhad"]
    assert open_dataset("utd-mhad").version == version


def test_a_disk_that_fills_up_half_way(tmp_path, home, monkeypatch):
    class Full(io.BufferedWriter):
        def write(self, content):
            if self.tell() > 2000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(content)

    monkeypatch.setattr(
        "zsar.data.importing.unfinished.open", lambda file, mode: Full(io.FileIO(file, mode)), raising=False
    )
    with pytest.raises(ZsarError, match="no space left on the disk.*utd-mhad\\nNothing was left"):
        import_recordings(TINY, archive(tmp_path / "x.zip"))
    assert nothing_left(home)


def test_a_home_that_is_a_file(tmp_path, home):
    home.write_text("")
    with pytest.raises(ZsarError, match="home is not a folder"):
        import_recordings(TINY, archive(tmp_path / "x.zip"))


@pytest.mark.parametrize(
    "make, complaint",
    [
        (lambda p: p, "no such file"),
        (lambda p: p.write_bytes(b"PK\3\4") and p, "truncated"),
        (lambda p: p.mkdir() or p, "holds no skeleton file of UTD-MHAD"),
    ],
)
def test_a_source_that_is_none(tmp_path, home, make, complaint):
    with pytest.raises(DataError, match=complaint):
        import_recordings(TINY, make(tmp_path / "source"))
    assert nothing_left(home)


def test_what_cannot_be_imported(tmp_path):
    with pytest.raises(ZsarError, match="simulated; there is nothing to import"):
        import_recordings(card("pku-sim"), tmp_path)
    with pytest.raises(ZsarError, match="no reader"):
        import_recordings(dataclasses.replace(TINY, reader="papyrus"), tmp_path)


def test_pku_mmd_comes_in_through_its_card(tmp_path):
    body = np.random.default_rng(0).normal(size=(20, 2, 25, 3))
    body[:, 1] = 0
    for folder, text in (
        ("Skeleton", "\n".join(" ".join(f"{v:.5f}" for v in f.ravel()) for f in body)),
        ("Label", "1,0,10,1\n51,10,20,2\n"),
    ):
        (tmp_path / "pku" / folder).mkdir(parents=True)
        (tmp_path / "pku" / folder / "0002-L.txt").write_text(text)
    pku = dataclasses.replace(card("pku"), expected=None)
    dataset = import_recordings(pku, tmp_path / "pku")
    assert dataset.labels.tolist() == ["pku/01", "pku/51"] and dataset.views.tolist() == ["L", "L"]
    np.testing.assert_allclose(dataset.frames(1), body[10:], atol=1e-5)
    (tmp_path / "pku" / "Label" / "0002-L.txt").write_text("1,0,10,1\n52,10,20,2\n")
    with pytest.raises(DataError, match="is of class pku/52, which PKU-MMD"):
        import_recordings(pku, tmp_path / "pku")


@pytest.mark.parametrize("name", REAL)
def test_the_real_archives(name):
    path, clips, classes, subjects, views = REAL[name]
    if not path.is_file():
        pytest.skip(f"the makers' archive of {name} is not at hand ({path.name})")
    dataset = import_recordings(card(name), path)
    assert len(dataset) == clips and dataset.left_out == []
    counts = [len(set(a.tolist())) for a in (dataset.labels, dataset.subjects, dataset.views, dataset.samples)]
    assert counts == [classes, subjects, views, clips]
    x = dataset.clips(range(len(dataset)))
    assert x.shape == (clips, 3, 50, 25, 1) and np.isfinite(x).all()
    assert not x[:, :, 0, 1].any()  # the first frame's spine
    assert np.median(np.abs(x).max(axis=(1, 2, 3, 4))) < 2  # metres from it


def test_the_readers_are_looked_up_by_the_card(tmp_path):
    with pytest.raises(DataError, match="holds no skeleton file of NW-UCLA"):
        import_recordings(dataclasses.replace(TINY, reader="nw_ucla"), archive(tmp_path / "x.zip"))
