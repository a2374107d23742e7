"""A map of the unseen test clips: by their features before a method, or by its scores after it."""

from collections import defaultdict

import numpy as np

from zsar.errors import DataError, RecordError, UnknownName, ZsarError
from zsar.plots import phrases, places, style
from zsar.plots.choosing import Selection
from zsar.plots.picture import Picture
from zsar.results import Record

SPACES = ("features", "scores")
INSTEAD = "Or draw the method's scores, which lie beside the record: --space scores"
FEWEST = 8
"""Clips below which neighbourhoods mean nothing."""


def draw(selection: Selection, width: float, space: str) -> Picture:
    """t-SNE of one run's clips, a colour and a marker per class; of ``scores``, with the class prototypes.

    Of several seeds the smallest is drawn. Raises `ZsarError` when runs of several splits fit, of several methods or
    configurations for their scores, or encoders for their features, or what is to be drawn isn't there.
    """
    if space not in SPACES:
        raise UnknownName("space", space, SPACES)
    selection.one_split()
    if space == "scores":
        selection.one_configuration()
    record = selection.first if space == "scores" else _run_of_one_encoder(selection)
    scores = selection.results.scores
    mode = selection.one_mode() if space == "scores" else next(iter(record.results))
    name = f"{mode}/{selection.rule}"
    arrays = scores.read(record.run, ("labels", "samples", name)) if scores else None
    if arrays is None:
        raise RecordError(
            f"run {record.run} has no scores beside its record",
            f"{record.run}.npz belongs into the same folder; the benchmark writes it.",
        )
    labels = arrays["labels"]
    if len(labels) < FEWEST:
        raise ZsarError(f"a map needs {FEWEST} clips or more, and run {record.run} has {len(labels)}")
    names = phrases.class_names(record)
    if space == "features":
        about = f"features of {record.encoder['name']}" if record.encoder else "features"
        points = places.of_features(features(record, arrays["samples"].tolist()))
        head = f"{phrases.split(record)}, {about}, seed {record.seed}"
        title = f"t-SNE of the {about} of the unseen test clips, before any method"
    else:
        points = of_scores(arrays[name])
        about = f"{phrases.method(record, mode)}, {phrases.RULES[selection.rule]}, seed {record.seed}"
        head = f"{phrases.split(record)}, scores of {about}"
        title = f"t-SNE of the unseen test clips by their scores of {about}; numbers: the classes' prototypes"
    caption = f"{title}: {phrases.dataset(record)}, {phrases.split(record)}; {len(labels)} clips, run {record.run}."
    classes = [names[c] for c in record.split.unseen]
    return Picture(_figure(points, labels, classes, (phrases.dataset(record), head), width), caption)


def _run_of_one_encoder(selection: Selection) -> Record:
    """The first run that has an encoder; methods that share one have the same features."""
    by_encoder: dict[str, list[Record]] = defaultdict(list)
    for record in selection.records:
        if record.encoder:
            by_encoder[record.fingerprints["encoder"]].append(record)
    if len(by_encoder) > 1:
        runs = "; ".join(f"{of[0].encoder['name']} (run {of[0].run})" for of in by_encoder.values())
        raise ZsarError(
            f"the map shows the features of one encoder, and {len(by_encoder)} fit: {runs}", "Name a run with --run."
        )
    return min((r for of in by_encoder.values() for r in of), key=lambda r: r.seed, default=selection.first)


def features(record: Record, samples: list[str]) -> np.ndarray:
    """The features [n, D] of a run's unseen test clips, or a `DataError` that says what to draw instead."""
    from zsar.encoders.recorded import unseen_test_features

    try:
        return unseen_test_features(record, samples)
    except DataError as e:
        raise DataError(f"no features to draw: {e.message}", "\n".join(filter(None, (e.hint, INSTEAD)))) from e


def of_scores(scores: np.ndarray) -> np.ndarray:
    """Places [n + C, 2] of clips by their scores [n, C], and of the C prototypes, which come last.

    A clip's scores are centred and of unit length; a prototype is the direction in which its own score alone is high.
    Raises `ZsarError` for two classes, whose scores differ along one line only.
    """
    if scores.shape[1] < 3:
        raise ZsarError(
            "scores of two classes differ along one line only, which is no map",
            "Draw the features, without --method: --space features",
        )
    both = np.concatenate([scores.astype(np.float64), np.eye(scores.shape[1])])
    both -= both.mean(axis=1, keepdims=True)
    both /= np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-12)
    return places.tsne(both)


def _figure(points: np.ndarray, labels: np.ndarray, names: list[str], lines: tuple[str, ...], width: float):
    prototypes = points[len(labels) :]
    if len(prototypes):
        names = [f"{k} {name}" for k, name in enumerate(names, 1)]
    with style.drawing():
        fig = style.figure(width)
        axes = fig.add_subplot()
        for k, name in enumerate(names):
            colour, marker = style.COLOURS[k % len(style.COLOURS)], style.MARKERS[k % len(style.MARKERS)]
            of = labels == k
            if of.any():
                axes.plot(
                    *points[: len(labels)][of].T,
                    linestyle="none",
                    marker=marker,
                    markersize=5 if marker == "*" else 3.6,  # whose arms are thin
                    markeredgewidth=0.3,
                    markeredgecolor="black" if colour in style.COLOURS[-1:] else "white",
                    color=colour,
                    label=name,
                )
        for k, place in enumerate(prototypes):
            axes.annotate(
                str(k + 1),
                place,
                ha="center",
                va="center",
                fontsize=style.SMALL,
                bbox={
                    "boxstyle": "circle,pad=0.2",
                    "facecolor": "white",
                    "edgecolor": style.COLOURS[k % len(style.COLOURS)],
                    "linewidth": 1.2,
                },
                zorder=6,
            )
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.06)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(True)
            spine.set_color(style.LIGHT)
        style.legend_below(fig, axes)
        style.finish(fig, *lines, tall=lambda across: 0.85 * across)
    return fig
