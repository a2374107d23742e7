"""The gate of SynSE and SA-DVAE: which of two experts names a clip's class.

The seen expert is the pre-trained encoder's classifier, the unseen expert the method's scores over
unseen classes. A logistic regression on the top-k probabilities of both tells seen from unseen. It
is fitted on a companion run, whose pseudo-unseen classes it never trained on.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zsar.errors import ZsarError
from zsar.evaluation.gate_model import Gate, TopOfSoftmax, as_given, experts, features, sigmoid, softmax, top
from zsar.evaluation.gzsl import accuracies

TEMPERATURES = tuple(range(1, 10))
THRESHOLDS = tuple(percent / 100 for percent in range(25, 75))
LEAST_CLIPS = 2
"""Of each kind: one to train on and one to hold out."""


def fit(
    seen_logits,
    unseen_scores,
    is_seen,
    *,
    probabilities: bool = False,
    top_k: int | None = None,
    temperatures: Sequence[float] = TEMPERATURES,
    thresholds: Sequence[float] = THRESHOLDS,
    seed: int = 0,
) -> Gate:
    """A gate fitted on a companion run: its held-back classes play the unseen ones.

    ``seen_logits`` [N, S], ``unseen_scores`` [N, U] over the pseudo-unseen classes, ``is_seen``
    bool [N]. ``probabilities`` says that the unseen scores are probabilities; otherwise they go
    through a softmax in units of their average standard deviation within a clip, which is kept for
    the main run. ``top_k`` is the number of pseudo-unseen classes unless given.

    As many seen as unseen clips are drawn, a sixth (at most 300) of each kind is held out, and the
    temperature and threshold that tell the held-out clips apart best are kept: of equals the lower
    temperature, and the threshold nearest to one half. The draw depends on ``seed`` alone. Unlike
    in the released code, all temperatures are compared on the same held-out clips, and a threshold
    means the same when it is chosen and when it is used.

    Raises `ZsarError` when a kind has fewer than two clips, and for values that aren't finite.
    Source: Gupta et al., SynSE, ICIP 2021.
    """
    seen_logits, unseen_scores = experts(seen_logits, unseen_scores)
    is_seen = _both_kinds(is_seen, len(seen_logits))
    if not temperatures or not thresholds or min(temperatures) <= 0:
        raise ZsarError("a gate is chosen among temperatures above zero and thresholds; some needed")
    k = unseen_scores.shape[1] if top_k is None else top_k
    if k < 1:
        raise ZsarError(f"a gate looks at one probability of each expert at least, not at {k}")
    unit = None if probabilities else _unit(unseen_scores)
    unseen = as_given(unseen_scores) if unit is None else softmax(unseen_scores / unit)
    generator = np.random.default_rng(seed)
    unseen_rows, seen_rows = _balanced(is_seen, generator)
    parts = [_divided(rows, generator) for rows in (unseen_rows, seen_rows)]
    training, held_out = (np.concatenate([p[i] for p in parts]) for i in range(2))
    rows = np.concatenate([training, held_out])
    unseen, seen = top(unseen[rows], k), TopOfSoftmax(seen_logits[rows], k)
    best = None
    for temperature in temperatures:
        x = np.concatenate([unseen, seen.at(temperature)], axis=1).astype(np.float64)
        coefficients, intercept = _regression(x[: len(training)], is_seen[training])
        called_seen = sigmoid(x[len(training) :] @ coefficients + intercept)
        right = {t: float(np.mean((called_seen > t) == is_seen[held_out])) for t in thresholds}
        threshold = min(right, key=lambda t: (-right[t], abs(t - 0.5)))
        if best is None or right[threshold] > best.held_out_accuracy:
            best = Gate(coefficients, intercept, temperature, threshold, unit, right[threshold])
    return best


def fit_as_released(seen_logits, unseen_probabilities, is_seen, *, seed: int = 5) -> Gate:
    """A gate fitted draw by draw as SA-DVAE's released script does, for reproducing papers.

    Arguments and errors are those of `fit` with ``probabilities``; fewer than six clips of a kind
    are refused, since a sixth of them is none. Three habits of that script are kept: the held-out
    clips are drawn anew for every temperature; of equal thresholds the lowest is kept; and the
    threshold is chosen on the probability of *unseen* ("unseen above it"), although the released
    evaluation, as `Gate`, applies it to the probability of *seen*.
    """
    seen_logits, unseen = experts(seen_logits, unseen_probabilities)
    unseen, is_seen = as_given(unseen), _both_kinds(is_seen, len(seen_logits), least=6)
    k = unseen.shape[1]
    draws = np.random.RandomState(seed)
    unseen_rows, seen_rows = _balanced(is_seen, draws)
    best = None
    for temperature in TEMPERATURES:
        parts = [_divided(rows, draws) for rows in (unseen_rows, seen_rows)]
        training, held_out = (np.concatenate([p[i] for p in parts]) for i in range(2))
        order = np.arange(len(training))
        draws.shuffle(order)
        training = training[order]
        x = features(seen_logits, unseen, temperature, k)
        coefficients, intercept = _regression(x[training], is_seen[training])
        called_unseen = 1 - sigmoid(x[held_out] @ coefficients + intercept)
        right = {t: float(np.mean((called_unseen <= t) == is_seen[held_out])) for t in THRESHOLDS}
        threshold = max(right, key=right.get)
        if best is None or right[threshold] > best.held_out_accuracy:
            best = Gate(coefficients, intercept, temperature, threshold, None, right[threshold])
    return best


def oracle_threshold(gate: Gate, seen_logits, unseen_scores, labels, seen_mask) -> Gate:
    """The gate with the threshold of highest harmonic mean on the test clips themselves.

    For reproducing papers, never for ranking. ``labels`` are the test labels, integers [N]; the
    other arguments and the errors are those of `Gate.predict`. Of equals the lowest threshold.
    """

    def harmonic(threshold: float) -> float:
        tried = replace(gate, threshold=threshold).predict(seen_logits, unseen_scores, seen_mask)
        found = accuracies(tried, labels, seen_mask)["harmonic"]
        if found is None:
            raise ZsarError("an oracle threshold needs test clips of seen and of unseen classes")
        return found

    return replace(gate, threshold=max(THRESHOLDS, key=harmonic))


def _both_kinds(is_seen, clips: int, least: int = LEAST_CLIPS) -> np.ndarray:
    is_seen = np.asarray(is_seen)
    if is_seen.shape != (clips,) or is_seen.dtype != bool:
        raise ZsarError(f"is_seen should be bool [{clips}], not {is_seen.dtype} {is_seen.shape}")
    for kind, count in (("seen", int(is_seen.sum())), ("pseudo-unseen", int((~is_seen).sum()))):
        if count < least:
            raise ZsarError(f"a gate needs {least} {kind} clips to be fitted on, there are {count}")
    return is_seen


def _unit(scores: np.ndarray) -> float:
    return float(scores.astype(np.float64).std(axis=1).mean()) or 1.0


def _balanced(is_seen: np.ndarray, draws) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the unseen clips, and of at most as many seen ones."""
    unseen, seen = np.flatnonzero(~is_seen), np.flatnonzero(is_seen)
    kept = draws.choice(np.arange(len(seen)), min(len(unseen), len(seen)), replace=False)
    return unseen, seen[kept]


def _divided(rows: np.ndarray, draws) -> tuple[np.ndarray, np.ndarray]:
    """Training and held-out clips of one kind."""
    count = max(1, min(300, len(rows) // 6))
    aside = draws.choice(np.arange(len(rows)), count, replace=False)
    return rows[np.setdiff1d(np.arange(len(rows)), aside)], rows[aside]


def _regression(x: np.ndarray, is_seen: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients [2 k] and intercept, L2 of strength 1, as released."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=50000).fit(x, is_seen)
    return model.coef_.reshape(-1), float(model.intercept_[0])
