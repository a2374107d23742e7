"""Runs trained in one loop: the same records as alone, whatever is interrupted or goes wrong."""

import numpy as np
import pytest

from zsar.harness import together
from zsar.harness.execute import execute
from zsar.harness.job import prepare

METHODS = ("sadvae", "dvta")


@pytest.fixture
def on_one_device(monkeypatch):
    """Group runs on the CPU too, as is done on a GPU."""
    grouped, groups = [], together.groups

    def noted(jobs, device):
        grouped.append(groups(jobs, "cuda"))
        return grouped[-1]

    monkeypatch.setattr(together, "groups", noted)
    return grouped


def alike(one: dict, other: dict) -> None:
    """Records of the same run, whose numbers agree as far as rounding lets them."""
    assert one.keys() == other.keys()
    for run, record in one.items():
        same = {k: v for k, v in record.items() if k not in ("scores", "results")}
        assert same == {k: v for k, v in other[run].items() if k not in ("scores", "results")}
        assert record["results"].keys() == other[run]["results"].keys()
        for name, scores in record["scores"].items():
            theirs = other[run]["scores"][name]
            if name.startswith("inductive/last"):
                close = [np.frombuffer(s, np.float32) for s in (scores, theirs)]
                np.testing.assert_allclose(*close, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_runs_together_leave_the_records_of_runs_alone(tiny, tmp_path, numbers, on_one_device, monkeypatch, method):
    jobs = [tiny(method, seed=seed) for seed in (0, 1, 2)]
    ran = []
    follow_together = together.follow_together
    monkeypatch.setattr(
        together, "follow_together", lambda several: ran.append(len(several)) or follow_together(several)
    )
    both = execute(jobs, tmp_path / "together")
    assert on_one_device == [[[0, 1, 2]]] and ran == [3, 3]  # the companions, then the main runs
    monkeypatch.setattr(together, "groups", lambda jobs, device: [[number] for number in jobs])
    alone = execute(jobs, tmp_path / "alone")
    assert [r["run"] for r in both] == [r["run"] for r in alone]
    alike(numbers(tmp_path / "together"), numbers(tmp_path / "alone"))
    assert not (tmp_path / "together" / ".checkpoints").exists()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("goes_on", ["together", "alone"])
def test_interrupted_runs_go_on_together_or_alone(tiny, tmp_path, numbers, on_one_device, monkeypatch, method, goes_on):
    monkeypatch.setattr("zsar.harness.job.SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    jobs = [tiny(method, seed=seed) for seed in (0, 1)]
    whole = execute(jobs, tmp_path / "whole")

    class Stop(BaseException):
        pass

    epochs = []

    def stop(event):
        if event.kind == "epoch":
            epochs.append((event.phase, event.epoch))
            if epochs.count(("main", 2)) == 2:
                raise Stop

    with pytest.raises(Stop):
        execute(jobs, tmp_path / "cut", on_event=stop)
    assert list((tmp_path / "cut" / ".checkpoints").glob("*.pt"))
    if goes_on == "alone":
        monkeypatch.setattr(together, "groups", lambda jobs, device: [[number] for number in jobs])
    events = []
    again = execute(jobs, tmp_path / "cut", on_event=events.append)
    assert not [e for e in events if e.phase == "companion"]
    assert [r["run"] for r in again] == [r["run"] for r in whole]
    alike(numbers(tmp_path / "cut"), numbers(tmp_path / "whole"))


def test_what_goes_wrong_together_is_recorded_by_each_run(tiny, tmp_path, on_one_device, monkeypatch):
    def broken(several):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(together, "follow_together", broken)
    records = execute([tiny("sadvae", seed=seed) for seed in (0, 1)], tmp_path)
    assert [r["status"] for r in records] == ["done", "done"]


def test_only_runs_that_differ_in_their_seed_go_together(tiny):
    jobs = [
        tiny("sadvae"),
        tiny("sadvae", seed=1),
        tiny("sadvae", lr=1e-3),
        tiny("dvta"),
        tiny("pgfa"),
        tiny("pgfa", seed=1),
    ]
    jobs = dict(enumerate(jobs))
    assert together.groups(jobs, "cuda") == [[0, 1], [2], [3], [4], [5]]
    assert together.groups(jobs, "cpu") == [[0], [1], [2], [3], [4], [5]]
    many = {seed: tiny("sadvae", seed=seed) for seed in range(together.AT_ONCE + 1)}
    assert [len(g) for g in together.groups(many, "cuda:0")] == [together.AT_ONCE, 1]


def test_a_run_that_is_already_trained_is_not_waited_for(tiny, tmp_path, on_one_device):
    jobs = [tiny("sadvae", seed=seed) for seed in (0, 1, 2)]
    execute(jobs[:1], tmp_path)
    records = execute(jobs, tmp_path)
    assert on_one_device[-1] == [[1, 2]] and [r["run"] for r in records] == [prepare(j)[2] for j in jobs]
