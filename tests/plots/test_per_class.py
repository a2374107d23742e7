"""Bars are the means over seeds, whiskers the intervals."""

import numpy as np
import pytest
from from_folder import draw_folder

from zsar.errors import ZsarError
from zsar.evaluation.intervals import mean_interval

KINDS_OF_METHODS = (("pgfa", ("inductive", "transductive")), ("dvta", ("inductive",)))


def test_bars_are_the_means_over_seeds(varied, folder, texts):
    records = [varied(m, seed=s, modes=modes) for m, modes in KINDS_OF_METHODS for s in range(3)]
    records[0]["results"]["inductive"]["last"]["per_class"]["c2"] = 0.0
    for record in records:
        for by_rule in record["results"].values():
            by_rule["last"]["per_class"]["c4"] = None
    picture = draw_folder("per-class", folder(records))
    axes = picture.figure.axes[0]
    names = [t.get_text() for t in axes.get_yticklabels()]
    assert sorted(names) == ["c0", "c1", "c2", "c3", "c4"] and names[-1] == "c4"
    assert "no test clip" in texts(picture.figure)
    assert len(axes.containers) == 2 * 3  # bars and whiskers of two methods, one with two modes
    bars = {c.get_label(): c for c in axes.containers if c.get_label()[0] != "_"}
    assert set(bars) == {"PGFA", "PGFA (T)", "DVTA"}
    shares = {}
    for label, mode, method in (
        ("PGFA", "inductive", "pgfa"),
        ("PGFA (T)", "transductive", "pgfa"),
        ("DVTA", "inductive", "dvta"),
    ):
        runs = [r["results"][mode]["last"]["per_class"] for r in records if r["method"]["name"] == method]
        shares[label] = [100 * np.mean([run[c] for run in runs]) for c in names[:-1]]
        assert np.allclose([bar.get_width() for bar in bars[label]], shares[label])
    average = np.mean(list(shares.values()), axis=0)
    assert list(average) == sorted(average, reverse=True)
    assert len({bar[0].get_hatch() for bar in bars.values()}) == 3


def test_whiskers_are_the_intervals(varied, folder):
    records = [varied(seed=s) for s in range(4)]
    axes = draw_folder("per-class", folder(records)).figure.axes[0]
    names = [t.get_text() for t in axes.get_yticklabels()]
    whiskers = axes.containers[1].lines[2][0].get_segments()
    for name, ((low, _), (high, _)) in zip(names, whiskers, strict=True):
        mean, half = mean_interval([100 * r["results"]["inductive"]["last"]["per_class"][name] for r in records])
        assert (low, high) == pytest.approx((mean - half, mean + half))
    single = draw_folder("per-class", folder(records), seed=2)
    assert len(single.figure.axes[0].containers) == 1 and "Whiskers" not in single.caption


def test_a_class_that_is_never_recognised_has_a_nought(varied, folder):
    record = varied()
    record["results"]["inductive"]["last"]["per_class"] = {"c0": 0.0, "c1": 0.5, "c2": 0.5, "c3": 1.0, "c4": 0.004}
    axes = draw_folder("per-class", folder([record])).figure.axes[0]
    assert [t.get_text() for t in axes.texts] == ["0", "0"]


def test_more_methods_than_can_be_told_apart_are_refused(varied, folder):
    place = folder([varied(m) for m in ("pgfa", "dvta", "sadvae", "smie", "revise")])
    with pytest.raises(ZsarError, match="at most 4 methods.*5 fit.*REVISE"):
        draw_folder("per-class", place)
    assert len(draw_folder("per-class", place, method=["pgfa", "dvta"]).figure.axes[0].containers) == 2
