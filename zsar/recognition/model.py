"""A trained model: clips from anywhere, labels in any words, and how much each clip is like each label."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from zsar import plugins
from zsar.encoders.contract import Encoder
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.learning.contract import Method
from zsar.recognition.calibration import Temperature, probabilities
from zsar.recognition.clips import Clips, InputClip, Shape, input_clips, prepare
from zsar.recognition.folder import AGAIN, MANIFEST, read_folder, write_folder
from zsar.recognition.labels import Candidates, ModelClass, candidates_of
from zsar.recognition.scoring import Scorer
from zsar.recognition.state import encoder_state, method_state, restore_encoder, restore_method
from zsar.skeletons.layouts import layout as layout_of_name
from zsar.text.models import require_known
from zsar.text.vectors import label_vectors

Labels = Sequence[str] | Candidates
BATCH = 256
"""Clips that are scored at a time."""
SAME = 0.02
"""How far a text model's vectors may be from those the model was trained with, in each component."""


class Model:
    """A trained method with its encoder, text and calibration, as `zsar.train` and `zsar.load` give it.

    ``clips`` everywhere: an array [N, 3, T, V, M] float metres, y up (V = 20 joints in Kinect v1's or 25 in Kinect
    v2's order, any number of frames and bodies), or a list of `zsar.skeletons.clip.Clip`, of arrays [T, V, 3] or
    [T, M, V, 3], or of what `zsar.recognition.clip_files.read_clips` returns. They are resampled, retargeted and
    centred as in training. ``labels``: two or more texts. A label that is the name or a prompt of a class of the
    model's dataset stands for that class, with the prompts that were trained with; any other text is itself.

    Labels may mix classes that were trained on with new ones: the scores are then those of `zsar bench`'s generalized
    setting (all trained classes and the new labels are candidates, a constant chosen on a companion run is taken off
    the trained ones), restricted to the labels given. The order of labels changes no score.
    """

    def __init__(
        self,
        content: dict,
        method: Method,
        encoder: Encoder | None,
        vectors: np.ndarray,
        device: str = "cpu",
        reference: "Reference | None" = None,
    ):
        """``content`` is that of ``model.json``; ``vectors`` [K, P, D] are those of its classes, in their order."""
        self.content, self.device, self.vectors = content, torch.device(device), vectors
        self.method, self.encoder, self.reference = method, encoder, reference
        self.method_name, self.title = content["method"]["name"], content["method"]["title"]
        self.transductive = content["method"]["transductive"]
        self.shape = Shape(**content["input"])
        self.classes = tuple(ModelClass(**c) for c in content["classes"])
        self.calibrations = {k: Temperature(**c) for k, c in content["calibration"].items() if k != "reason"}
        if not all(0 < c.temperature < float("inf") for c in self.calibrations.values()):
            raise DataError("holds a temperature that is not a positive number", AGAIN)
        self._seen = [i for i, c in enumerate(self.classes) if c.seen]
        self._scores_of = Scorer(method, content["seed"], content["method"]["epochs"])

    def __repr__(self) -> str:
        split, classes = self.content["split"]["id"], f"{len(self._seen)} classes trained on"
        return f"Model({self.title}, {split}: {classes}, {'calibrated' if self.calibrations else 'not calibrated'})"

    @classmethod
    def load(cls, path: str | Path, device: str = "cpu") -> "Model":
        """The model in a folder that `save` wrote.

        Raises `DataError` naming the file that is missing, damaged or of another version.
        """
        content, tensors = read_folder(Path(path), device)
        if Path(content["text"]["model"]).expanduser().resolve().is_relative_to(Path(path).resolve()):
            raise DataError(f"{Path(path) / MANIFEST}: text.model names a folder of the model's own", AGAIN)
        try:
            return cls._of(content, tensors, device)
        except (UnknownName, DataError) as e:
            raise DataError(f"{Path(path) / MANIFEST}: {e.message}", e.hint) from e
        except ZsarError:
            raise
        except Exception as e:  # whatever contents of the wrong kind lead to
            raise DataError(
                f"{Path(path) / MANIFEST} and its tensors don't belong together: {type(e).__name__}: {e}",
                "Was it written by another version of zsar or of the method? Train the model anew.",
            ) from e

    @classmethod
    def _of(cls, content: dict, tensors: dict[str, dict], device: str) -> "Model":
        its, seen = content["method"], [i for i, c in enumerate(content["classes"]) if c["seen"]]
        vectors = tensors["text"]["vectors"]
        if not seen or vectors.ndim != 3 or len(vectors) != len(content["classes"]):
            raise DataError(
                f"has {len(content['classes'])} classes, {len(seen)} of them trained on, and vectors of shape "
                f"{list(vectors.shape)}",
                AGAIN,
            )
        method = plugins.construct("method", its["name"], its["keywords"])
        restore_method(method, tensors["method"], its["training"], x=tuple(its["x"]), text=vectors[seen])
        encoder = _encoder(content, tensors["encoder"]) if content.get("encoder") else None
        return cls(content, method, encoder, vectors.cpu().numpy(), device)

    def save(self, path: str | Path) -> None:
        """Write the model as a folder that can be moved and shared, whole or not at all; an earlier one is replaced.

        A model that was just trained is read back and scores clips from raw ones on before the folder takes its
        place. Raises `ZsarError` where that gives other scores, for a method or an encoder that can't be kept, and for
        a place that holds something else than a model.
        """
        content, tensors = dict(self.content), {"text": {"vectors": torch.from_numpy(self.vectors)}}
        tensors["method"], training = method_state(self.method)
        content["method"] = content["method"] | {"training": training}
        if self.encoder is not None:
            tensors["encoder"], how = encoder_state(self.encoder)
            content["encoder"] = content["encoder"] | {"state": how}
        write_folder(Path(path), content, tensors, self._compare)

    def _compare(self, folder: Path) -> None:
        """Hold a written model against the one in memory."""
        if self.reference is None:
            return
        before = self.reference.scores
        again = Model.load(folder, str(self.device)).decision_function(self.reference.clips, self.reference.candidates)
        if not np.allclose(before, again, rtol=1e-3, atol=1e-3 * max(np.abs(before).max(), 1e-6)):
            raise ZsarError(
                f"{self.method_name} can't be kept: read back, its scores are {np.abs(before - again).max():.3g} off",
                "Whatever changes in training should be in the network that build returns, or a tensor held as an "
                "attribute; see zsar.learning.contract.",
            )

    def candidates(self, labels: Labels) -> Candidates:
        """Labels with their vectors and the classes that they name, for use instead of labels below.

        Raises `ZsarError` for fewer than two labels, empty ones and duplicates, and where new words need a text model
        that isn't on this machine; the message says how to get it.
        """
        if isinstance(labels, Candidates):
            return labels
        return candidates_of(labels, self.classes, self.vectors, self._encode)

    def decision_function(self, clips: Clips, labels: Labels, layout: str | None = None) -> np.ndarray:
        """Similarity of every clip with every label, [N, C] float64, columns in the labels' order."""
        return self.scores(clips, self.candidates(labels), layout)[0]

    def predict(self, clips: Clips, labels: Labels, layout: str | None = None) -> np.ndarray:
        """The most similar label of each clip, [N] strings as they were given."""
        candidates = self.candidates(labels)
        return np.array(candidates.labels)[self._likeliest(clips, candidates, layout)]

    def predict_proba(self, clips: Clips, labels: Labels, layout: str | None = None) -> np.ndarray:
        """How probable each label is given that one of them is right, [N, C], columns in the labels' order.

        Softmax over a temperature that was fitted on clips of classes that a companion run never trained on. Raises
        `ZsarError` for a model without that calibration: its scores are not probabilities.
        """
        scores, temperature = self.scores(clips, self.candidates(labels), layout)
        if temperature is None:
            raise ZsarError(f"no probabilities: this model isn't calibrated ({self.uncalibrated})", "Use its scores.")
        return probabilities(scores, temperature.temperature)

    def score(self, clips: Clips, labels: Labels, y: Sequence[str | int], layout: str | None = None) -> float:
        """The fraction of clips whose predicted label is the right one; ``y`` [N] are labels, or positions among them.

        Raises `ZsarError` where ``y`` holds something else.
        """
        candidates = self.candidates(labels)
        predicted = self._likeliest(clips, candidates, layout)
        place = {label: i for i, label in enumerate(candidates.labels)}
        right = np.array([place.get(str(v).strip(), -1) if isinstance(v, str) else int(v) for v in y], np.int64)
        if len(right) != len(predicted):
            raise ZsarError(f"{len(predicted)} clips, but {len(right)} right labels")
        strange = (right < 0) | (right >= len(place))
        if strange.any():
            raise ZsarError(f"the right label of clip {int(strange.argmax())} is none of the labels")
        return float((predicted == right).mean())

    def calibration(self, labels: Labels) -> Temperature | None:
        """The calibration that holds for these labels; None where the model has none."""
        return self.calibrations.get(_kind(self.candidates(labels)))

    @property
    def uncalibrated(self) -> str:
        """Why a calibration is missing."""
        return self.content["calibration"].get("reason", "")

    def calibration_error(self, labels: Labels) -> float | None:
        """How far probabilities are off on the test clips of the model's dataset, a fraction; None if not known."""
        part = {"new": "inductive", "mixed": "generalized"}.get(_kind(self.candidates(labels)), "")
        return self.content["metrics"].get(part, {}).get("calibration_error")

    def warm(self, labels: Labels) -> None:
        """Do now what the first prediction among these labels would have to wait for."""
        joints = len(layout_of_name(self.shape.joints).joints)
        self.scores(
            [np.zeros((1, 1, joints, 3), np.float32) + np.arange(3)], self.candidates(labels), self.shape.joints
        )

    def scores(self, clips: Clips, labels: Labels, layout: str | None = None) -> tuple[np.ndarray, Temperature | None]:
        """As `decision_function`, and the calibration that makes probabilities of these scores, if there is one."""
        candidates, clips = self.candidates(labels), input_clips(clips, layout)
        temperature = self.calibration(candidates)
        order = self._order(candidates)
        text, trained = candidates.vectors[order], candidates.trained[order]
        columns = [order.index(i) for i in range(len(order))]
        if _kind(candidates) == "mixed" and temperature is not None:
            # As in the generalized setting: a label's score doesn't depend on which trained labels there are.
            number: dict[str | None, int] = {self.classes[k].id: i for i, k in enumerate(self._seen)}
            new = [i for i in order if not candidates.trained[i]]
            text = np.concatenate([self.vectors[self._seen], candidates.vectors[new]])
            trained = np.arange(len(text)) < len(self._seen)
            columns = [
                number[candidates.classes[i]] if candidates.trained[i] else len(self._seen) + new.index(i)
                for i in range(len(order))
            ]
        if not clips:
            return np.empty((0, len(columns))), temperature
        rows = torch.from_numpy(text).to(self.device)
        parts = [self._batch(clips[at : at + BATCH], rows) for at in range(0, len(clips), BATCH)]
        scores = np.concatenate(parts).astype(np.float64)
        if temperature is not None:
            scores = temperature.lower(scores, trained)
        return scores[:, columns], temperature

    def ranking(self, scores: np.ndarray, labels: Labels) -> np.ndarray:
        """Columns [N, C] of scores [N, C], the highest first; of equals the one that the benchmark names.

        That is the first in the class list's order, so that the order of labels doesn't matter here either.
        """
        order = np.array(self._order(self.candidates(labels)))
        return order[np.argsort(-scores[:, order], axis=1, kind="stable")]

    def _likeliest(self, clips: Clips, candidates: Candidates, layout: str | None) -> np.ndarray:
        return self.ranking(self.decision_function(clips, candidates, layout), candidates)[:, 0]

    def _batch(self, clips: list[InputClip], text: torch.Tensor) -> np.ndarray:
        x = torch.from_numpy(prepare(clips, self.shape)).to(self.device)
        try:
            if self.encoder is not None:
                x = self.encoder.maps(x) if self.method.input == "maps" else self.encoder.encode(x)
            return self._scores_of(x, text)
        except (RuntimeError, IndexError, AttributeError, ValueError) as e:
            if self.reference is not None or isinstance(e, torch.OutOfMemoryError):
                raise  # it was trained here, or there is no room
            raise DataError(f"the model's tensors don't belong together: {e}", AGAIN) from e

    def _order(self, candidates: Candidates) -> list[int]:
        """Labels trained on, then others of the dataset, each in its class list's order, then new words, sorted."""
        rank: dict[str | None, tuple] = {c.id: (not c.seen, i, "") for i, c in enumerate(self.classes)}
        key = lambda i: rank.get(candidates.classes[i]) or (True, len(rank), candidates.labels[i])
        return sorted(range(len(candidates.labels)), key=key)

    def _encode(self, texts: list[str]) -> tuple[np.ndarray, list[str]]:
        """Vectors of new labels, by the text model that the model was trained with."""
        name = self.content["text"]["model"]
        require_known(name)
        first = self.classes[self._seen[0]]
        text = first.texts[self.content["text"]["prompts"][0]]
        vectors, notes = label_vectors([*texts, text], name)
        before = self.vectors[self._seen[0], 0]
        if vectors.shape[1] != len(before) or np.abs(vectors[-1] - before).max() > SAME:
            raise ZsarError(
                f"the text model {name!r} on this machine is not the one that the model was trained with: it gives "
                f"another vector for {text[:60]!r}",
                "Get the same version of it, or use labels of the model's own classes.",
            )
        return vectors[:-1], notes


@dataclass(frozen=True)
class Reference:
    """What a trained model is held against when it was written: ``scores`` [N, C] of clips, taken in training."""

    clips: list[InputClip]
    candidates: Candidates
    scores: np.ndarray


def _kind(candidates: Candidates) -> str:
    """Which of the calibrations holds for these labels: "trained", "mixed" or "new"."""
    if candidates.trained.all():
        return "trained"
    return "mixed" if candidates.trained.any() else "new"


def _encoder(content: dict, tensors: dict) -> Encoder:
    its = content["encoder"]
    cls: type[Encoder] = plugins.find("encoder", its["name"])
    if cls.version != its["version"]:
        raise DataError(
            f"made with version {its['version']} of the encoder {its['name']}; this zsar has version {cls.version}",
            "Train the model anew.",
        )
    encoder = plugins.construct("encoder", its["name"], its["keywords"])
    return restore_encoder(encoder, tensors, its["state"], content["input"]["bodies"])
