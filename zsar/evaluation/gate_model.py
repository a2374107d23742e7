"""What a gate is: a logistic regression on the largest probabilities of two experts."""

from dataclasses import dataclass

import numpy as np

from zsar.errors import ZsarError
from zsar.evaluation.gzsl import checked_mask, finite


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
        seen_logits, unseen_scores = experts(seen_logits, unseen_scores)
        x = features(seen_logits, self._unseen(unseen_scores), self.temperature, self.top_k)
        return sigmoid(x @ np.asarray(self.coefficients) + self.intercept)

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
        seen_logits, unseen_scores = experts(seen_logits, unseen_scores)
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
        return as_given(scores) if self.unit is None else softmax(scores / self.unit)


def experts(seen_logits, unseen_scores) -> tuple[np.ndarray, np.ndarray]:
    """Both experts' values [N, S] and [N, U], finite and of the same clips, or `ZsarError`."""
    arrays = []
    for name, values in (("seen logits", seen_logits), ("unseen scores", unseen_scores)):
        values = np.asarray(values)
        if values.ndim != 2 or not values.size:
            raise ZsarError(f"{name} should be [samples, classes], not {list(values.shape)}")
        arrays.append(finite(values, name))
    if len(arrays[0]) != len(arrays[1]):
        raise ZsarError(f"seen logits of {len(arrays[0])} clips, unseen scores of {len(arrays[1])}")
    return arrays[0], arrays[1]


def _width(name: str, values: np.ndarray, allowed: tuple[int, ...]) -> None:
    if values.shape[1] not in allowed:
        choices = " or ".join(map(str, allowed))
        raise ZsarError(f"{name} have {values.shape[1]} columns, but there are {choices} classes")


def as_given(values: np.ndarray) -> np.ndarray:
    """The values themselves when their rows are probabilities, else `ZsarError`."""
    if values.min() < -1e-6 or np.abs(values.sum(axis=1) - 1).max() > 1e-3:
        raise ZsarError(
            "the unseen expert's rows are no probabilities: below zero or not adding to 1",
            "Leave out probabilities=True and give the scores as they are.",
        )
    return values


def softmax(values: np.ndarray) -> np.ndarray:
    """Probabilities [N, C] of logits, in their own floating type."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-values)), without overflow."""
    from scipy.special import expit

    return expit(values)


def features(seen_logits, unseen, temperature: float, k: int) -> np.ndarray:
    """The k largest probabilities of the unseen expert, then of the seen one [N, 2 k]."""
    return np.concatenate([top(unseen, k), TopOfSoftmax(seen_logits, k).at(temperature)], axis=1)


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
        found = np.exp(self.top / temperature - largest) / total
        return np.pad(found, ((0, 0), (0, self.k - found.shape[1])))
