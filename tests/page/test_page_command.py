"""``zsar report --format html``: what it refuses."""

import pytest
from command_line import command
from page_inputs import REAL, RECORDS

from zsar.errors import RecordError
from zsar.results import Results


def test_a_run_in_two_folders_counts_once(tmp_path):
    source = next(iter(sorted((RECORDS / "utd-mhad").glob("*.json"))))
    (tmp_path / source.name).write_bytes(source.read_bytes())
    with pytest.raises(RecordError, match=r"is in .* and in"):
        Results.read(RECORDS / "utd-mhad", tmp_path)


def test_several_folders_need_a_place_to_write_to(capsys):
    code, _, err = command(capsys, "report", *REAL, "--format", "html")
    assert code == 2 and "several folders" in err and "--out DIR" in err


@pytest.mark.parametrize("kind", ["missing", "empty", "damaged", "npz"])
def test_bad_folders_are_refused_and_nothing_is_left(tmp_path, zsar, kind):
    folder, out = tmp_path / "runs", tmp_path / "out"
    if kind != "missing":
        folder.mkdir()
    if kind == "damaged":
        (folder / "0123456789abcdef.json").write_text('{"format": 1,', encoding="utf-8")
    if kind == "npz":
        source = next(iter(sorted((RECORDS / "utd-mhad").glob("*.json"))))
        (folder / source.name).write_bytes(source.read_bytes())
        (folder / f"{source.stem}.npz").write_bytes(b"PK\x03\x04 no archive")
    done = zsar("report", folder, "--format", "html", "--out", out)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and "Traceback" not in done.stderr
    assert not out.exists() or not list(out.iterdir())


def test_clips_without_a_page_are_refused(zsar, tmp_path):
    done = zsar("report", RECORDS / "utd-mhad", "--clips", "3", "--out", tmp_path)
    assert done.returncode == 2 and "--format html" in done.stderr
    done = zsar("report", RECORDS / "utd-mhad", "--format", "html", "--clips", "-3")
    assert done.returncode == 2 and "not a whole number from 0" in done.stderr
