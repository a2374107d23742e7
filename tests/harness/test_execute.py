"""Many jobs: what is skipped, what is run again, and what becomes of those that fail."""

import errno
import json
import os

import numpy as np
import pytest

from zsar import storage
from zsar.errors import RecordError, ZsarError
from zsar.evaluation.metrics import top1
from zsar.harness.execute import execute
from zsar.report.leaderboard import Leaderboard
from zsar.results import Results
from zsar.results.record import read_record

LEADERBOARDS = ("leaderboard.md", "leaderboard.csv", "leaderboard.json", "leaderboard.tex")


def kinds(events: list) -> list[str]:
    return [e.kind for e in events if e.kind != "epoch"]


def leaderboards(folder) -> list[bytes]:
    Leaderboard(Results.read(folder).tables()).write(folder)
    return [(folder / name).read_bytes() for name in LEADERBOARDS]


@pytest.mark.parametrize("method", ["sadvae", "dvta", "pgfa"])
def test_a_record_says_what_its_scores_say(tiny, tmp_path, method):
    (record,) = execute([tiny(method)], tmp_path)
    assert record == read_record(tmp_path / f"{record['run']}.json")
    assert record["status"] == "done" and record["counts"]["epochs"] == 4
    modes = ["inductive", "transductive"] if method == "pgfa" else ["inductive"]
    assert sorted(record["results"]) == modes
    with np.load(tmp_path / f"{record['run']}.npz") as kept:
        assert len(kept["labels"]) == len(kept["samples"]) == record["counts"]["unseen_test"]
        for mode in modes:
            for rule in ("last", "val", "oracle"):
                judged = record["results"][mode][rule]
                assert judged["top1"] == top1(kept[f"{mode}/{rule}"].argmax(1), kept["labels"])
            by_rule = record["results"][mode]
            assert by_rule["last"]["epoch"] == 4
            assert by_rule["oracle"]["top1"] >= max(by_rule["last"]["top1"], by_rule["val"]["top1"])


def test_what_has_been_run_is_not_run_again(tiny, tmp_path):
    jobs, events = [tiny("sadvae"), tiny("sadvae", seed=1)], []
    first = execute(jobs[:1], tmp_path)
    both = execute(jobs, tmp_path, on_event=events.append)
    assert kinds(events) == ["cached", "done"] and both[0] == first[0]
    assert len({r["run"] for r in both}) == 2


def test_a_run_without_its_scores_is_run_again(tiny, tmp_path):
    (record,) = execute([tiny("sadvae")], tmp_path)
    (tmp_path / f"{record['run']}.npz").unlink()
    events = []
    execute([tiny("sadvae")], tmp_path, on_event=events.append)
    assert kinds(events) == ["done"] and (tmp_path / f"{record['run']}.npz").is_file()


def test_another_rule_is_added_to_those_that_the_record_has(tiny, tmp_path):
    execute([tiny("sadvae", rules=("last",))], tmp_path)
    (record,) = execute([tiny("sadvae", rules=("val",))], tmp_path)
    assert set(record["results"]["inductive"]) == {"last", "val"}
    events = []
    execute([tiny("sadvae", rules=("last",))], tmp_path, on_event=events.append)
    assert kinds(events) == ["cached"]


@pytest.mark.parametrize("method", ["sadvae", "dvta", "pgfa"])
def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(tiny, tmp_path, numbers, method):
    for folder in ("a", "b"):
        execute([tiny(method)], tmp_path / folder)
    assert numbers(tmp_path / "a") == numbers(tmp_path / "b")
    execute([tiny(method, seed=1)], tmp_path / "c")
    scores = lambda folder: next(iter(numbers(tmp_path / folder).values()))["scores"]["inductive/last"]
    assert scores("a") != scores("c")


def test_rules_asked_for_change_no_number(tiny, tmp_path, numbers):
    execute([tiny("dvta")], tmp_path / "all")
    execute([tiny("dvta", rules=("last",))], tmp_path / "last")
    everything, last = (next(iter(numbers(tmp_path / f).values())) for f in ("all", "last"))
    assert everything["results"]["inductive"]["last"] == last["results"]["inductive"]["last"]
    assert everything["scores"]["inductive/last"] == last["scores"]["inductive/last"]


@pytest.mark.slow
def test_workers_change_no_number(tiny, tmp_path, numbers):
    jobs = [tiny(method, seed=seed) for method in ("sadvae", "dvta", "pgfa") for seed in (0, 1)]
    one, two = (execute(jobs, tmp_path / str(n), workers=n) for n in (1, 2))
    assert numbers(tmp_path / "1") == numbers(tmp_path / "2")
    assert [r["run"] for r in one] == [r["run"] for r in two]
    assert leaderboards(tmp_path / "1") == leaderboards(tmp_path / "2")


@pytest.mark.parametrize(
    ("method", "kind", "words"),
    [
        ("raising", "ValueError", "the second epoch went wrong"),
        ("diverging", "ZsarError", "NaN"),
        ("idle", "ZsarError", "trained for no epoch"),
        ("misshapen", "ZsarError", "don't match"),
        ("mute", "KeyError", "loss"),
    ],
)
def test_a_method_that_fails_leaves_a_record_that_says_why(tiny, tmp_path, misbehaving, method, kind, words):
    records = execute([tiny(method), tiny("well")], tmp_path)
    assert [r["status"] for r in records] == ["failed", "done"]
    assert records[0] == read_record(tmp_path / f"{records[0]['run']}.json")
    assert records[0]["error"]["type"] == kind and words in records[0]["error"]["message"]
    assert not (tmp_path / ".checkpoints").exists()
    assert words in leaderboards(tmp_path)[0].decode()


def test_where_a_method_went_wrong_is_recorded(tiny, tmp_path, misbehaving):
    (record,) = execute([tiny("raising")], tmp_path)
    assert record["error"]["where"].startswith("misbehaving_methods.py:")
    assert record["error"]["where"].endswith("in step")


def test_a_run_that_failed_is_run_again(tiny, tmp_path, misbehaving, monkeypatch):
    import misbehaving_methods

    execute([tiny("raising")], tmp_path)
    monkeypatch.setattr(misbehaving_methods.Raising, "step", misbehaving_methods.Well.step)
    (record,) = execute([tiny("raising")], tmp_path)
    assert record["status"] == "done"


@pytest.mark.slow
def test_a_method_whose_process_ends_takes_no_other_with_it(tiny, tmp_path, misbehaving):
    jobs, events = [tiny(m) for m in ("well", "killed", "raising")], []
    records = execute(jobs, tmp_path, workers=2, on_event=events.append)
    assert [r["status"] for r in records] == ["done", "failed", "failed"]
    assert [r["error"]["type"] for r in records[1:]] == ["ProcessKilled", "ValueError"]
    assert "--jobs 1" in records[1]["error"]["message"]
    assert sorted(kinds(events)) == ["done", "failed", "failed"]
    assert sorted(p.stem for p in tmp_path.glob("*.json")) == sorted(r["run"] for r in records)


def test_a_folder_of_another_format_is_refused_before_anything_runs(tiny, tmp_path):
    (record,) = execute([tiny("sadvae")], tmp_path)
    path = tmp_path / f"{record['run']}.json"
    path.write_text(json.dumps({**record, "format": 99}))
    before = path.read_bytes()
    events = []
    with pytest.raises(RecordError, match="another version of zsar"):
        execute([tiny("sadvae", seed=1)], tmp_path, on_event=events.append)
    assert not events and path.read_bytes() == before


def test_a_damaged_record_is_run_again(tiny, tmp_path):
    (record,) = execute([tiny("sadvae")], tmp_path)
    path = tmp_path / f"{record['run']}.json"
    path.write_bytes(path.read_bytes()[:100])
    (again,) = execute([tiny("sadvae")], tmp_path)
    assert again["results"] == record["results"] and read_record(path) == again


def test_a_damaged_record_of_another_run_is_named_before_anything_runs(tiny, tmp_path):
    (record,) = execute([tiny("sadvae")], tmp_path)
    path = tmp_path / f"{record['run']}.json"
    path.write_bytes(path.read_bytes()[:100])
    events = []
    with pytest.raises(RecordError, match=f"{path.name} is damaged"):
        execute([tiny("sadvae", seed=1)], tmp_path, on_event=events.append)
    assert not events


def test_a_folder_without_permission_is_found_out_before_training(tiny, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("zsar.storage.tempfile.mkstemp", refuse)
    events = []
    with pytest.raises(ZsarError, match="no permission to write") as error:
        execute([tiny("sadvae")], tmp_path, on_event=events.append)
    assert "--out" in error.value.hint and not events


def test_a_file_in_the_folders_place_is_an_error(tiny, tmp_path):
    (tmp_path / "results").write_text("not a folder")
    with pytest.raises(ZsarError, match="results is not a folder"):
        execute([tiny("sadvae")], tmp_path / "results")


def test_a_full_disk_stops_everything_and_leaves_nothing_half_written(tiny, tmp_path, monkeypatch):
    execute([tiny("sadvae")], tmp_path)
    before = sorted(p.name for p in tmp_path.iterdir())
    write = storage.write_bytes

    def full(path, content):
        if path.suffix in (".npz", ".pt"):
            monkeypatch.setattr(
                "zsar.storage.os.fsync",
                lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
            )
        write(path, content)

    monkeypatch.setattr(storage, "write_bytes", full)
    with pytest.raises(ZsarError, match="no space left"):
        execute([tiny("sadvae", seed=1), tiny("sadvae", seed=2)], tmp_path)
    left = sorted(p.name for p in tmp_path.iterdir() if p.name != ".checkpoints")
    assert left == before
