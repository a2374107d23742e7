"""A trained model: clips from anywhere, labels in any words, and how much each clip is like each label."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from zsar import plugins
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.recognition.calibration import Temperature, probabilities
from zsar.recognition.clips import Shape, as_found, prepared
from zsar.recognition.folder import AGAIN, MANIFEST, read_folder
from zsar.recognition.labels import Candidates, KnownClass, candidates
from zsar.recognition.restoring import restored_encoder, restored_method
from zsar.recognition.scoring import Scorer
from zsar.recognition.sentences import text_vectors
from zsar.skeletons.layouts import layout as layout_named

BATCH = 256
"""Clips that are scored at a time."""
SAME = 0.02
"""How far a text model's vectors may be from those the model was trained with, in each component."""


class Model:
    """A trained method with its encoder, text and calibration, as `zsar.load` gives it.

    ``clips`` everywhere: an array [N, 3, T, V, M] float metres, y up (V = 20 joints in Kinect v1's or 25 in Kinect
    v2's order, any number of frames and bodies), or a list of `zsar.skeletons.clip.Clip`, of arrays [T, V, 3] or
    [T, M, V, 3], or of what `zsar.recognition.clip_files.read_clips` gives. They are resampled, retargeted and
    centred as in training. ``labels``: two or more texts. A label that is the name or a prompt of a class of the
    model's dataset stands for that class, with the prompts that were trained with; any other text is itself.

    Labels may mix classes that were trained on with new ones: the scores are then those of `zsar bench`'s generalized
    setting (all trained classes and the new labels are candidates, a constant chosen on a companion run is taken off
    the trained ones), restricted to the labels given. The order of labels changes no score.
    """

    def __init__(self, content: dict, tensors: dict[str, dict], device: str = "cpu"):
        self.content, self.device = content, torch.device(device)
        self.method_name, self.title = content["method"]["name"], content["method"]["title"]
        self.transductive = content["method"]["transductive"]
        self.shape = Shape(**content["input"])
        self.classes = tuple(KnownClass(**c) for c in content["classes"])
        self.vectors = tensors["text"]["vectors"].cpu().numpy()
        self.calibrations = {k: Temperature(**c) for k, c in content["calibration"].items() if k != "reason"}
        if not all(0 < c.temperature < float("inf") for c in self.calibrations.values()):
            raise DataError("holds a temperature that is no positive number", AGAIN)
        self._seen = [i for i, c in enumerate(self.classes) if c.seen]
        self._encoder = None
        if content.get("encoder"):
            self._encoder = _encoder(content, tensors["encoder"])
        given = plugins.construct("method", self.method_name, content["method"]["keywords"])
        told = content["method"]["state"]
        text = torch.from_numpy(self.vectors[self._seen]).to(self.device)
        method = restored_method(given, tensors["method"], told, tuple(content["method"]["given"]), text)
        self._scores_of = Scorer(method, content["seed"])

    @classmethod
    def load(cls, path: str | Path, device: str = "cpu") -> "Model":
        """The model in a folder that ``zsar train --save`` wrote.

        Raises `DataError` naming the file that is missing, damaged or of another version.
        """
        content, tensors = read_folder(Path(path), device)
        try:
            return cls(content, tensors, device)
        except (UnknownName, DataError) as e:
            raise DataError(f"{Path(path) / MANIFEST}: {e.message}", e.hint) from e
        except ZsarError:
            raise
        except Exception as e:  # whatever contents of the wrong kind lead to
            raise DataError(
                f"{Path(path) / MANIFEST} and its tensors don't belong together: {type(e).__name__}: {e}",
                "Was it written by another version of zsar or of the method? Train the model anew.",
            ) from e

    def candidates(self, labels: Sequence[str]) -> Candidates:
        """Labels with their vectors and the classes that they name, for use instead of labels below.

        Raises `ZsarError` for fewer than two labels, empty ones and duplicates, and where new words need a text model
        that isn't on this machine; the message says how to get it.
        """
        return (
            labels if isinstance(labels, Candidates) else candidates(labels, self.classes, self.vectors, self._encode)
        )

    def decision_function(self, clips, labels, layout: str | None = None) -> np.ndarray:
        """Similarity of every clip with every label, [N, C] float64, columns in the labels' order; no probabilities."""
        return self.scores(clips, self.candidates(labels), layout)[0]

    def predict(self, clips, labels, layout: str | None = None) -> np.ndarray:
        """The most similar label of each clip, [N] strings as they were given."""
        chosen = self.candidates(labels)
        return np.array(chosen.labels)[self._likeliest(clips, chosen, layout)]

    def predict_proba(self, clips, labels, layout: str | None = None) -> np.ndarray:
        """How probable each label is given that one of them is right, [N, C], columns in the labels' order.

        Softmax over a temperature that was fitted on clips of classes that a companion run never trained on. Raises
        `ZsarError` for a model without that calibration: its scores are no probabilities.
        """
        chosen = self.candidates(labels)
        scores, temperature = self.scores(clips, chosen, layout)
        if temperature is None:
            raise ZsarError(f"no probabilities: this model isn't calibrated ({self.uncalibrated})", "Use its scores.")
        return probabilities(scores, temperature.temperature)

    def score(self, clips, labels, y, layout: str | None = None) -> float:
        """The fraction of clips whose predicted label is the right one; ``y`` [N] are labels, or positions among them.

        Raises `ZsarError` where ``y`` holds something else.
        """
        chosen = self.candidates(labels)
        predicted = self._likeliest(clips, chosen, layout)
        known = {label: i for i, label in enumerate(chosen.labels)}
        y = [known.get(str(v).strip(), -1) if isinstance(v, str) else int(v) for v in list(y)]
        if len(y) != len(predicted):
            raise ZsarError(f"{len(predicted)} clips, but {len(y)} right labels")
        if not all(0 <= v < len(chosen.labels) for v in y):
            raise ZsarError(f"the right label of clip {next(i for i, v in enumerate(y) if not 0 <= v < len(known))} "
                            "is none of the labels")  # fmt: skip
        return float((predicted == np.array(y)).mean())

    def calibration(self, labels) -> Temperature | None:
        """The calibration that holds for these labels; None where the model has none."""
        return self.calibrations.get(_kind(self.candidates(labels)))

    @property
    def uncalibrated(self) -> str:
        """Why a calibration is missing."""
        return self.content["calibration"].get("reason", "")

    def calibration_error(self, labels) -> float | None:
        """How far probabilities are off on the test clips of the model's dataset, a fraction; None if not known."""
        part = {"new": "inductive", "mixed": "generalized"}.get(_kind(self.candidates(labels)), "")
        return self.content["metrics"].get(part, {}).get("calibration_error")

    def warm(self, labels) -> None:
        """Do now what the first prediction among these labels would have to wait for."""
        joints = len(layout_named(self.shape.joints).joints)
        self.scores(
            [np.zeros((1, 1, joints, 3), np.float32) + np.arange(3)], self.candidates(labels), self.shape.joints
        )

    def scores(self, clips, labels, layout: str | None = None) -> tuple[np.ndarray, Temperature | None]:
        """As `decision_function`, and the calibration that makes probabilities of these scores, if there is one."""
        chosen = self.candidates(labels)
        found = as_found(clips, layout)
        kind = _kind(chosen)
        temperature = self.calibrations.get(kind)
        order = self._order(chosen)
        asked = [order.index(i) for i in range(len(order))]
        text, trained, columns = chosen.vectors[order], chosen.trained[order], asked
        if kind == "mixed" and temperature is not None:
            # As in the generalized setting: a label's score doesn't depend on which trained labels are asked for.
            of = {c.id: i for i, c in enumerate(self.classes[k] for k in self._seen)}
            new = [i for i in order if not chosen.trained[i]]
            text = np.concatenate([self.vectors[self._seen], chosen.vectors[new]])
            trained = np.arange(len(text)) < len(self._seen)
            columns = [
                of[chosen.classes[i]] if chosen.trained[i] else len(self._seen) + new.index(i)
                for i in range(len(order))
            ]
        if not found:
            return np.empty((0, len(columns))), temperature
        given = torch.from_numpy(text).to(self.device)
        parts = [self._batch(found[at : at + BATCH], given) for at in range(0, len(found), BATCH)]
        scores = np.concatenate(parts).astype(np.float64)
        if temperature is not None:
            scores = temperature.scaled(scores, trained)
        return scores[:, columns], temperature

    def ranking(self, scores: np.ndarray, labels) -> np.ndarray:
        """Columns [N, C] of scores [N, C], the highest first; of equals the one that the benchmark names.

        That is the first in the class list's order, so that the order of labels doesn't matter here either.
        """
        order = np.array(self._order(self.candidates(labels)))
        return order[np.argsort(-scores[:, order], axis=1, kind="stable")]

    def _likeliest(self, clips, chosen: Candidates, layout: str | None) -> np.ndarray:
        return self.ranking(self.decision_function(clips, chosen, layout), chosen)[:, 0]

    def _batch(self, clips, text: torch.Tensor) -> np.ndarray:
        x = torch.from_numpy(prepared(clips, self.shape)).to(self.device)
        if self._encoder is not None:
            x = self._encoder.encode(x)
        return self._scores_of(x, text)

    def _order(self, chosen: Candidates) -> list[int]:
        """Labels trained on, then others of the dataset, each in its class list's order, then new words, sorted."""
        rank = {c.id: (not c.seen, i, "") for i, c in enumerate(self.classes)}
        key = lambda i: rank.get(chosen.classes[i]) or (True, len(rank), chosen.labels[i])
        return sorted(range(len(chosen.labels)), key=key)

    def _encode(self, texts: list[str]) -> tuple[np.ndarray, list[str]]:
        """Vectors of new labels, by the text model that the model was trained with."""
        name = self.content["text"]["model"]
        first = self.classes[self._seen[0]]
        kind = self.content["text"]["prompts"][0]
        made, notes = text_vectors([*texts, first.texts[kind]], name)
        if made.shape[1] != self.vectors.shape[2] or np.abs(made[-1] - self.vectors[self._seen[0], 0]).max() > SAME:
            raise ZsarError(
                f"the text model {name!r} on this machine is not the one that the model was trained with: it gives "
                f"another vector for {first.texts[kind][:60]!r}",
                "Get the same version of it, or use labels of the model's own classes.",
            )
        return made[:-1], notes


def _kind(chosen: Candidates) -> str:
    if chosen.trained.all():
        return "trained"
    return "mixed" if chosen.trained.any() else "new"


def _encoder(content: dict, tensors: dict):
    told = content["encoder"]
    cls = plugins.find("encoder", told["name"])
    if cls.version != told["version"]:
        raise DataError(
            f"made with version {told['version']} of the encoder {told['name']}; this zsar has version {cls.version}",
            "Train the model anew.",
        )
    encoder = plugins.construct("encoder", told["name"], told["keywords"])
    return restored_encoder(encoder, tensors, told["state"], content["input"]["bodies"])
