"""Features of a split's subsets, computed once and cached under a key of everything that determines them."""

import json
import warnings
from dataclasses import dataclass

import numpy as np

from zsar import __version__, storage
from zsar.data.partition import Subsets
from zsar.encoders import registry
from zsar.errors import DataError
from zsar.methods.registry import checked


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder by name with all its keywords, and the number of frames that clips are resampled to."""

    name: str
    keywords: dict
    frames: int

    @classmethod
    def of(cls, name: str, keywords: dict, frames: int) -> "EncoderChoice":
        """Check the keywords against the encoder's constructor and fill in its defaults."""
        return cls(name, checked(registry.find(name), keywords, f"encoder {name}"), frames)

    def described(self) -> dict:
        """The choice as records hold it."""
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in self.keywords.items()}
        return {"name": self.name, "keywords": plain, "frames": self.frames}

    def key(self, dataset, subsets: Subsets, seed: int) -> str:
        """Changes with the data, the training clips, their classes, the configuration, its version and the seed."""
        encoder = registry.find(self.name)
        samples = [
            dataset.samples[subsets.train].tolist(),
            dataset.samples[subsets.seen_test].tolist(),
            dataset.samples[subsets.unseen_test].tolist(),
        ]
        return storage.fingerprint(
            "features",
            dataset.version,
            samples,
            subsets.train_classes,
            self.name,
            self.keywords,
            seed if encoder.random else None,
            self.frames,
            encoder.version,
        )


def subset_features(dataset, subsets: Subsets, choice: EncoderChoice, seed: int, device: str = "cpu") -> dict:
    """Features [n, D] of ``train``, ``seen_test`` and ``unseen_test``, and their logits [n, S] by the seen classifier.

    Keys are "train", "train_logits" and so on; values float32 arrays. The encoder is fitted on the training clips
    only. A damaged cache file is computed anew.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = storage.home() / "features" / f"{choice.key(dataset, subsets, seed)}.safetensors"
    if path.is_file():
        try:
            return load_file(path)
        except (SafetensorError, OSError) as e:
            warnings.warn(f"{path} is damaged ({e}); computed anew", stacklevel=2)
    arrays = _compute(dataset, subsets, choice, seed, device)
    _save(path, arrays, choice, dataset)
    return arrays


def _compute(dataset, subsets: Subsets, choice: EncoderChoice, seed: int, device: str) -> dict:
    import torch

    encoder = registry.find(choice.name)(**choice.keywords)
    clips = lambda indices: torch.from_numpy(dataset.clips(indices, choice.frames, encoder.joints)).to(device)
    train = clips(subsets.train)
    if not torch.isfinite(train).all():
        raise DataError(
            f"{dataset.id}: training data with NaN or infinite values",
            f"Import the dataset again: zsar data import {dataset.id}",
        )
    y = torch.from_numpy(class_numbers(dataset.labels[subsets.train], subsets.train_classes)).to(device)
    with torch.random.fork_rng(devices=[train.device] if train.is_cuda else []):
        torch.manual_seed(seed)
        encoder.fit(train, y, len(subsets.train_classes))
    arrays = {}
    for name, indices in [("train", None), ("seen_test", subsets.seen_test), ("unseen_test", subsets.unseen_test)]:
        if indices is not None and not len(indices):
            continue
        features = encoder.encode(train if indices is None else clips(indices))
        arrays[name] = features.float().cpu().numpy()
        arrays[f"{name}_logits"] = encoder.logits(features).float().cpu().numpy()
    return arrays


def class_numbers(labels: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Class ids [N] as int64 positions in ``classes``."""
    number = {c: i for i, c in enumerate(classes)}
    return np.array([number[c] for c in labels.tolist()], dtype=np.int64)


def _save(path, arrays: dict, choice: EncoderChoice, dataset) -> None:
    from safetensors.numpy import save

    manifest = {
        "dataset": dataset.id,
        "version": dataset.version,
        "encoder": choice.name,
        "zsar": __version__,
        "keywords": choice.keywords,
        "frames": choice.frames,
    }
    contiguous = {k: np.ascontiguousarray(v) for k, v in arrays.items()}
    # One value, because safetensors writes several in an order of its own, and other bytes each time.
    storage.write_bytes(path, save(contiguous, metadata={"made": json.dumps(manifest, sort_keys=True)}))
