"""From scores of 50,000 clips among 120 classes to all that a record holds of them."""

import math
import time
from collections.abc import Iterator

import numpy as np

from zsar.benchmarks.speed.case import Case
from zsar.evaluation.gzsl import gzsl_metrics
from zsar.evaluation.metrics import zsl_metrics
from zsar.harness.judge import Generalized, calibrated

CLIPS, SEEN, UNSEEN = 50_000, 96, 24
THREADS = 1
NOTE = "Metrics are counted in whole arrays; the seen-unseen curve is exact, by one sort of the clips' gaps."


def random_scores(clips: int, seed: int) -> Generalized:
    """Scores that are right more often than by chance, each clip's of another scale; four in five of seen classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(SEEN + UNSEEN, size=clips)
    scores = rng.normal(size=(clips, SEEN + UNSEEN)).astype(np.float32)
    scores[np.arange(clips), labels] += 2
    scores *= rng.uniform(0.1, 10, size=(clips, 1)).astype(np.float32)
    logits = rng.normal(size=(clips, SEEN)).astype(np.float32)
    logits[labels < SEEN, labels[labels < SEEN]] += 4
    return Generalized(scores, scores[:, SEEN:], labels, logits, tuple(f"c{i}" for i in range(SEEN + UNSEEN)))


def plain_metrics(scores, labels, seen: int) -> dict:
    """Accuracies and the area under the curve of scores in standard units, clip by clip."""
    right, of_class, of_right, gaps = 0, {}, {}, []
    for row, label in zip(scores, labels, strict=True):
        guess = max(range(len(row)), key=row.__getitem__)
        of_class[label] = of_class.get(label, 0) + 1
        of_right[label] = of_right.get(label, 0) + (guess == label)
        best_seen = max(range(seen), key=row.__getitem__)
        best_unseen = max(range(seen, len(row)), key=row.__getitem__)
        mean = sum(row) / len(row)
        unit = math.sqrt(sum((value - mean) ** 2 for value in row) / len(row))
        gap = (row[best_seen] - row[best_unseen]) / unit
        gaps.append((gap, label < seen, label in (best_seen, best_unseen)))
        right += guess == label
    count = sum(is_seen for _, is_seen, _ in gaps)
    s = sum(good for _, is_seen, good in gaps if is_seen) / count
    u = area = 0.0
    for _, is_seen, good in sorted(gaps, key=lambda gap: gap[0]):
        if good and is_seen:
            s -= 1 / count
        elif good:
            area, u = area + s / (len(gaps) - count), u + 1 / (len(gaps) - count)
    return {
        "top1": right / len(labels),
        "mean_per_class": sum(of_right[c] / n for c, n in of_class.items()) / len(of_class),
        "ausuc": area,
    }


def cases(device: str, short: bool) -> Iterator[Case]:
    """The numbers of both settings, against loops; then all strategies of a record, with the companion run's."""
    few = random_scores(CLIPS // 10, 0)
    ids = list(few.classes)

    def fast() -> dict:
        return zsl_metrics(few.scores, few.labels, ids) | gzsl_metrics(few.scores, few.labels, ids, few.seen_mask)

    def plain() -> dict:
        return plain_metrics(few.scores.tolist(), few.labels.tolist(), SEEN)

    def check() -> float:
        worst = max(abs(fast()[name] - value) for name, value in plain().items())
        assert worst < 1e-9, f"the metrics differ from those counted clip by clip by {worst:.1e}"
        return worst

    yield Case(
        f"Metrics of {CLIPS // 10} clips, {SEEN + UNSEEN} classes",
        f"random scores [{CLIPS // 10}, {SEEN + UNSEEN}]",
        fast=fast,
        plain=plain,
        check=check,
        target=5.0,
    )
    if short:
        return
    test, tuning = random_scores(CLIPS, 0), random_scores(CLIPS, 1)
    everything = lambda: (calibrated(test, tuning), zsl_metrics(test.scores, test.labels, ids))
    everything()
    begin = time.process_time()
    everything()
    took = time.process_time() - begin
    yield Case(
        f"All metrics of a record, {CLIPS} clips, {SEEN + UNSEEN} classes",
        f"random scores [{CLIPS}, {SEEN + UNSEEN}] of a main and of a companion run",
        fast=everything,
        seconds=2.0,
        note=f"{took:.2f} s of processor time, which is what it takes on a core that nobody else uses.",
    )
