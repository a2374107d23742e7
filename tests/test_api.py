"""The functions of `zsar.api` as a script uses them; docs/python.md and the notebooks go through the rest."""

from dataclasses import dataclass

import pytest
import torch

import zsar
from zsar import plugins
from zsar.data.datasets import open_dataset
from zsar.errors import UnknownName, ZsarError
from zsar.methods import Method
from zsar.testing.small import small_dataset

SPLIT = "smie.split-7"


def constant(place: int) -> type[Method]:
    """A method of one's own that takes every clip for the same candidate; always of the same name."""

    @dataclass(kw_only=True, eq=False)
    class Constant(Method):
        title = "Constant"

        def train(self, seen, text):
            yield {"loss": 0.0}

        def score(self, x, text):
            return torch.eye(len(text))[place].expand(len(x), -1)

    return Constant


@pytest.fixture(autouse=True)
def no_class_of_ones_own(monkeypatch):
    monkeypatch.setattr(plugins, "_local", {})


@pytest.fixture
def four(tmp_path, monkeypatch):
    """All classes with four clips by two people each, so that there are test clips of seen classes."""
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "home"))
    small_dataset(tmp_path / "home", None, clips_per_class=4, subjects=2)
    open_dataset.cache_clear()
    yield
    open_dataset.cache_clear()


def bench(methods, out, **options):
    return zsar.bench(methods, "pku-sim", splits=SPLIT, rule="last", out=out, progress=False, **options)


def test_a_class_of_ones_own_is_run_anew_for_it_may_have_changed(home, tmp_path):
    confusions = []
    for place in (0, 1):
        [record] = bench([constant(place)], tmp_path)
        confusions.append(record.results["inductive"]["last"]["confusion"])
    taken_for = [[sum(column) > 0 for column in zip(*c, strict=True)].index(True) for c in confusions]
    assert taken_for == [0, 1]


def test_what_is_installed_is_not_run_again(home, tmp_path, capsys):
    [first] = bench("nearest", tmp_path)
    written = (tmp_path / f"{first.run}.json").stat().st_mtime_ns
    [second] = bench("nearest", tmp_path)
    assert second == first and (tmp_path / f"{first.run}.json").stat().st_mtime_ns == written
    assert capsys.readouterr().out == ""


def test_a_class_of_ones_own_stays_in_this_process(home, tmp_path):
    with pytest.raises(ZsarError, match="no package declares"):
        bench([constant(0)], tmp_path, jobs=2)
    with pytest.raises(ZsarError, match="not a subclass"):
        bench([object], tmp_path)


def test_the_callers_threads_are_his_again(home, tmp_path):
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(3)
    try:
        [record] = bench([constant(0)], tmp_path, threads=2)
        assert record.environment["threads"] == 2
        assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == (3, before[1])
    finally:
        torch.set_num_threads(before[0])


def test_results_show_filter_and_become_a_frame(four, tmp_path):
    assert [r.error_line for r in bench("nearest,random", tmp_path / "out", setting="zsl,gzsl").failures] == []
    results = zsar.load_results(tmp_path / "out")
    assert "Nearest" in repr(results) and "<table>" in results._repr_html_() and not results.failures
    assert {t.setting for t in results.leaderboard(setting="gzsl").tables} == {"gzsl"}
    assert {t.setting for t in results.leaderboard().tables} == {"zsl", "gzsl"}
    assert set(results.to_pandas().setting) == {"zsl", "gzsl"}
    with pytest.raises(UnknownName, match="setting 'szl'"):
        results.leaderboard(setting="szl")


def test_labels_stay_with_the_judge(four):
    data = zsar.load_dataset("pku-sim")
    assert SPLIT in data.splits and len(data.joints) == 25 and data.title.endswith("(simulated)")
    fold = data.fold(SPLIT, encoder="trajectory")
    seen, text = fold.train
    assert len(seen) == fold.sizes["seen_train"] and len(text) == len(fold.seen) == 46 and len(fold.unseen) == 5
    nearest = zsar.method("nearest")
    list(nearest.train(*fold.train))
    metrics = zsar.evaluate(nearest, fold)
    assert metrics["chance"] == pytest.approx(0.2) and 0 <= metrics["top1"] <= 1 and "harmonic" in metrics


def test_one_split_is_named(home):
    for call in (lambda: zsar.train("nearest", "pku-sim", "smie"), lambda: zsar.load_dataset("pku-sim").fold("smie")):
        with pytest.raises(ZsarError, match="names 3 splits"):
            call()
