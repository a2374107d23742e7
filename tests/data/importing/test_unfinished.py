"""An import that was interrupted is taken up where it was; one that fails leaves nothing but what was there."""

import functools
import json
import multiprocessing
import os
import signal
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from zsar.data.cards import card
from zsar.data.importing import unfinished
from zsar.data.importing.writing import prepare
from zsar.data.store import open_store
from zsar.errors import DataError, ZsarError
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.reading import Broken, Reading

NTU, PKU = card("ntu120"), card("pku")
FILES = ("frames.npy", "index.npz", "manifest.json", "report.json")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


class Made(Reading):
    """Parts "0" to "11" of two clips each; what is done when one is read may be anything."""

    block = 2

    def __init__(self, at=lambda part: None, parts: int = 12, key: str = "made"):
        self.parts, self.left_out, self._at, self._key = [str(i) for i in range(parts)], [], at, key
        self.origin = "made"

    def clips(self, part):
        self._at(int(part))
        rng = np.random.default_rng(int(part))
        return [
            Clip(
                rng.normal(size=(3 + k, 2, 25, 3)).astype(np.float32), "pku/01", f"{part}-{k}", "a", "L", part, "a" * k
            )
            for k in range(2)
        ]

    def identity(self):
        return self._key


def made(*arguments, **keywords):
    return functools.partial(Made, *arguments, **keywords)


def kill_at_seven(marker: str, part: int) -> None:
    """Once, at part 7, end whatever process this is as the kernel does when memory is short."""
    if part == 7 and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)


def no_torch(part: int) -> None:
    if multiprocessing.parent_process() is not None and "torch" in sys.modules:
        raise DataError("is read by a process that has imported torch")


def test_processes_that_read_do_not_import_torch(tmp_path):
    assert len(prepare(PKU, made(no_torch), tmp_path / "x", jobs=2)) == 24


def test_a_killed_reader_is_told_and_what_was_read_is_taken_up(tmp_path):
    whole = bytes_of(prepare(PKU, made(), tmp_path / "whole").path)
    reading = made(functools.partial(kill_at_seven, str(tmp_path / "marker")))
    with pytest.raises(ZsarError, match="was killed") as error:
        prepare(PKU, reading, tmp_path / "x", jobs=2)
    assert "goes on where it stopped" in error.value.hint and (tmp_path / ".x.preparing").is_dir()
    assert bytes_of(prepare(PKU, reading, tmp_path / "x", jobs=2).path) == whole
    assert not (tmp_path / ".x.preparing").exists()


def interrupted(tmp_path, at: int = 7, **keywords) -> list[int]:
    """A preparation that Ctrl-C ends at a part; the parts read."""
    read = []

    def stop(part):
        read.append(part)
        if part == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(PKU, made(stop), tmp_path / "x", **keywords)
    return read


def taken_up(tmp_path, of=PKU, reading=made, **keywords) -> list[int]:
    """The parts that the next preparation reads."""
    read = []
    prepare(of, reading(read.append), tmp_path / "x", **keywords)
    return read


def test_what_ctrl_c_ends_is_taken_up(tmp_path):
    whole = bytes_of(prepare(PKU, made(), tmp_path / "whole").path)
    assert interrupted(tmp_path) == list(range(8))
    seen = []
    prepare(PKU, made(), tmp_path / "x", progress=lambda *done: seen.append(done))
    assert seen == [(6, 12, 12), (8, 12, 16), (10, 12, 20), (12, 12, 24)]
    assert bytes_of(tmp_path / "x") == whole


def test_it_is_taken_up_as_far_as_it_is_sound(tmp_path):
    whole = bytes_of(prepare(PKU, made(), tmp_path / "whole").path)
    frames, journal = (tmp_path / ".x.preparing" / name for name in ("frames.npy", "journal"))

    def spoil(file: Path, change) -> None:
        file.write_bytes(change(file.read_bytes()))

    half = lambda content: content[: len(content) // 2]
    for file, change, first in (
        (frames, lambda c: c + b"more than the journal knows" * 10000, 6),
        (frames, lambda c: c[:-100], 4),
        (frames, lambda c: c[:200] + bytes([c[200] ^ 1]) + c[201:], 0),
        (frames, half, 2),
        (frames, lambda c: b"", 0),
        (journal, lambda c: c[:-10], 4),
        (journal, lambda c: c + b'[2, [["half', 6),
        (journal, lambda c: c + b"[2]\n{}\n", 6),
        (journal, lambda c: b"", 0),
        (journal, lambda c: b"\0\0\n", 0),
    ):
        interrupted(tmp_path)
        spoil(file, change)
        assert taken_up(tmp_path) == list(range(first, 12))
        assert bytes_of(tmp_path / "x") == whole
    interrupted(tmp_path)
    frames.unlink()
    assert taken_up(tmp_path) == list(range(12)) and bytes_of(tmp_path / "x") == whole


def test_it_is_taken_up_only_for_the_same(tmp_path):
    import dataclasses

    for keywords in (
        {"reading": functools.partial(made, key="another")},
        {"reading": functools.partial(made, parts=13)},
        {"skip_broken": True},
        {"of": dataclasses.replace(PKU, title="Another")},
        {"of": dataclasses.replace(PKU, classes={"pku/01": "Bow"})},
    ):
        interrupted(tmp_path)
        assert taken_up(tmp_path, **keywords)[0] == 0
    interrupted(tmp_path)
    assert taken_up(tmp_path, jobs=None)[0:1] in ([6], [])  # other processes' reading isn't seen here


def broken_at(number: int, part: int) -> None:
    if part == number:
        raise DataError("is damaged")


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_fails_leaves_nothing_but_what_was_there(tmp_path, jobs):
    before = prepare(PKU, made(), tmp_path / "x").version
    with pytest.raises(DataError, match="made: 5 is damaged") as error:
        prepare(PKU, made(functools.partial(broken_at, 5)), tmp_path / "x", jobs=jobs)
    assert "--skip-broken" in error.value.hint
    assert [p.name for p in tmp_path.iterdir()] == ["x"] and open_store(tmp_path / "x").version == before
    dataset = prepare(PKU, made(functools.partial(broken_at, 5)), tmp_path / "x", jobs=jobs, skip_broken=True)
    assert len(dataset) == 22 and dataset.left_out[0] == {"file": "5", "reason": "is damaged"}


class Large(Made):
    """Clips of about a mebibyte each."""

    def clips(self, part):
        return [Clip(np.full((1750, 2, 25, 3), 1 + int(part), np.float32), "pku/01", part)]


def test_memory_does_not_grow_with_the_number_of_clips(tmp_path):
    peaks = []
    for parts in (20, 100):
        tracemalloc.start()
        prepare(PKU, functools.partial(Large, parts=parts), tmp_path / str(parts))
        peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    assert (tmp_path / "100" / "frames.npy").stat().st_size > 95 * 2**20
    assert peaks[1] < peaks[0] + 1 < 12


class Odd(Made):
    """What other readings may hand out: names given twice, unknown labels, shapes that don't fit, broken pieces."""

    broken = [Broken("known", "was wrong from the start")]
    notices = ["something to know"]

    def clips(self, part):
        clips = super().clips(part)
        if part == "3":
            return [*clips, Clip(clips[0].frames, "pku/01", "0-0", source="again"), Broken("3b", "is half")]
        if part == "4":
            return [
                Clip(clips[0].frames, "pku/99", "u", source="unknown"),
                Clip(clips[0].frames[0], "pku/01", "s", source="flat"),
            ]
        return clips


def test_everything_left_out_is_in_the_report(tmp_path):
    with pytest.raises(DataError, match="known was wrong from the start"):
        prepare(PKU, Odd, tmp_path / "x")
    dataset = prepare(PKU, Odd, tmp_path / "x", skip_broken=True, beside={"card.yaml": "a: 1\n"})
    assert len(dataset) == 22 and len(set(dataset.samples.tolist())) == 22
    report = json.loads((tmp_path / "x" / "report.json").read_text())
    left_out = {entry["file"]: entry["reason"] for entry in report["left_out"]}
    assert left_out["again"] == "holds the clip 0-0 again, which 0 holds" and left_out["3b"] == "is half"
    assert "is of class pku/99" in left_out["unknown"] and "has the shape (2, 25, 3)" in left_out["flat"]
    assert list(left_out)[0] == "known" and len(left_out) == 5
    assert dataset.left_out[:5] == report["left_out"] and "classes instead of 51" in dataset.left_out[5]["reason"]
    assert report["notices"] == ["something to know"] and report["notes"]["0-1"] == "a" and "0-0" not in report["notes"]
    assert (tmp_path / "x" / "card.yaml").read_text() == "a: 1\n"


def test_two_at_once_are_refused(tmp_path):
    def second(part):
        if part == 3:
            with pytest.raises(ZsarError, match="another process is preparing x") as error:
                prepare(PKU, made(), tmp_path / "x")
            assert "Wait until it is done" in error.value.hint

    assert len(prepare(PKU, made(second), tmp_path / "x")) == 24
    assert len(prepare(PKU, made(), tmp_path / "x")) == 24


def test_a_lock_on_a_folder_that_was_removed_is_not_taken_for_one(tmp_path, monkeypatch):
    real, calls = os.open, []

    def late(path, *arguments):
        handle = real(path, *arguments)
        calls.append(path)
        if len(calls) == 1:  # the process before this one finishes between opening and locking
            for file in Path(path).parent.iterdir():
                file.unlink()
            Path(path).parent.rmdir()
        return handle

    monkeypatch.setattr(unfinished.os, "open", late)
    handle = unfinished._lock(tmp_path / ".x.preparing")
    monkeypatch.undo()
    assert len(calls) == 2 and (tmp_path / ".x.preparing" / "lock").exists()
    os.close(handle)


def test_what_is_a_day_old_is_still_taken_up(tmp_path):
    interrupted(tmp_path)
    long_ago = time.time() - 3 * 24 * 3600
    os.utime(tmp_path / ".x.preparing", (long_ago, long_ago))
    assert taken_up(tmp_path) == list(range(6, 12))


def test_the_store_is_whole_or_what_it_was_when_the_disk_fills_up(tmp_path, monkeypatch):
    before = prepare(PKU, made(), tmp_path / "x").version

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(unfinished.UnfinishedStore, "append", full)
    with pytest.raises(ZsarError, match="no space left on the disk"):
        prepare(PKU, made(key="new"), tmp_path / "x")
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["x"] and open_store(tmp_path / "x").version == before
