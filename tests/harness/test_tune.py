"""Grids are tried on pseudo-unseen classes of the same folds as a benchmark's companions."""

import pytest

from zsar.errors import UnknownName
from zsar.harness.fold import fold
from zsar.harness.plan import plan
from zsar.harness.train import train
from zsar.harness.tune import Trial, tune
from zsar.plugins import find

SPLIT = "smie.split-7"


@pytest.mark.slow
def test_a_point_of_the_grid_is_what_training_on_the_companions_gives(home):
    grid, reported = {"passes": [1, 2], "trajectory.components": [4]}, []
    base = {"cycles": 2, "draws": 5, "classifier_steps": 5}
    trials = tune(
        "sadvae",
        "pku-sim",
        {**grid, **{key: [value] for key, value in base.items()}},
        splits=SPLIT,
        folds=2,
        workers=2,
        on_trial=reported.append,
    )
    assert sorted(trials, key=lambda t: t.keywords["passes"]) == sorted(reported, key=lambda t: t.keywords["passes"])
    assert [t.mean for t in trials] == sorted((t.mean for t in trials), reverse=True) and len(trials) == 2
    for trial in trials:
        keywords = {"sadvae": {**base, "passes": trial.keywords["passes"]}, "trajectory": {"components": 4}}
        [job] = plan("sadvae", "pku-sim", splits=SPLIT, rules="last", keywords=keywords)
        method = lambda job=job: find("method", "sadvae")(**job.keywords)
        alone = [train(method(), fold(job, companion=n), seed=0).accuracy["inductive"][-1] for n in (0, 1)]
        assert trial.accuracies == tuple(alone) and trial.adapted == () and trial.seconds > 0


def test_a_mean_has_an_error_only_over_several_folds():
    assert Trial({}, (0.2, 0.4), (), 1.0).error == pytest.approx(0.1)
    assert Trial({}, (0.2,), (), 1.0).error != Trial({}, (0.2,), (), 1.0).error  # not a number


def test_an_unknown_keyword_is_refused_before_anything_runs(home):
    with pytest.raises(UnknownName, match="passes"):
        tune("sadvae", "pku-sim", {"pases": [1]}, splits=SPLIT)
