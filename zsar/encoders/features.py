"""Features of a split's subsets, computed once and cached under a key of everything that determines them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zsar import __version__, plugins, storage
from zsar.data.partition import Subsets
from zsar.encoders.contract import Encoder
from zsar.errors import DataError, ZsarError
from zsar.plugins import keywords_of
from zsar.skeletons import retarget

if TYPE_CHECKING:
    from torch import Tensor

    from zsar.data.clip_sets import ClipSet

WEIGHTS = "encoder/"
"""What the weights' names begin with in a cache file, beside the features that they gave."""


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder by name with all its keywords, and the number of frames that clips are resampled to."""

    name: str
    keywords: dict
    frames: int

    @classmethod
    def of(cls, name: str, keywords: dict, frames: int) -> EncoderChoice:
        """Check the keywords against the encoder's constructor and fill in its defaults."""
        return cls(name, keywords_of(plugins.find("encoder", name), keywords, f"encoder {name}"), frames)

    def description(self) -> dict:
        """The choice as records hold it."""
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in self.keywords.items()}
        return {"name": self.name, "keywords": plain, "frames": self.frames}

    def key(self, dataset, subsets: Subsets, seed: int) -> str:
        """Changes with the data, the training clips, their classes, the configuration, its version and the seed."""
        encoder = plugins.find("encoder", self.name)
        samples = [
            dataset.samples[subsets.seen_train].tolist(),
            dataset.samples[subsets.seen_test].tolist(),
            dataset.samples[subsets.unseen_test].tolist(),
        ]
        return storage.fingerprint(
            "features",
            dataset.version,
            samples,
            subsets.classes,
            self.name,
            self.keywords,
            seed if encoder.random else None,
            self.frames,
            encoder.version,
            *_placing(dataset.layout, encoder.joints),
        )


def _placing(source: str, target: str) -> list[np.ndarray]:
    """How one layout's joints are placed among another's, where they are not the same."""
    return [] if source == target else [retarget.weights(source, target)]


def cache_path(dataset, subsets: Subsets, choice: EncoderChoice, seed: int) -> Path:
    """The file that `subset_features` keeps its arrays and the encoder's weights in."""
    return storage.cache() / "features" / f"{choice.key(dataset, subsets, seed)}.safetensors"


def subset_features(
    dataset, subsets: Subsets, choice: EncoderChoice, seed: int, device: str = "cpu", on_epoch: Callable | None = None
) -> dict:
    """Features [n, D] of ``train``, ``seen_test`` and ``unseen_test``, and their logits [n, S] by the seen classifier.

    Keys are "train", "train_logits" and so on; values float32 arrays. The encoder is trained on the training clips
    only, ``on_epoch`` gets every `zsar.encoders.checkpoints.Epoch`, and what was interrupted goes on where it was.
    A damaged cache file, or one that holds NaN, is computed anew; features with NaN are not kept.
    """
    from zsar.learning.distributed import agreed, rank

    path = cache_path(dataset, subsets, choice, seed)
    if agreed(path.is_file()):
        try:
            return {k: v for k, v in _read(path).items() if not k.startswith(WEIGHTS)}
        except DataError as e:
            warnings.warn(f"{e.message}; computed anew", stacklevel=2)
    arrays = _compute(dataset, subsets, choice, seed, device, path.with_suffix(".fit"), on_epoch)
    if rank() == 0:
        if _finite(arrays):
            _save(path, arrays, choice, dataset)
        path.with_suffix(".fit").unlink(missing_ok=True)
    return {k: v for k, v in arrays.items() if not k.startswith(WEIGHTS)}


def fitted(dataset, subsets: Subsets, choice: EncoderChoice, seed: int, device: str = "cpu") -> Encoder:
    """The encoder that made the cached features of `subset_features`, which must have run.

    Raises `ZsarError` for an encoder that can't be restored from its weights, `DataError` for a damaged file.
    """
    import torch

    content = _read(cache_path(dataset, subsets, choice, seed))
    arrays = {k.removeprefix(WEIGHTS): v for k, v in content.items() if k.startswith(WEIGHTS)}
    weights = {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
    if not weights:
        raise ZsarError(
            f"the encoder {choice.name} has no weights to keep", "Name one that is trained: stgcn, shiftgcn"
        )
    encoder = plugins.find("encoder", choice.name)(**choice.keywords)
    encoder.restore(weights, dataset.clips(subsets.seen_train[:1], 1, encoder.joints).shape[4])
    return encoder


def train_encoder(
    dataset, subsets: Subsets, choice: EncoderChoice, seed: int, device: str = "cpu", checkpoint=None, on_epoch=None
) -> tuple[Encoder, Tensor | ClipSet]:
    """An encoder trained on the training clips of seen classes, and these. Raises `DataError` for NaN in them."""
    import torch

    from zsar.data.clip_sets import clips_of, finite
    from zsar.encoders.checkpoints import train

    encoder = plugins.find("encoder", choice.name)(**choice.keywords)
    x = clips_of(dataset, subsets.seen_train, choice.frames, encoder.joints, device, encoder.streams)
    if not finite(x):
        raise DataError(
            f"{dataset.id}: training data with NaN or infinite values",
            f"Import the dataset again: zsar data import {dataset.id}",
        )
    y = torch.from_numpy(class_numbers(dataset.labels[subsets.seen_train], subsets.classes)).to(device)
    on_epoch = on_epoch or (lambda epoch: None)
    train(encoder, x, y, len(subsets.classes), seed=seed, checkpoint=checkpoint, on_epoch=on_epoch)
    return encoder, x


def _compute(dataset, subsets: Subsets, choice: EncoderChoice, seed: int, device: str, checkpoint, on_epoch) -> dict:
    from zsar.data.clip_sets import clips_of

    encoder, x = train_encoder(dataset, subsets, choice, seed, device, checkpoint, on_epoch)
    clips = lambda indices: clips_of(dataset, indices, choice.frames, encoder.joints, device, encoder.streams)
    arrays = {}
    for name, indices in [("train", None), ("seen_test", subsets.seen_test), ("unseen_test", subsets.unseen_test)]:
        if indices is not None and not len(indices):
            continue
        features = encoder.encode(x if indices is None else clips(indices))
        arrays[name] = features.float().cpu().numpy()
        arrays[f"{name}_logits"] = encoder.logits(features).float().cpu().numpy()
    return arrays | {f"{WEIGHTS}{k}": v.cpu().numpy() for k, v in encoder.weights().items()}


def class_numbers(labels: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Class ids [N] as int64 positions in ``classes``."""
    number = {c: i for i, c in enumerate(classes)}
    return np.array([number[c] for c in labels.tolist()], dtype=np.int64)


def _read(path: Path) -> dict:
    """All arrays of a cache file. Raises `DataError` that names it when it is damaged or holds NaN."""
    again = f"Delete {path}; it is computed anew."
    arrays, _ = storage.read_arrays(path, again)
    if not _finite(arrays):
        raise DataError(f"{path} is damaged (it holds NaN)", again)
    return arrays


def _finite(arrays: dict) -> bool:
    """Whether features and logits hold neither NaN nor infinity."""
    return all(np.isfinite(v).all() for k, v in arrays.items() if not k.startswith(WEIGHTS))


def _save(path, arrays: dict, choice: EncoderChoice, dataset) -> None:
    manifest = {
        "dataset": dataset.id,
        "version": dataset.version,
        "encoder": choice.name,
        "zsar": __version__,
        "keywords": choice.keywords,
        "frames": choice.frames,
    }
    storage.write_arrays(path, arrays, manifest)
