"""Matrices of true and predicted classes are what the records hold."""

import json

import numpy as np
from from_folder import draw_folder

from zsar.data.cards import card


def committed_records(folder, **wanted):
    """The committed records of a dataset whose method and split are the ones wanted."""
    found = [json.loads(p.read_text()) for p in sorted(folder.glob("*.json"))]
    return [r for r in found if all(r[k]["name"] == v for k, v in wanted.items())]


def test_a_confusion_matrix_adds_up_the_seeds_and_names_the_classes(committed, texts):
    picture = draw_folder("confusion", committed / "utd-mhad", method="dvta", split="18-9")
    records = committed_records(committed / "utd-mhad", method="dvta", split="18-9")
    assert len(records) == 5
    total = sum(np.array(r["results"]["inductive"]["last"]["confusion"]) for r in records)
    expected = 100 * total / total.sum(axis=1, keepdims=True)
    shown = picture.figure.axes[0].get_images()[0].get_array()
    assert np.allclose(shown, expected) and np.allclose(shown.sum(axis=1), 100)
    said = texts(picture.figure)
    assert {"basketball shoot", "tennis serve", "knock", "true class", "predicted class"} <= set(said)
    written = [t for t in picture.figure.axes[0].texts if t.get_text().isdigit()]
    assert {(t.get_position(), t.get_text()) for t in written} == {
        ((j, i), f"{expected[i, j]:.0f}") for i, j in np.ndindex(expected.shape) if round(expected[i, j])
    }
    assert "DVTA" in said[-1] and "last epoch, 5 seeds" in said[-1]
    right = 100 * np.trace(total) / total.sum()
    assert f"{total.sum()} clips, {right:.1f} % right" in picture.caption


def test_a_confusion_matrix_of_one_seed_and_of_a_transductive_result(committed, texts):
    choice = dict(method="pgfa", split="purls.5-5", seed=3, mode="transductive", rule="oracle")
    picture = draw_folder("confusion", committed / "nw-ucla", **choice)
    [record] = [r for r in committed_records(committed / "nw-ucla", method="pgfa", split="5-5") if r["seed"] == 3]
    counts = np.array(record["results"]["transductive"]["oracle"]["confusion"])
    shown = picture.figure.axes[0].get_images()[0].get_array()
    assert np.allclose(shown, 100 * counts / counts.sum(axis=1, keepdims=True))
    head = texts(picture.figure)[-1]
    assert "PGFA (T)" in head and "oracle: epoch chosen on the test labels, seed 3" in head


def test_twenty_four_long_names_still_do_not_overlap(varied, folder):

    record, n = varied(dataset="ntu120"), 24
    record["split"]["unseen"] = list(card("ntu120").classes)[-n:]
    record["results"]["inductive"]["last"]["confusion"] = np.eye(n, dtype=int).tolist()
    figure = draw_folder("confusion", folder([record])).figure
    figure.canvas.draw()
    axes = figure.axes[0]
    for group in (axes.get_xticklabels(), axes.get_yticklabels(), axes.texts[:n]):
        boxes = [text.get_window_extent() for text in group]
        assert len(boxes) >= 10 and not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
