import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_tables import SEEN, tables

from zsar.errors import ZsarError
from zsar.evaluation import gzsl, stacking


def by_hand(scores, labels, mask):
    """S, U, their means per class and H, with loops."""
    hits = {}
    for row, label in zip(scores, labels, strict=True):
        best = 0
        for j in range(1, len(row)):
            if row[j] > row[best]:
                best = j
        hits.setdefault(int(label), []).append(best == label)
    out = []
    for side in (True, False):
        chosen = [hits[c] for c in hits if mask[c] == side]
        flat = [h for hs in chosen for h in hs]
        out += [
            sum(flat) / len(flat) if flat else None,
            sum(sum(h) / len(h) for h in chosen) / len(chosen) if chosen else None,
        ]
    s, s_class, u, u_class = out

    def harmonic(a, b):
        return None if a is None or b is None else 2 * a * b / (a + b) if a + b else 0

    return s, u, harmonic(s, u), s_class, u_class, harmonic(s_class, u_class)


@settings(max_examples=150, deadline=None)
@given(tables(both=False))
def test_metrics_agree_with_loops(table):
    scores, labels, mask = table
    found = gzsl.gzsl_metrics(scores, labels, [f"c{i}" for i in range(len(mask))], mask)
    names = (
        "seen",
        "unseen",
        "harmonic",
        "seen_mean_per_class",
        "unseen_mean_per_class",
        "harmonic_mean_per_class",
    )
    for name, expected in zip(names, by_hand(scores, labels, mask), strict=True):
        assert found[name] == (None if expected is None else pytest.approx(expected)), name
    assert found["seen_samples"] + found["unseen_samples"] == len(labels)


def test_metrics_agree_with_scikit_learn():
    from sklearn.metrics import accuracy_score, balanced_accuracy_score

    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(300, 5)), rng.integers(0, 5, 300)
    found = gzsl.gzsl_metrics(scores, labels, list("abcde"), SEEN)
    for side, rows in (("seen", SEEN[labels]), ("unseen", ~SEEN[labels])):
        truth, guess = labels[rows], scores.argmax(1)[rows]
        assert found[side] == pytest.approx(accuracy_score(truth, guess))
        with pytest.warns(UserWarning, match="y_pred contains classes"):
            assert found[f"{side}_mean_per_class"] == pytest.approx(balanced_accuracy_score(truth, guess))


@settings(max_examples=150, deadline=None)
@given(tables(), st.booleans())
def test_the_curve_is_that_of_a_brute_force_sweep(table, per_class):
    scores, labels, mask = table
    curve = gzsl.seen_unseen_curve(scores, labels, mask, per_class)
    gaps = np.unique(scores[:, mask].max(1) - scores[:, ~mask].max(1))
    # One constant before, between and after all gaps: ties at a gap itself don't occur.
    between = np.concatenate([[gaps[0] - 1], (gaps[1:] + gaps[:-1]) / 2, [gaps[-1] + 1]])
    assert len(curve.constants) == len(between)
    points = []
    for i, constant in enumerate(between):
        found = gzsl.accuracies((scores - constant * mask).argmax(1), labels, mask)
        tail = "_mean_per_class" if per_class else ""
        points.append((found[f"seen{tail}"], found[f"unseen{tail}"]))
        assert (curve.seen[i], curve.unseen[i]) == pytest.approx(points[-1], abs=1e-12)
        assert curve.harmonic[i] == pytest.approx(gzsl.harmonic_mean(*points[-1]), abs=1e-12)
        assert curve.constants[i] <= constant
    area = 0.0
    for (s0, u0), (s1, u1) in zip(points, points[1:], strict=False):
        area += (u1 - u0) * (s0 + s1) / 2
    assert curve.area == pytest.approx(area, abs=1e-12)


def test_the_area_of_one_gap_per_clip_counts_pairs():
    """Without ties and with all experts right, AUSUC is the area under the ROC curve of the gap."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 200)
    scores = np.stack([rng.normal(size=200) + (labels == 0), np.zeros(200)], axis=1)
    area = gzsl.seen_unseen_curve(scores, labels, np.array([True, False])).area
    assert area == pytest.approx(roc_auc_score(labels == 0, scores[:, 0]))


def test_the_area_ignores_any_calibration():
    rng = np.random.default_rng(2)
    scores, labels = rng.normal(size=(60, 5)), np.arange(60) % 5
    before = gzsl.seen_unseen_curve(scores, labels, SEEN).area
    assert gzsl.seen_unseen_curve(scores - 3 * SEEN, labels, SEEN).area == pytest.approx(before)


def test_the_area_of_a_record_is_in_units_of_each_clip_s_own():
    """As stacking's constants are: how a method scales one clip's scores says nothing of seen and unseen."""
    rng = np.random.default_rng(3)
    scores, labels = rng.normal(size=(60, 5)), np.arange(60) % 5
    scaled = scores * rng.uniform(0.1, 10, size=(60, 1)) + rng.normal(size=(60, 1))
    one, other = (gzsl.gzsl_metrics(x, labels, list("abcde"), SEEN) for x in (scores, scaled))
    for name, per_class in (("ausuc", False), ("ausuc_mean_per_class", True)):
        area = gzsl.seen_unseen_curve(gzsl.standard_scores(scores), labels, SEEN, per_class).area
        assert one[name] == other[name] == pytest.approx(area)
    assert gzsl.seen_unseen_curve(scaled, labels, SEEN).area != pytest.approx(one["ausuc"])


def test_a_missing_side_is_unknown_and_not_zero():
    scores = np.eye(5)[[0, 2, 3]]
    found = gzsl.gzsl_metrics(scores, np.array([0, 2, 3]), list("abcde"), SEEN)
    assert found["seen"] == 1.0
    assert found["unseen"] is found["harmonic"] is found["ausuc"] is None
    assert found["per_class"] == {"a": 1.0, "b": None, "c": 1.0, "d": 1.0, "e": None}
    found = gzsl.gzsl_metrics(np.eye(5)[[1]], np.array([1]), list("abcde"), SEEN)
    assert found["seen"] is found["harmonic_mean_per_class"] is None and found["unseen"] == 1.0
    with pytest.raises(ZsarError, match="test clips of unseen classes"):
        gzsl.seen_unseen_curve(scores, np.array([0, 2, 3]), SEEN)


def test_nothing_right_is_zero_and_not_a_division_by_zero():
    assert gzsl.harmonic_mean(0.0, 0.0) == 0.0
    assert gzsl.accuracies(np.array([1, 0]), np.array([0, 1]), np.array([True, False]))["harmonic"] == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(value):
    scores = np.zeros((4, 5))
    scores[2, 1] = value
    labels = np.array([0, 1, 2, 3])
    for function in (
        lambda: gzsl.gzsl_metrics(scores, labels, list("abcde"), SEEN),
        lambda: gzsl.seen_unseen_curve(scores, labels, SEEN),
        lambda: stacking.choose_constant(scores, labels, SEEN),
        lambda: stacking.apply_constant(scores, SEEN, 0.0),
    ):
        with pytest.raises(ZsarError, match="1 of 20 scores are NaN or infinite, in 1 of 4"):
            function()


@pytest.mark.parametrize(
    ("labels", "mask", "classes", "said"),
    [
        ([0, 1, 2], SEEN, "abcde", "scores for 4 samples, but labels for 3"),
        ([0, 1, 2, 5], SEEN, "abcde", "5 is not a position among 5 classes"),
        ([0, 1, 2, 3], SEEN, "abcd", "4 class ids for scores with 5 columns"),
        ([0, 1, 2, 3], SEEN[:4], "abcde", "don't match a mask of 4 classes"),
        ([0, 1, 2, 3], np.ones(5, bool), "abcde", "classes is unseen"),
        ([0, 1, 2, 3], np.zeros(5, bool), "abcde", "classes is seen"),
        ([0, 1, 2, 3], np.ones(5), "abcde", "should be bool"),
        ([0.0, 1.0, 2.0, 3.0], SEEN, "abcde", "integers"),
        ([], SEEN, "abcde", "no samples"),
    ],
)
def test_what_does_not_fit_together_is_refused(labels, mask, classes, said):
    with pytest.raises(ZsarError, match=said):
        gzsl.gzsl_metrics(np.zeros((4, 5)), np.array(labels), list(classes), mask)
