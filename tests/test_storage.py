"""Prepared data and caches may lie in two places, and what can't be written names the variable that moves it."""

import errno
import os

import pytest

from zsar import storage
from zsar.data.datasets import open_dataset
from zsar.data.partition import partition
from zsar.encoders.features import EncoderChoice, subset_features
from zsar.errors import ZsarError
from zsar.simulation.generate import generate

CHOICE = EncoderChoice.of("trajectory", {"frames": 6, "components": 8}, 12)


def files(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def read_only(monkeypatch):
    """Let a folder and all below it be one that can't be written to, for root too."""

    def forbid(folder):
        real = os.access
        inside = lambda path: storage.Path(path).is_relative_to(folder)
        monkeypatch.setattr(storage.os, "access", lambda path, mode: real(path, mode) and not inside(path))

    return forbid


def test_caches_are_at_home_unless_said_otherwise(empty_home, monkeypatch, tmp_path):
    assert storage.cache() == storage.home() == empty_home
    monkeypatch.setenv("ZSAR_CACHE", str(tmp_path / "scratch"))
    assert storage.cache() == tmp_path / "scratch" and storage.home() == empty_home


def test_where_home_is_read_only_they_are_in_the_users_cache(empty_home, read_only, monkeypatch, tmp_path):
    empty_home.mkdir()
    read_only(empty_home)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert storage.cache() == tmp_path / "user" / "zsar"


def test_a_disk_with_prepared_data_need_not_be_written_to(nine, read_only, monkeypatch, tmp_path):
    home = storage.home()
    read_only(home)
    before = files(home)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    subset_features(nine.dataset, partition(nine.dataset, nine.card, nine.split, nine.card.default_protocol), CHOICE, 0)
    assert files(home) == before
    assert any(name.endswith(".safetensors") for name in files(tmp_path / "user" / "zsar" / "features"))


def test_simulated_motions_go_to_the_cache_when_home_lacks_them(empty_home, read_only, monkeypatch, tmp_path):
    empty_home.mkdir()
    read_only(empty_home)
    monkeypatch.setenv("ZSAR_CACHE", str(tmp_path / "scratch"))
    monkeypatch.setattr("zsar.data.datasets.generate.generate", lambda: generate(("pku/08",), 1, 1))
    assert open_dataset("pku-sim").path.is_relative_to(tmp_path / "scratch" / "data")
    assert not files(empty_home)


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("folder, variable", [("home", "$ZSAR_HOME"), ("scratch", "$ZSAR_CACHE"), ("out", "--out")])
def test_a_refusal_says_what_to_set(monkeypatch, tmp_path, number, folder, variable):
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZSAR_CACHE", str(tmp_path / "scratch"))
    path = tmp_path / folder / "x"
    with pytest.raises(ZsarError, match=str(path)) as error, storage.writing(path):
        raise OSError(number, os.strerror(number))
    assert f"({variable})" in error.value.hint


@pytest.mark.parametrize("variable", ["ZSAR_HOME", "ZSAR_CACHE"])
def test_a_variable_that_names_a_file_is_an_error(monkeypatch, tmp_path, variable):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(variable, str(tmp_path / "file"))
    with pytest.raises(ZsarError, match="file is not a folder") as error:
        storage.cache()
    assert variable in error.value.hint


def test_what_stands_where_something_is_written_is_named_and_stays(tmp_path):
    (tmp_path / "file").write_text("dear to somebody")
    (tmp_path / "folder").mkdir()
    for write in (
        lambda: storage.write_text(tmp_path / "file" / "a", ""),
        lambda: storage.write_text(tmp_path / "file" / "a" / "b", ""),
        lambda: storage.folder_written_whole(tmp_path / "file").__enter__(),
        lambda: storage.folder_written_whole(tmp_path / "file" / "a").__enter__(),
    ):
        with pytest.raises(ZsarError, match="file is not a folder"):
            write()
    with pytest.raises(ZsarError, match="folder is a folder\nName a file in it"):
        storage.write_text(tmp_path / "folder", "")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    with pytest.raises(ZsarError, match="dangling is not a folder"):
        storage.require_folder(tmp_path / "dangling" / "a")
    assert (tmp_path / "file").read_text() == "dear to somebody"
