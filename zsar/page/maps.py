"""Maps of unseen test clips and class prototypes, before and after a method has brought them together."""

from collections.abc import Callable, Iterable

import numpy as np

from zsar.data.cards import card
from zsar.errors import ZsarError
from zsar.page.mistakes import Judged
from zsar.page.recordings import Recordings
from zsar.plots import places
from zsar.results import Record
from zsar.text.vectors import SHIPPED, class_vectors

Features = Callable[[Record, list[str]], np.ndarray]
"""Makes a run's features [n, D] of named clips, or raises `ZsarError`."""

SHOWN = 300
"""Clips on one map; of more, as many of each class as makes this number."""
SIDE = 1000
"""Coordinates are whole numbers from 0 to this."""
STEPS = 500
"""Of t-SNE: a page has many maps."""
SHARPNESS = 2.0
"""How sharply standardised scores become shares: one standard deviation more is worth a factor of seven."""


def maps(
    rule: str,
    runs: Iterable[tuple[int, str, Record, Judged | None]],
    recordings: Recordings,
    features: Features | None,
) -> dict:
    """``after`` by entry, ``features`` and ``text`` by the number of the configuration, the clips' true ``labels``.

    ``runs``: configuration's number, mode, record and scores. Those of other clips than the first ones are left out.
    """
    content = {"rule": rule, "labels": None, "seed": None, "after": {}, "features": {}, "text": {}}
    clips, shown, maps = None, None, {}
    for number, mode, record, run in runs:
        if run is None or (clips is not None and run.samples != clips):
            continue
        if clips is None:
            clips, shown = run.samples, thin(run.labels)
            content |= {"labels": run.labels[shown].tolist(), "seed": record.seed, "clips": len(run.labels)}
        content["after"][f"{number}.{mode}.{rule}"] = {
            "seed": record.seed,
            "xy": of_scores(run.scores[shown]),
            "predicted": run.scores[shown].argmax(axis=1).tolist(),
        }
        key = "features", str(record.encoder), record.seed
        if key not in maps:
            maps[key] = _before(record, clips, shown, recordings, features)
        content["features"][number] = maps[key]
        key = "text", str(record.text)
        if key not in maps:
            maps[key] = _prototypes(record)
        content["text"][number] = maps[key]
    return content


def _before(record: Record, clips: list[str], shown, recordings: Recordings, features: Features | None):
    """A map of the encoder's features, or why there is none."""
    if recordings.missing:
        return recordings.missing
    if features is None:
        return "This page was made without the encoders' features."
    try:
        return of_features(features(record, clips)[shown])
    except ZsarError as e:
        return f"{e.message[0].upper()}{e.message[1:]}."


def _prototypes(record: Record) -> list[int] | str:
    """A map of the unseen classes' text vectors, a class's prompts averaged, or why there is none."""
    text = record.text or {}
    if text.get("model") not in SHIPPED:
        return f"The text vectors are {text.get('model') or 'unknown'}'s, which are not shipped with zsar."
    try:
        classes = card(record.dataset.id).classes
        vectors = class_vectors(text["prompt_set"], text["prompts"], tuple(classes), text["model"], fetch=False)
        if vectors.hash != text["hash"]:
            return "The texts are other ones now than in the records."
        return of_prototypes(vectors.of(record.split.unseen).mean(axis=1))
    except (ZsarError, KeyError):
        return "The text vectors could not be made again from these records."


def thin(labels: np.ndarray) -> np.ndarray:
    """Which clips [at most `SHOWN`] go onto the maps: evenly spaced ones, of every class alike."""
    classes = np.unique(labels)
    each = max(1, SHOWN // len(classes))
    kept = []
    for c in classes:
        members = np.flatnonzero(labels == c)
        kept.append(members[np.unique(np.linspace(0, len(members) - 1, min(each, len(members))).astype(int))])
    return np.sort(np.concatenate(kept))


def of_features(features: np.ndarray) -> list[int]:
    """t-SNE of features [n, D] as x, y, x, y, ..."""
    return _flat(places.of_features(features, STEPS))


def of_prototypes(vectors: np.ndarray) -> list[int]:
    """The first two principal components of class vectors [C, D]; there are too few of them for t-SNE."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    centred = unit - unit.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(vectors), 2))
    plane[:, : min(2, len(s))] = (u * s)[:, :2]
    return _flat(plane)


def of_scores(scores: np.ndarray) -> list[int] | None:
    """t-SNE of clips by their scores [n, C] together with the C prototypes, which come last.

    A clip's scores, standardised because methods score on scales of their own, become shares of the classes by a
    softmax; a prototype has all of its own class's share. Distances are Hellinger's, between the roots of the shares,
    so a clip's nearest prototype is that of the class it is given. None for two classes: there is one direction only.
    """
    if scores.shape[1] < 3:
        return None
    standard = scores - scores.mean(axis=1, keepdims=True)
    standard /= np.maximum(standard.std(axis=1, keepdims=True), 1e-12)
    shares = np.exp(SHARPNESS * standard)
    shares /= shares.sum(axis=1, keepdims=True)
    return _flat(places.tsne(np.sqrt(np.concatenate([shares, np.eye(scores.shape[1])])), STEPS))


def _flat(points: np.ndarray) -> list[int]:
    """Fitted to a square, either axis by itself; a direction in which nothing differs stays in the middle."""
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    size = np.ptp(points, axis=0)
    size = np.where(size > 1e-6 * max(float(size.max()), 1e-12), size, np.inf)
    return np.round(((points - middle) / size + 0.5) * SIDE).astype(int).ravel().tolist()
