"""Seen against unseen accuracy: points from records, curves where the scores lie beside them."""

import numpy as np
import pytest
from from_folder import draw_folder

from zsar.errors import RecordError, ZsarError
from zsar.evaluation import apply_constant, oracle_constant
from zsar.evaluation.gzsl import accuracies
from zsar.plots.style import MARKERS
from zsar.results import Results
from zsar.results.record import read_records

METHODS = ("pgfa", "dvta", "sadvae", "synse")


SEEN, UNSEEN, CLIPS = 2, 5, 120


def drawn(axes):
    """All points (unseen, seen) of the axes, without the oracle's crosses."""
    return {
        (round(float(line.get_xdata()[0]), 6), round(float(line.get_ydata()[0]), 6))
        for line in axes.get_lines()
        if line.get_marker() in MARKERS and line.get_marker() != "x" and len(line.get_xdata()) == 1
    }


def curves(axes):
    return [line for line in axes.get_lines() if line.get_zorder() == 2]


@pytest.fixture
def scored(varied):
    """A record with generalized numbers that belong to the scores over all classes beside it."""

    def make(method="pgfa", seed=0):
        record = varied(method, seed=seed, settings=("zsl", "gzsl"))
        rng = np.random.default_rng([seed, len(method)])
        labels = rng.integers(0, SEEN + UNSEEN, CLIPS)
        scores = rng.normal(size=(CLIPS, SEEN + UNSEEN)) * rng.uniform(0.5, 4, (CLIPS, 1))
        scores[np.arange(CLIPS), labels] += 2
        scores[:, :SEEN] += 1.5
        scores, mask = scores.astype(np.float32), np.arange(SEEN + UNSEEN) < SEEN
        constant = oracle_constant(scores, labels, mask)
        strategies = record["results"]["inductive"]["last"]["gzsl"]["strategies"]
        strategies["oracle"] |= accuracies(apply_constant(scores, mask, constant).argmax(1), labels, mask)
        strategies["none"] |= accuracies(scores.argmax(1), labels, mask)
        return record, {"gzsl/inductive/last": scores, "gzsl/labels": labels, "labels": labels}

    return make


def test_committed_records_give_points_and_no_curve(committed):
    picture = draw_folder("seen-unseen", committed / "utd-mhad", method=METHODS, split="22-5")
    records = [r for r in read_records(committed / "utd-mhad") if r["method"]["name"] in METHODS]
    table = next(t for t in Results(records).tables(["last"]) if t.setting == "gzsl")
    cells = [row.cells["22-5"] for row in table.rows]
    assert len(cells) == 5 * 4  # four methods, one with two modes, and four strategies
    expected = {(round(100 * c.unseen.mean, 6), round(100 * c.seen.mean, 6)) for c in cells}
    assert drawn(picture.figure.axes[0]) == expected
    assert not curves(picture.figure.axes[0]) and "Curves" not in picture.caption
    for name in ("DVTA", "PGFA", "PGFA (T)", "SA-DVAE", "SynSE"):
        assert name in picture.caption.split("No curve for ")[1]


def test_curves_are_drawn_where_scores_are_and_the_others_named(scored, folder, texts):
    made = {m: [scored(m, seed) for seed in range(2)] for m in ("pgfa", "dvta")}
    arrays = {record["run"]: content for record, content in made["pgfa"]}
    place = folder([record for runs in made.values() for record, _ in runs], arrays)
    picture = draw_folder("seen-unseen", place)
    assert len(curves(picture.figure.axes[0])) == 2
    assert "No curve for DVTA: no scores" in picture.caption and "Curves: every constant" in picture.caption
    assert any("no scores for a curve: DVTA" in text for text in texts(picture.figure))
    assert "oracle (uses test labels)" in texts(picture.figure)


def test_the_oracle_lies_on_its_curve_where_the_harmonic_mean_is_highest(scored, folder):
    record, content = scored()
    axes = draw_folder("seen-unseen", folder([record], {record["run"]: content})).figure.axes[0]
    [curve] = curves(axes)
    points = np.stack(curve.get_data(), axis=1)
    oracle = record["results"]["inductive"]["last"]["gzsl"]["strategies"]["oracle"]
    assert np.abs(points - [100 * oracle["unseen"], 100 * oracle["seen"]]).sum(axis=1).min() < 1e-9
    harmonic = 2 * points.prod(axis=1) / np.maximum(points.sum(axis=1), 1e-9)
    assert harmonic.max() == pytest.approx(100 * oracle["harmonic"])
    none = record["results"]["inductive"]["last"]["gzsl"]["strategies"]["none"]
    assert np.abs(points - [100 * none["unseen"], 100 * none["seen"]]).sum(axis=1).min() < 1e-9


def test_scores_without_the_generalized_arrays_and_damaged_ones(scored, folder):
    record, content = scored()
    place = folder([record], {record["run"]: {"labels": content["labels"]}})
    assert not curves(draw_folder("seen-unseen", place).figure.axes[0])
    (place / f"{record['run']}.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(RecordError, match="damaged"):
        draw_folder("seen-unseen", place)


def test_what_was_not_judged_in_the_generalized_setting_is_refused(varied, folder):
    with pytest.raises(ZsarError, match="generalized setting\n.*--setting zsl,gzsl"):
        draw_folder("seen-unseen", folder([varied()]))


def test_a_strategy_without_numbers_has_no_point(varied, folder):
    record = varied(settings=("zsl", "gzsl"), unavailable={"gate": "too few clips"})
    assert len(drawn(draw_folder("seen-unseen", folder([record])).figure.axes[0])) == 3


def test_more_methods_than_can_be_told_apart_are_refused(committed):
    with pytest.raises(ZsarError, match="(?s)at most 6 methods.*--method"):
        draw_folder("seen-unseen", committed / "nw-ucla", split="5-5")
