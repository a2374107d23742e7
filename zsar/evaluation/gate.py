"""The gate of SynSE and SA-DVAE: which of two experts names a clip's class.

The seen expert is the pre-trained encoder's classifier, the unseen expert the method's scores over
unseen classes. A logistic regression on the top-k probabilities of both tells seen from unseen.
Its parameters are fitted on a companion run whose pseudo-unseen classes it never trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from zsar.errors import ZsarError
from zsar.evaluation.gzsl import accuracies, checked_mask, finite

TEMPERATURES = tuple(range(1, 10))
THRESHOLDS = tuple(percent / 100 for percent in range(25, 75))
LEAST_CLIPS = 2
"""Of each kind: one to train on and one to hold out."""


@dataclass(frozen=True)
class Gate:
    """A fitted gate; plain numbers, so that `arrays` and `from_arrays` store it without pickle.

    ``coefficients`` [2 k]: k for the unseen expert's largest probabilities, k for the seen one's.
    A clip is called seen when its probability of being so exceeds ``threshold``. ``unit`` divides
    the unseen scores before their softmax; None when they are probabilities already.
    ``held_out_accuracy`` is how often the held-out companion clips were told apart.
    """

    coefficients: np.ndarray
    intercept: float
    temperature: float
    threshold: float
    unit: float | None = None
    held_out_accuracy: float | None = None

    @property
    def top_k(self) -> int:
        """How many of each expert's probabilities the gate looks at."""
        return len(self.coefficients) // 2

    def probability_seen(self, seen_logits, unseen_scores) -> np.ndarray:
        """How likely each clip is of a seen class [N]. Arguments and errors as for `predict`."""
        seen_logits, unseen_scores = _experts(seen_logits, unseen_scores)
        x = _features(seen_logits, self._unseen(unseen_scores), self.temperature, self.top_k)
        return _sigmoid(x @ np.asarray(self.coefficients) + self.intercept)

    def calls_seen(self, seen_logits, unseen_scores) -> np.ndarray:
        """Whether each clip goes to the seen expert, bool [N]."""
        return self.probability_seen(seen_logits, unseen_scores) > self.threshold

    def predict(self, seen_logits, unseen_scores, seen_mask) -> np.ndarray:
        """Positions among all C classes, int64 [N].

        ``unseen_scores`` [N, U], columns in the order of the unseen classes among the C;
        ``seen_logits`` [N, S] likewise, or [N, C] as released classifiers give them: then all C
        take part in the softmax and only the seen ones are predicted. ``seen_mask`` [C].
        Experts with fewer than k classes are padded with probability zero, which is the same as a
        lower k. Raises `ZsarError` for values that aren't finite and shapes that don't match.
        """
        seen_mask = checked_mask(seen_mask)
        seen_logits, unseen_scores = _experts(seen_logits, unseen_scores)
        seen, unseen = np.flatnonzero(seen_mask), np.flatnonzero(~seen_mask)
        _width("unseen scores", unseen_scores, (len(unseen),))
        _width("seen logits", seen_logits, (len(seen), len(seen_mask)))
        wide = seen_logits.shape[1] == len(seen_mask)
        by_seen = seen[(seen_logits[:, seen] if wide else seen_logits).argmax(axis=1)]
        by_unseen = unseen[unseen_scores.argmax(axis=1)]
        return np.where(self.calls_seen(seen_logits, unseen_scores), by_seen, by_unseen)

    def arrays(self) -> dict[str, np.ndarray]:
        """All parameters as float64 arrays, for `numpy.savez`; an absent one is NaN."""
        rest = (self.intercept, self.temperature, self.threshold, self.unit, self.held_out_accuracy)
        numbers = [np.nan if v is None else float(v) for v in rest]
        coefficients = np.asarray(self.coefficients, dtype=np.float64)
        return {"coefficients": coefficients, "parameters": np.array(numbers)}

    @classmethod
    def from_arrays(cls, arrays) -> "Gate":
        """The gate that `arrays` was taken of. Raises `ZsarError` when they are no gate's."""
        try:
            coefficients = np.asarray(arrays["coefficients"], dtype=np.float64)
            numbers = np.asarray(arrays["parameters"], dtype=np.float64).tolist()
            *needed, unit, held_out = numbers
            good = len(needed) == 3 and np.isfinite([*needed, *coefficients]).all()
        except (KeyError, TypeError, ValueError) as e:
            raise ZsarError(f"these arrays hold no gate: {type(e).__name__}: {e}") from e
        if not good or coefficients.ndim != 1 or len(coefficients) % 2 or not len(coefficients):
            raise ZsarError(f"these arrays hold no gate: coefficients {list(coefficients.shape)}")
        known = (None if np.isnan(v) else v for v in (unit, held_out))
        return cls(coefficients, *needed, *known)

    def _unseen(self, scores: np.ndarray) -> np.ndarray:
        return _probabilities(scores) if self.unit is None else _softmax(scores / self.unit)


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
    Source: Gupta et al., SynSE, ICIP 2021, section 3.3.
    """
    seen_logits, unseen_scores = _experts(seen_logits, unseen_scores)
    is_seen = _both_kinds(is_seen, len(seen_logits))
    if not temperatures or not thresholds or min(temperatures) <= 0:
        raise ZsarError("a gate is chosen among temperatures above zero and thresholds; some needed")
    k = unseen_scores.shape[1] if top_k is None else top_k
    if k < 1:
        raise ZsarError(f"a gate looks at one probability of each expert at least, not at {k}")
    unit = None if probabilities else _unit(unseen_scores)
    unseen = _probabilities(unseen_scores) if unit is None else _softmax(unseen_scores / unit)
    generator = np.random.default_rng(seed)
    unseen_rows, seen_rows = _balanced(is_seen, generator)
    parts = [_divided(rows, generator) for rows in (unseen_rows, seen_rows)]
    training, held_out = (np.concatenate([p[i] for p in parts]) for i in range(2))
    best = None
    for temperature in temperatures:
        x = _features(seen_logits, unseen, temperature, k).astype(np.float64)
        coefficients, intercept = _regression(x[training], is_seen[training])
        seen = _sigmoid(x[held_out] @ coefficients + intercept)
        right = {t: float(np.mean((seen > t) == is_seen[held_out])) for t in thresholds}
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
    seen_logits, unseen = _experts(seen_logits, unseen_probabilities)
    unseen, is_seen = _probabilities(unseen), _both_kinds(is_seen, len(seen_logits), least=6)
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
        x = _features(seen_logits, unseen, temperature, k)
        coefficients, intercept = _regression(x[training], is_seen[training])
        called_unseen = 1 - _sigmoid(x[held_out] @ coefficients + intercept)
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


def _experts(seen_logits, unseen_scores) -> tuple[np.ndarray, np.ndarray]:
    arrays = []
    for name, values in (("seen logits", seen_logits), ("unseen scores", unseen_scores)):
        values = np.asarray(values)
        if values.ndim != 2 or not values.size:
            raise ZsarError(f"{name} should be [samples, classes], not {list(values.shape)}")
        arrays.append(finite(values, name))
    if len(arrays[0]) != len(arrays[1]):
        raise ZsarError(f"seen logits of {len(arrays[0])} clips, unseen scores of {len(arrays[1])}")
    return arrays[0], arrays[1]


def _both_kinds(is_seen, clips: int, least: int = LEAST_CLIPS) -> np.ndarray:
    is_seen = np.asarray(is_seen)
    if is_seen.shape != (clips,) or is_seen.dtype != bool:
        raise ZsarError(f"is_seen should be bool [{clips}], not {is_seen.dtype} {is_seen.shape}")
    for kind, count in (("seen", int(is_seen.sum())), ("pseudo-unseen", int((~is_seen).sum()))):
        if count < least:
            raise ZsarError(f"a gate needs {least} {kind} clips to be fitted on, there are {count}")
    return is_seen


def _width(name: str, values: np.ndarray, allowed: tuple[int, ...]) -> None:
    if values.shape[1] not in allowed:
        choices = " or ".join(map(str, allowed))
        raise ZsarError(f"{name} have {values.shape[1]} columns, but there are {choices} classes")


def _unit(scores: np.ndarray) -> float:
    return float(scores.astype(np.float64).std(axis=1).mean()) or 1.0


def _probabilities(values: np.ndarray) -> np.ndarray:
    if values.min() < -1e-6 or np.abs(values.sum(axis=1) - 1).max() > 1e-3:
        raise ZsarError("the unseen expert's rows are no probabilities: below zero or not adding to 1",
                        "Leave out probabilities=True and give the scores as they are.")
    return values


def _softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _sigmoid(values: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return expit(values)


def _features(seen_logits, unseen, temperature: float, k: int) -> np.ndarray:
    """The k largest probabilities of the unseen expert, then of the seen one, descending [N, 2 k]."""
    return np.concatenate([_top(unseen, k), _top(_softmax(seen_logits / temperature), k)], axis=1)


def _top(probabilities: np.ndarray, k: int) -> np.ndarray:
    top = -np.sort(-probabilities, axis=1)[:, :k]
    return np.pad(top, ((0, 0), (0, k - top.shape[1])))


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
