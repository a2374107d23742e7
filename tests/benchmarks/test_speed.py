"""The speed benchmark: what it measures agrees, what falls behind fails, and the document says what was kept."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from zsar.benchmarks.speed import __main__ as command
from zsar.benchmarks.speed import case as case_module
from zsar.benchmarks.speed import document, dvta, evaluation, leaderboard, machine, narrow, sadvae, scoring
from zsar.benchmarks.speed.case import Case, fell, measure, reached
from zsar.methods.dvta import DVTA
from zsar.methods.sadvae import SADVAE

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def threads():
    """A part sets its own number, which would change the last digits of what later tests compute."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A form takes as long as it says, so that no test depends on what else the machine does."""
    timed = case_module._timed
    said = lambda form, repeats, device: form() if isinstance(form, Slow) else timed(form, repeats, device)
    monkeypatch.setattr(case_module, "_timed", said)


class Slow:
    """A form that takes these seconds, one call after the other; the first is for warming up."""

    def __init__(self, *seconds):
        self.seconds, self.calls = seconds, 0

    def __call__(self):
        self.calls += 1
        return self.seconds[max(0, self.calls - 2) % len(self.seconds)]


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_dvtas_step_is_the_plain_one(batch):
    assert dvta.step(batch, "cpu", "float32").check() < 1e-4


def test_dvtas_scores_are_the_plain_ones():
    assert dvta.scores(3, 5, "cpu").check() < 1e-4


def test_a_narrow_networks_step_is_the_plain_one_and_its_time_has_places():
    trained, x = narrow.network(2, 8), torch.randn(3, 3, 16, 25, 1)
    assert narrow.check(trained, x) < 1e-7
    words = narrow.where(lambda: narrow.training_pass(trained, x, torch.float32))
    assert words.startswith("Of the time: ") and "convolution_backward" in words and words.count("%") == narrow.NAMED


def test_sadvaes_step_is_the_plain_one():
    assert sadvae.checked("cpu") < 1e-4


def test_the_classifier_is_the_plain_one(monkeypatch):
    monkeypatch.setattr(scoring, "CLASSES", 5)
    assert scoring.classifier("cpu").check() < 1e-3


def test_the_metrics_are_those_counted_clip_by_clip(monkeypatch):
    monkeypatch.setattr(evaluation, "CLIPS", 4000)
    assert next(evaluation.cases("cpu", True)).check() < 1e-9


def test_a_ratio_is_of_medians_taken_in_turns():
    fast, plain, floor = Slow(3.0, 30.0, 3.0), Slow(6.0, 60.0, 9.0), Slow(2.0, 20.0, 2.0)
    case = Case("a", "b", fast, plain, lambda: 0.5, target=2.0, floor=floor, limit=1.5, steps=3)
    result = measure(case, 3, "cpu")
    assert result["ratio"] == 2.0 and result["over_floor"] == 1.5 and result["difference"] == 0.5
    assert result["fast_ms"] == 1000 and result["plain_ms"] == 3000 and result["floor_ms"] == 667
    assert reached(result) and not fell(result)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"ratio": 2.0, "target": 2.0}, True),
        ({"ratio": 1.9, "target": 2.0}, False),
        ({"ratio": 3.0, "target": 2.0, "over_floor": 1.3, "limit": 1.25}, False),
        ({"fast_ms": 1900.0, "limit_s": 2.0}, True),
        ({"fast_ms": 2100.0, "limit_s": 2.0}, False),
        ({"peak_mb": 2100, "limit_mb": 2000.0}, False),
        ({"fast_ms": 1.0}, None),
    ],
)
def test_reached_is_everything_that_is_demanded(found, expected):
    assert reached(found) is expected


def test_only_float32_ratios_far_below_their_target_fall():
    assert fell({"dtype": "float32", "ratio": 1.59, "target": 2.0})
    assert not fell({"dtype": "float32", "ratio": 1.61, "target": 2.0})
    assert not fell({"dtype": "bfloat16", "ratio": 1.0, "target": 2.0})
    assert not fell({"dtype": "float32", "target": None})


@pytest.fixture
def part(monkeypatch, tmp_path):
    """A part of one case whose plain form takes so many times as long as the fast one."""

    def make(times):
        case = Case("made up", "nothing", Slow(1.0), Slow(times), target=2.0)
        made = SimpleNamespace(cases=lambda device, short: iter([case]), THREADS=1, NOTE="A note.")
        monkeypatch.setattr(command.importlib, "import_module", lambda name: made)
        return lambda *more: command.main(["--part", "dvta", "--out", str(tmp_path), "--rounds", "2", *more])

    return make


def test_a_short_run_fails_when_a_ratio_has_fallen(part, tmp_path, capsys):
    assert part(1.7)("--short") == 0
    assert part(1.5)("--short") == 1
    assert "made up" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_a_run_keeps_what_the_document_is_made_from(part, tmp_path):
    assert part(1.0)() == 0
    kept = json.loads((tmp_path / "dvta.json").read_text())
    assert kept["cases"][0]["ratio"] < 1.6 and kept["versions"]["torch"] and kept["machine"]["cores"] >= 1
    text = document.render(tmp_path)
    assert "made up" in text and "not reached" in text and "A note." in text and kept["command"] in text
    assert "Not measured: no GPU" in text


def test_a_part_without_cases_here_says_so_and_keeps_nothing(tmp_path, capsys):
    assert command.main(["--part", "leaderboard", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "leaderboard: nothing to measure on cpu\n" and not list(tmp_path.iterdir())


def test_an_epoch_of_a_leaderboards_training(monkeypatch):
    text, x = torch.randn(5, 2, 8), torch.rand(20, 6)
    for method in (DVTA(epochs=10**6, batch=8), SADVAE(cycles=10**6, batch=8)):
        step = leaderboard.epochs(method, x, text)
        assert step()["loss"] != step()["loss"]


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit) as end:
        command.main(["--part", "dvtb"])
    printed = capsys.readouterr().err
    assert end.value.code == 2 and "known: " in printed and "dvta, " in printed


def test_results_name_no_machine():
    assert set(machine.described("cpu")) == {"processor", "cores", "system"}


def test_the_document_is_made_from_the_kept_results(tmp_path):
    copy = tmp_path / "performance.md"
    assert document.main([str(ROOT / "benchmarks" / "speed" / "results"), str(copy)]) == 0
    assert copy.read_text() == (ROOT / "docs" / "performance.md").read_text()
