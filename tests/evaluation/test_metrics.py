import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, recall_score

from zsar.errors import ZsarError
from zsar.evaluation.metrics import confusion, mean_per_class, per_class_accuracy, top1, zsl_metrics


@st.composite
def scored(draw):
    """Scores with ties (few distinct values), labels that may leave classes without a sample."""
    n, c = draw(st.integers(1, 40)), draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return (
        rng.integers(0, 4, (n, c)).astype(np.float32),
        rng.integers(0, c, n),
        [f"u/{i}" for i in range(c)],
    )


@settings(max_examples=200, deadline=None)
@given(scored())
def test_agrees_with_brute_force(case):
    scores, labels, classes = case
    right, seen, table = (
        [0] * len(classes),
        [0] * len(classes),
        [[0] * len(classes) for _ in classes],
    )
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        prediction = row.index(max(row))  # the first of equal scores
        seen[label] += 1
        right[label] += prediction == label
        table[label][prediction] += 1
    found = zsl_metrics(scores, labels, classes)
    assert found["top1"] == pytest.approx(sum(right) / len(labels))
    expected = [r / n if n else None for r, n in zip(right, seen, strict=True)]
    assert found["per_class"] == dict(zip(classes, expected, strict=True))
    present = [e for e in expected if e is not None]
    assert found["mean_per_class"] == pytest.approx(sum(present) / len(present))
    assert found["confusion"] == table
    assert found["samples"] == sum(map(sum, table)) == len(labels)
    assert found["chance"] == 1 / len(classes)


@pytest.mark.filterwarnings("ignore:y_pred contains classes:UserWarning")
@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
@settings(max_examples=100, deadline=None)
@given(scored())
def test_agrees_with_scikit_learn(case):
    scores, labels, classes = case
    predictions = scores.argmax(axis=1)
    everything = list(range(len(classes)))
    assert top1(predictions, labels) == pytest.approx(accuracy_score(labels, predictions))
    assert mean_per_class(predictions, labels) == pytest.approx(balanced_accuracy_score(labels, predictions))
    assert (
        confusion(predictions, labels, len(classes))
        == confusion_matrix(labels, predictions, labels=everything).tolist()
    )
    recalls = recall_score(labels, predictions, labels=everything, average=None, zero_division=math.nan)
    found = per_class_accuracy(predictions, labels, classes)
    for recall, accuracy in zip(recalls, found.values(), strict=True):
        assert accuracy is None if math.isnan(recall) else accuracy == pytest.approx(recall)


def test_every_sample_counts_once_whatever_the_batches():
    labels = np.zeros(65, dtype=int)
    predictions = np.r_[np.zeros(64, dtype=int), 1]
    assert top1(predictions, labels) == 64 / 65  # the mean over batches of 64 would be 1/2


def test_nan_scores_are_counted_in_the_error():
    scores = np.zeros((5, 3))
    scores[1, :2] = np.nan
    scores[4, 0] = np.nan
    with pytest.raises(ZsarError, match=r"3 of 15 scores are NaN, in 2 of 5 samples"):
        zsl_metrics(scores, np.zeros(5, int), ["a", "b", "c"])


def test_a_class_without_a_sample_is_null_and_not_in_the_mean():
    found = zsl_metrics(np.eye(3)[[0, 0, 1]], np.array([0, 0, 0]), ["a", "b", "c"])
    assert found["per_class"] == {"a": pytest.approx(2 / 3), "b": None, "c": None}
    assert found["mean_per_class"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("scores", "labels", "classes", "said"),
    [
        (np.zeros((2, 3)), [0, 1], ["a", "b"], "don't match 2 classes"),
        (np.zeros((2, 2)), [0, 2], ["a", "b"], "1 of 2 labels out of range: 2"),
        (np.zeros((2, 2)), [0, -1], ["a", "b"], "out of range: -1"),
        (np.zeros((2, 2)), [0], ["a", "b"], "2 samples, but labels for 1"),
        (np.zeros((0, 2)), np.zeros(0, int), ["a", "b"], "no samples"),
        (np.zeros((1, 0)), [0], [], "0 classes"),
        (np.zeros((2, 2)), [0.0, 1.0], ["a", "b"], "should be integers"),
        (np.zeros((2, 2)), [[0, 1]], ["a", "b"], "should be \\[N\\]"),
        (np.zeros((2, 2)), [0, 1], ["a", "a"], "given twice among the candidates: a"),
    ],
)
def test_input_that_does_not_match_is_refused(scores, labels, classes, said):
    with pytest.raises(ZsarError, match=said):
        zsl_metrics(scores, np.array(labels), classes)
