"""The gate of SynSE and SA-DVAE: which of two experts names a clip's class.

The seen expert is the pre-trained encoder's classifier, the unseen expert the method's scores over
unseen classes. A logistic regression on the top-k probabilities of both tells seen from unseen. It
is fitted on a companion run, whose pseudo-unseen classes it never trained on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from zsar.errors import ZsarError
from zsar.evaluation import checks
from zsar.evaluation.gzsl import accuracies

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

    def probability_seen(self, seen_logits: ArrayLike, unseen_scores: ArrayLike) -> np.ndarray:
        """How likely each clip is of a seen class [N]. Arguments and errors as for `predict`."""
        seen, unseen = _experts(seen_logits, unseen_scores)
        unseen = _probabilities(unseen) if self.unit is None else softmax(unseen / self.unit)
        x = _features(seen, unseen, self.temperature, self.top_k)
        return _sigmoid(x @ np.asarray(self.coefficients) + self.intercept)

    def calls_seen(self, seen_logits: ArrayLike, unseen_scores: ArrayLike) -> np.ndarray:
        """Whether each clip goes to the seen expert, bool [N]."""
        return self.probability_seen(seen_logits, unseen_scores) > self.threshold

    def predict(self, seen_logits: ArrayLike, unseen_scores: ArrayLike, seen_mask: ArrayLike) -> np.ndarray:
        """Positions among all C classes, int64 [N].

        ``unseen_scores`` [N, U], columns in the order of the unseen classes among the C;
        ``seen_logits`` [N, S] likewise, or [N, C] as released classifiers give them: then all C
        take part in the softmax and only the seen ones are predicted. ``seen_mask`` [C].
        Experts with fewer than k classes are padded with probability zero, which is the same as a
        lower k. Raises `ZsarError` for values that aren't finite and shapes that don't match.

        Examples:
            >>> gate = Gate(np.array([-4.0, 4.0]), 0.0, temperature=1, threshold=0.5, unit=1.0)
            >>> seen_logits = [[9.0, 0.0, 0.0], [1.0, 1.1, 1.0]]  # sure of the first clip
            >>> unseen_scores = [[0.0, 0.1], [5.0, 0.0]]  # sure of the second
            >>> gate.predict(seen_logits, unseen_scores, [True, True, True, False, False])
            array([0, 3])
        """
        seen_mask = checks.mask(seen_mask)
        logits, scores = _experts(seen_logits, unseen_scores)
        seen, unseen = np.flatnonzero(seen_mask), np.flatnonzero(~seen_mask)
        _check_width("unseen scores", scores, (len(unseen),))
        _check_width("seen logits", logits, (len(seen), len(seen_mask)))
        if logits.shape[1] == len(seen_mask):
            best_seen = logits[:, seen].argmax(axis=1)
        else:
            best_seen = logits.argmax(axis=1)
        return np.where(self.calls_seen(logits, scores), seen[best_seen], unseen[scores.argmax(axis=1)])

    def arrays(self) -> dict[str, np.ndarray]:
        """All parameters as float64 arrays, for `numpy.savez`; an absent one is NaN."""
        rest = (self.intercept, self.temperature, self.threshold, self.unit, self.held_out_accuracy)
        numbers = [np.nan if v is None else float(v) for v in rest]
        coefficients = np.asarray(self.coefficients, dtype=np.float64)
        return {"coefficients": coefficients, "parameters": np.array(numbers)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ArrayLike]) -> "Gate":
        """The gate that `arrays` was taken of. Raises `ZsarError` when they aren't a gate's."""
        try:
            coefficients = np.asarray(arrays["coefficients"], dtype=np.float64)
            numbers = np.asarray(arrays["parameters"], dtype=np.float64).tolist()
            *needed, unit, held_out = numbers
            complete = len(needed) == 3 and np.isfinite([*needed, *coefficients]).all()
        except (KeyError, TypeError, ValueError) as e:
            raise ZsarError(f"these arrays hold no gate: {type(e).__name__}: {e}") from e
        if not complete or coefficients.ndim != 1 or len(coefficients) % 2 or not len(coefficients):
            raise ZsarError(f"these arrays hold no gate: coefficients {list(coefficients.shape)}")
        optional = (None if np.isnan(v) else v for v in (unit, held_out))
        return cls(coefficients, *needed, *optional)


def fit_gate(
    seen_logits: ArrayLike,
    unseen_scores: ArrayLike,
    is_seen: ArrayLike,
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
    the main run. ``top_k`` is the number of pseudo-unseen classes by default.

    As many seen as unseen clips are drawn, a sixth (at most 300) of each kind is held out, and the
    temperature and threshold that tell the held-out clips apart best are kept: of equals the lower
    temperature, and the threshold nearest to one half. The draw depends on ``seed`` alone. Unlike
    in the released code, all temperatures are compared on the same held-out clips, and a threshold
    means the same when it is chosen and when it is used.

    Raises `ZsarError` when a kind has fewer than two clips, and for values that aren't finite.
    Source: Gupta et al., SynSE, ICIP 2021.

    Examples:
        >>> seen_logits = np.repeat([[8.0, 0.0], [0.5, 0.4]], 12, axis=0)  # sure of the clips of seen classes
        >>> unseen_scores = np.repeat([[0.1, 0.0], [3.0, 0.0]], 12, axis=0)
        >>> gate = fit_gate(seen_logits, unseen_scores, np.repeat([True, False], 12))
        >>> gate.top_k, gate.held_out_accuracy
        (2, 1.0)
    """
    logits, scores = _experts(seen_logits, unseen_scores)
    is_seen = _both_kinds(is_seen, len(logits))
    if not temperatures or not thresholds or min(temperatures) <= 0:
        raise ZsarError("a gate is chosen among temperatures above zero and thresholds; some needed")
    k = scores.shape[1] if top_k is None else top_k
    if k < 1:
        raise ZsarError(f"a gate looks at one probability of each expert at least, not at {k}")
    unit = None if probabilities else float(scores.astype(np.float64).std(axis=1).mean()) or 1.0
    unseen = _probabilities(scores) if unit is None else softmax(scores / unit)
    generator = np.random.default_rng(seed)
    kinds = _balanced(is_seen, generator)
    training, held_out = _divided(kinds, generator)
    rows = np.concatenate([training, held_out])
    unseen, seen = top(unseen[rows], k), TopOfSoftmax(logits[rows], k)
    gates = []
    for temperature in temperatures:
        x = np.concatenate([unseen, seen.at(temperature)], axis=1).astype(np.float64)
        coefficients, intercept = _regression(x[: len(training)], is_seen[training])
        called_seen = _sigmoid(x[len(training) :] @ coefficients + intercept)
        right = {t: float(np.mean((called_seen > t) == is_seen[held_out])) for t in thresholds}
        threshold = min(right, key=lambda t: (-right[t], abs(t - 0.5)))
        gates.append(Gate(coefficients, intercept, temperature, threshold, unit, right[threshold]))
    return max(gates, key=lambda gate: gate.held_out_accuracy or 0.0)  # of equals the lowest temperature


def fit_gate_as_released(
    seen_logits: ArrayLike, unseen_probabilities: ArrayLike, is_seen: ArrayLike, *, seed: int = 5
) -> Gate:
    """A gate fitted draw by draw as SA-DVAE's released script does, for reproducing papers.

    Arguments and errors are those of `fit_gate` with ``probabilities``; fewer than six clips of a
    kind are refused, since a sixth of them is none. Three habits of that script are kept: the
    held-out clips are drawn anew for every temperature; of equal thresholds the lowest is kept; and
    the threshold is chosen on the probability of *unseen* ("unseen above it"), although the
    released evaluation, as `Gate`, applies it to the probability of *seen*.
    """
    logits, unseen = _experts(seen_logits, unseen_probabilities)
    unseen, is_seen = _probabilities(unseen), _both_kinds(is_seen, len(logits), least=6)
    draws = np.random.RandomState(seed)
    kinds = _balanced(is_seen, draws)
    gates = []
    for temperature in TEMPERATURES:
        training, held_out = _divided(kinds, draws)
        order = np.arange(len(training))
        draws.shuffle(order)
        training = training[order]
        x = _features(logits, unseen, temperature, unseen.shape[1])
        coefficients, intercept = _regression(x[training], is_seen[training])
        called_unseen = 1 - _sigmoid(x[held_out] @ coefficients + intercept)
        right = {t: float(np.mean((called_unseen <= t) == is_seen[held_out])) for t in THRESHOLDS}
        threshold = max(THRESHOLDS, key=lambda t: right[t])
        gates.append(Gate(coefficients, intercept, temperature, threshold, None, right[threshold]))
    return max(gates, key=lambda gate: gate.held_out_accuracy or 0.0)  # of equals the lowest temperature


def oracle_threshold(
    gate: Gate, seen_logits: ArrayLike, unseen_scores: ArrayLike, labels: ArrayLike, seen_mask: ArrayLike
) -> Gate:
    """The gate with the threshold of highest harmonic mean on the test clips themselves.

    For reproducing papers, never for ranking. ``labels`` are the test labels, integers [N]; the
    other arguments and the errors are those of `Gate.predict`. Of equals the lowest threshold.
    """

    def harmonic(threshold: float) -> float:
        predictions = replace(gate, threshold=threshold).predict(seen_logits, unseen_scores, seen_mask)
        value = accuracies(predictions, labels, seen_mask)["harmonic"]
        if value is None:
            raise ZsarError("an oracle threshold needs test clips of seen and of unseen classes")
        return value

    return replace(gate, threshold=max(THRESHOLDS, key=harmonic))


def softmax(values: np.ndarray) -> np.ndarray:
    """Probabilities [N, C] of logits, in their own floating type."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def top(values: np.ndarray, k: int) -> np.ndarray:
    """The k largest of every row, falling, filled up with zeros: [N, C] -> [N, k]."""
    width = values.shape[1]
    largest = values if k >= width else np.partition(values, width - k, axis=1)[:, width - k :]
    return np.pad(np.sort(largest, axis=1)[:, ::-1], ((0, 0), (0, max(0, k - width))))


class TopOfSoftmax:
    """The k largest probabilities of logits [N, C] at any temperature: sorted once, since their order stays."""

    def __init__(self, logits: np.ndarray, k: int):
        self.logits, self.k, self.top = logits, k, top(logits, min(k, logits.shape[1]))

    def at(self, temperature: float) -> np.ndarray:
        """Probabilities [N, k], in the logits' own floating type."""
        values = self.logits / temperature
        largest = values.max(axis=1, keepdims=True)
        total = np.exp(values - largest).sum(axis=1, keepdims=True)
        probabilities = np.exp(self.top / temperature - largest) / total
        return np.pad(probabilities, ((0, 0), (0, self.k - probabilities.shape[1])))


def _experts(seen_logits: ArrayLike, unseen_scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both experts' values [N, S] and [N, U], finite and of the same clips, or `ZsarError`."""
    arrays = []
    for name, values in (("seen logits", np.asarray(seen_logits)), ("unseen scores", np.asarray(unseen_scores))):
        if values.ndim != 2 or not values.size:
            raise ZsarError(f"{name} should be [samples, classes], not {list(values.shape)}")
        arrays.append(checks.finite(values, name))
    if len(arrays[0]) != len(arrays[1]):
        raise ZsarError(f"seen logits of {len(arrays[0])} clips, unseen scores of {len(arrays[1])}")
    return arrays[0], arrays[1]


def _check_width(name: str, values: np.ndarray, allowed: tuple[int, ...]) -> None:
    if values.shape[1] not in allowed:
        choices = " or ".join(map(str, allowed))
        raise ZsarError(f"{name} have {values.shape[1]} columns, but there are {choices} classes")


def _probabilities(values: np.ndarray) -> np.ndarray:
    """The values themselves when their rows are probabilities, else `ZsarError`."""
    if values.min() < -1e-6 or np.abs(values.sum(axis=1) - 1).max() > 1e-3:
        raise ZsarError(
            "the unseen expert's rows are not probabilities: below zero or not adding to 1",
            "Leave out probabilities=True and give the scores as they are.",
        )
    return values


def _both_kinds(is_seen: ArrayLike, clips: int, least: int = LEAST_CLIPS) -> np.ndarray:
    array = np.asarray(is_seen)
    if array.shape != (clips,) or array.dtype != bool:
        raise ZsarError(f"is_seen should be bool [{clips}], not {array.dtype} {array.shape}")
    for kind, count in (("seen", int(array.sum())), ("pseudo-unseen", int((~array).sum()))):
        if count < least:
            raise ZsarError(f"a gate needs {least} {kind} clips to be fitted on, there are {count}")
    return array


Draws = np.random.Generator | np.random.RandomState


def _balanced(is_seen: np.ndarray, draws: Draws) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the unseen clips, and of at most as many seen ones."""
    unseen, seen = np.flatnonzero(~is_seen), np.flatnonzero(is_seen)
    kept = draws.choice(np.arange(len(seen)), min(len(unseen), len(seen)), replace=False)
    return unseen, seen[kept]


def _divided(kinds: tuple[np.ndarray, np.ndarray], draws: Draws) -> tuple[np.ndarray, np.ndarray]:
    """Training and held-out clips, the same part of either kind."""
    training, held_out = [], []
    for rows in kinds:
        count = max(1, min(300, len(rows) // 6))
        aside = draws.choice(np.arange(len(rows)), count, replace=False)
        training.append(rows[np.setdiff1d(np.arange(len(rows)), aside)])
        held_out.append(rows[aside])
    return np.concatenate(training), np.concatenate(held_out)


def _features(seen_logits: np.ndarray, unseen: np.ndarray, temperature: float, k: int) -> np.ndarray:
    """The k largest probabilities of the unseen expert, then of the seen one [N, 2 k]."""
    return np.concatenate([top(unseen, k), TopOfSoftmax(seen_logits, k).at(temperature)], axis=1)


def _regression(x: np.ndarray, is_seen: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients [2 k] and intercept, L2 of strength 1, as released."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=50000).fit(x, is_seen)
    return model.coef_.reshape(-1), float(model.intercept_[0])


def _sigmoid(values: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-values)), without overflow."""
    from scipy.special import expit

    return expit(values)
