"""One training, and several in one loop: the same histories and records, whatever is interrupted or goes wrong."""

import numpy as np
import pytest
import torch

from zsar.errors import ZsarError
from zsar.harness import execute as executing
from zsar.harness import train as training
from zsar.harness.execute import execute, groups
from zsar.harness.fold import fold
from zsar.harness.judge import scores
from zsar.harness.train import Checkpoint, History, train, train_together
from zsar.learning import resuming
from zsar.learning.contract import Method
from zsar.methods import find

TOGETHER = ("sadvae", "dvta")


def method_of(job):
    return find(job.method)(**job.keywords)


def test_a_method_sees_its_own_fold_and_the_history_holds_every_epoch(tiny):
    job = tiny("pgfa")
    divided, epochs = fold(job), []
    history = train(method_of(job), divided, seed=0, on_epoch=lambda h: epochs.append((h.epochs, h.losses[-1])))
    assert [e for e, _ in epochs] == [1, 2, 3, 4] and [loss for _, loss in epochs] == history.losses
    assert set(history.accuracy) == {"inductive", "transductive"} and not history.generalized
    for mode, accuracy in history.accuracy.items():
        assert set(history.scores[mode]) == {4, history.best(mode)}
        best = history.scores[mode][history.best(mode)]
        assert accuracy[history.best(mode) - 1] == max(accuracy) == (best.argmax(1) == divided.test.labels).mean()
    assert history.seconds > 0 and "4 epochs" in repr(history)


def test_taking_scores_changes_nothing_in_training(tiny):
    job = tiny("sadvae", settings=("zsl", "gzsl"))
    judged, alone = method_of(job), method_of(job)
    train(judged, fold(job), seed=0)
    torch.manual_seed(0)
    for _ in alone.train(*fold(job).train):
        pass
    for name, value in alone.network.state_dict().items():
        assert torch.equal(value, judged.network.state_dict()[name])


def test_epochs_to_keep_are_kept(tiny):
    job = tiny("dvta", settings=("zsl", "gzsl"))
    history = train(method_of(job), fold(job), seed=0, keep={"inductive": 2})
    kept = {2, 4, history.best("inductive")}
    assert set(history.scores["inductive"]) == set(history.generalized["inductive"]) == kept


class Order(Method):
    """Scores are the places of the clips in the order in which they came."""

    title, sequential = "Order", True

    def train(self, seen, text):
        yield {"loss": 0.0}

    def score(self, x, text):
        return torch.arange(len(x)).float()[:, None].expand(-1, len(text))


def test_a_method_that_remembers_clips_gets_them_in_the_seeds_order():
    x, text = torch.zeros(20, 2), torch.zeros(3, 1, 2)
    places = [scores(Order(), x, text, seed)["inductive"][:, 0] for seed in (0, 0, 1)]
    assert np.array_equal(places[0], places[1]) and not np.array_equal(places[0], places[2])
    assert sorted(places[0]) == list(range(20)) and not np.array_equal(places[0], np.arange(20))


class Luck(Method):
    """Scores are drawn anew whenever they are asked for."""

    title = "Luck"

    def train(self, seen, text):
        for _ in self.resumable(3):
            yield {"loss": 0.0}

    def score(self, x, text):
        return torch.rand(len(x), len(text))


def test_every_epoch_is_judged_with_draws_of_its_own_and_the_same_again(tiny):
    divided = fold(tiny("dvta"))
    first, again, other = (
        train(Luck(), divided, seed=seed, keep={"inductive": 2}).scores["inductive"] for seed in (0, 0, 1)
    )
    assert np.array_equal(first[2], again[2]) and np.array_equal(first[3], again[3])
    assert not np.array_equal(first[2], first[3]) and not np.array_equal(first[3], other[3])


def test_a_finished_training_is_read_and_an_unfinished_one_goes_on(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(resuming, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    job, path = tiny("dvta"), tmp_path / "x" / "run.main.pt"
    whole = train(method_of(job), fold(job), seed=0)

    def stop(history):
        if history.epochs == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(method_of(job), fold(job), seed=0, checkpoint=Checkpoint(path), on_epoch=stop)
    epochs = []
    again = train(
        method_of(job), fold(job), seed=0, checkpoint=Checkpoint(path), on_epoch=lambda h: epochs.append(h.epochs)
    )
    assert epochs == [3, 4] and again.losses == whole.losses and again.accuracy == whole.accuracy
    read = train(method_of(job), fold(job), seed=0, checkpoint=Checkpoint(path), on_epoch=lambda h: 1 / 0)
    assert read.losses == whole.losses and read.seconds == again.seconds
    for epoch, values in whole.scores["inductive"].items():
        np.testing.assert_array_equal(values, read.scores["inductive"][epoch])
    Checkpoint(path).remove()
    assert not path.parent.exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_a_damaged_checkpoint_and_one_of_other_epochs_are_not_gone_on_from(tiny, tmp_path, content):
    job, path = tiny("dvta"), tmp_path / "run.pt"
    labels = fold(job).test.labels
    train(method_of(job), fold(job), seed=0, checkpoint=Checkpoint(path))
    read = lambda keep, generalized: Checkpoint(path).read(labels, keep, generalized=generalized)
    assert read({}, False) is not None
    assert read({"inductive": 2}, False) is None and read({}, True) is None
    path.write_bytes(content)
    assert read({}, False) is None


def test_trained_parameters_are_counted_and_frozen_ones_are_not(tiny, tmp_path):
    dvta, pgfa, nearest = (method_of(tiny(name)) for name in ("dvta", "pgfa", "nearest"))
    history = train(dvta, fold(tiny("dvta")), seed=0, checkpoint=Checkpoint(tmp_path / "run.pt"))
    assert history.parameters == sum(p.numel() for p in dvta.network.parameters()) > 0
    read = train(method_of(tiny("dvta")), fold(tiny("dvta")), seed=0, checkpoint=Checkpoint(tmp_path / "run.pt"))
    assert read.parameters == history.parameters
    history = train(pgfa, fold(tiny("pgfa")), seed=0)
    assert not pgfa.network.logit_scale.requires_grad
    assert history.parameters == sum(p.numel() for p in pgfa.network.parameters()) - 1
    history = train(nearest, fold(tiny("nearest")), seed=0)  # tensors, and no network
    assert history.parameters == nearest.weight.numel() + nearest.bias.numel()
    assert train(method_of(tiny("random")), fold(tiny("random")), seed=0).parameters == 0


@pytest.mark.parametrize("together", [True, False])
def test_records_have_seconds_and_parameters_of_the_training(tiny, tmp_path, together):
    jobs = [tiny("dvta", seed=seed) for seed in (0, 1)]
    records = [r for part in ([jobs] if together else [[j] for j in jobs]) for r in execute(part, tmp_path)]
    method = method_of(jobs[0])
    alone = train(method, fold(jobs[0]), seed=0)
    for record in records:
        assert record.counts["parameters"] == alone.parameters and record.timings["main_s"] > 0


def test_a_method_that_trains_for_no_epoch_is_an_error(tiny, misbehaving):
    with pytest.raises(ZsarError, match="trained for no epoch"):
        train(method_of(tiny("idle")), fold(tiny("idle")), seed=0)


@pytest.mark.parametrize("method", TOGETHER)
def test_several_in_one_loop_have_the_histories_of_each_alone(tiny, method):
    jobs = [tiny(method, seed=seed) for seed in (0, 1)]
    folds = [fold(job) for job in jobs]
    both = train_together([method_of(job) for job in jobs], folds, seeds=[0, 1])
    for job, divided, history in zip(jobs, folds, both, strict=True):
        alone = train(method_of(job), divided, seed=job.seed)
        np.testing.assert_allclose(alone.losses, history.losses, rtol=1e-3)
        np.testing.assert_allclose(alone.scores["inductive"][4], history.scores["inductive"][4], rtol=1e-3, atol=1e-3)


def test_a_method_without_a_form_for_several_runs_says_so(tiny):
    job = tiny("pgfa")
    with pytest.raises(ZsarError, match="PGFA trains one run at a time"):
        train_together([method_of(job)] * 2, [fold(job)] * 2, seeds=[0, 1])


@pytest.fixture
def on_one_device(monkeypatch):
    """Group runs on the CPU too, as is done on a GPU."""
    grouped = []

    def grouped_as_on_a_gpu(jobs, device):
        grouped.append(groups(jobs, "cuda"))
        return grouped[-1]

    monkeypatch.setattr(executing, "groups", grouped_as_on_a_gpu)
    return grouped


def alike(one: dict, other: dict) -> None:
    """Records of the same run, whose numbers agree as far as rounding lets them."""
    assert one.keys() == other.keys()
    for run, record in one.items():
        same = {k: v for k, v in record.items() if k not in ("scores", "results")}
        assert same == {k: v for k, v in other[run].items() if k not in ("scores", "results")}
        assert record["results"].keys() == other[run]["results"].keys()
        for name, values in record["scores"].items():
            theirs = other[run]["scores"][name]
            if name.startswith("inductive/last"):
                close = [np.frombuffer(s, np.float32) for s in (values, theirs)]
                np.testing.assert_allclose(*close, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", TOGETHER)
def test_runs_together_leave_the_records_of_runs_alone(tiny, tmp_path, numbers, on_one_device, monkeypatch, method):
    jobs, events = [tiny(method, seed=seed) for seed in (0, 1, 2)], []
    counts, together = [], training._follow_together
    counted = lambda form, runs: counts.append(len(runs)) or together(form, runs)
    monkeypatch.setattr(training, "_follow_together", counted)
    both = execute(jobs, tmp_path / "together", on_event=events.append)
    assert on_one_device == [[[0, 1, 2]]] and counts == [3, 3]  # the companions, then the main runs
    assert {e.kind for e in events} == {"epoch", "done"}
    monkeypatch.setattr(executing, "groups", groups)
    alone = execute(jobs, tmp_path / "alone")
    assert [r["run"] for r in both] == [r["run"] for r in alone]
    alike(numbers(tmp_path / "together"), numbers(tmp_path / "alone"))
    assert not (tmp_path / "together" / ".checkpoints").exists()


@pytest.mark.parametrize("method", TOGETHER)
@pytest.mark.parametrize("goes_on", ["together", "alone"])
def test_interrupted_runs_go_on_together_or_alone(tiny, tmp_path, numbers, on_one_device, monkeypatch, method, goes_on):
    monkeypatch.setattr(resuming, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    jobs = [tiny(method, seed=seed) for seed in (0, 1)]
    whole = execute(jobs, tmp_path / "whole")
    epochs = []

    def stop(event):
        if event.kind == "epoch":
            epochs.append((event.phase, event.epoch))
            if epochs.count(("main", 2)) == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(jobs, tmp_path / "cut", on_event=stop)
    assert list((tmp_path / "cut" / ".checkpoints").glob("*.main.pt"))
    if goes_on == "alone":
        monkeypatch.setattr(executing, "groups", groups)
    events = []
    again = execute(jobs, tmp_path / "cut", on_event=events.append)
    assert not [e for e in events if e.phase == "companion"]
    assert [r["run"] for r in again] == [r["run"] for r in whole]
    alike(numbers(tmp_path / "cut"), numbers(tmp_path / "whole"))


def test_where_training_together_fails_each_is_run_by_itself_and_an_event_says_so(
    tiny, tmp_path, on_one_device, monkeypatch
):
    def broken(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(training, "_follow_together", broken)
    events = []
    records = execute([tiny("sadvae", seed=seed) for seed in (0, 1)], tmp_path, on_event=events.append)
    assert [r["status"] for r in records] == ["done", "done"]
    apart = [(e.kind, e.job, e.message) for e in events if e.kind == "apart"]
    assert apart == [("apart", 0, "RuntimeError: out of memory"), ("apart", 1, "RuntimeError: out of memory")]


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
    assert groups(jobs, "cuda") == [[0, 1], [2], [3], [4], [5]]
    assert groups(jobs, "cpu") == [[0], [1], [2], [3], [4], [5]]
    many = {seed: tiny("sadvae", seed=seed) for seed in range(executing.AT_ONCE + 1)}
    assert [len(g) for g in groups(many, "cuda:0")] == [executing.AT_ONCE, 1]


def test_a_run_that_is_already_trained_is_not_waited_for(tiny, tmp_path, on_one_device):
    jobs = [tiny("sadvae", seed=seed) for seed in (0, 1, 2)]
    execute(jobs[:1], tmp_path)
    records = execute(jobs, tmp_path)
    assert on_one_device[-1] == [[1, 2]] and [r["run"] for r in records] == [job.id for job in jobs]


def test_a_history_comes_back_from_its_state():
    history = History(np.array([0, 1]), {"inductive": 1})
    history.add({"inductive": np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)}, 0.5)
    again = History.of(history.labels, history.state())
    assert again.state().keys() == history.state().keys() and again.accuracy == {"inductive": [0.5]}
