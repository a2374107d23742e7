"""Writing an encoder to keep, and its features in the layout of SynSE's and SA-DVAE's released resources."""

import json
from pathlib import Path

import numpy as np

from zsar import __version__, plugins, storage
from zsar.data.cards import DatasetCard, Protocol
from zsar.data.partition import Subsets
from zsar.data.splits import Split
from zsar.encoders.features import EncoderChoice, cache_path, class_numbers, fitted

DATASETS = {"pku": "pku51", "pku-sim": "pkusim", "utd-mhad": "utd", "nw-ucla": "ucla"}
"""What their folders call a dataset; any other goes by its id's letters and digits."""
ENCODERS = {"shiftgcn": "shift", "stgcn": "stgcn"}
FAR_BELOW = 100.0
"""So much lower than the lowest trained logit are those of classes that the classifier doesn't know.

Their code puts a softmax over all columns, at temperatures up to 9: an untrained column should take no part in it.
"""


def seen_accuracy(dataset, subsets: Subsets, arrays: dict) -> float | None:
    """The fraction of the seen classes' test clips that the seen classifier gets right; None without such clips."""
    if "seen_test_logits" not in arrays:
        return None
    truth = class_numbers(dataset.labels[subsets.seen_test], subsets.classes)
    return float((arrays["seen_test_logits"].argmax(1) == truth).mean())


def write_encoder(
    folder: Path,
    dataset,
    subsets: Subsets,
    choice: EncoderChoice,
    seed: int,
    *,
    card: DatasetCard,
    split: Split,
    protocol: Protocol,
    accuracy: float | None,
) -> None:
    """Write ``encoder.safetensors`` and ``encoder.json`` of the encoder whose features are cached.

    ``accuracy`` is that on the seen classes' test clips. Raises what `zsar.encoders.features.fitted` raises.
    """
    from safetensors.torch import save

    weights = {k: v.contiguous() for k, v in fitted(dataset, subsets, choice, seed).weights().items()}
    content = {
        "encoder": choice.description(),
        "joints": plugins.find("encoder", choice.name).joints,
        "dataset": {"id": card.id, "version": dataset.version, "protocol": protocol.name},
        "split": {"id": split.id(card), "hash": split.hash, "seen": list(split.seen)},
        "seed": seed,
        "clips": len(subsets.seen_train),
        "seen_test_accuracy": accuracy,
        "features": cache_path(dataset, subsets, choice, seed).stem,
        "zsar": __version__,
    }
    storage.write_bytes(folder / "encoder.safetensors", save(weights))
    storage.write_text(folder / "encoder.json", json.dumps(content, indent=1) + "\n")


def write_synse(
    folder: Path,
    card: DatasetCard,
    split: Split,
    encoder: str,
    labels: np.ndarray,
    main: tuple[Subsets, dict],
    companion: tuple[Subsets, dict],
    text: tuple[str, np.ndarray],
) -> Path:
    """Write a bundle into ``folder``: sk_feats of the split and of its companion, label_splits and text_feats.

    ``labels`` [N] are the dataset's class ids; ``main`` and ``companion`` are subsets with what
    `zsar.encoders.features.subset_features` gives for them; ``text`` a model's name and its class vectors [C, D].
    Class numbers are positions in the card's classes, from 0; ``gtest`` is in the dataset's order. Folders are named
    by the number of unseen classes, as their code looks for them. Returns the folder of the split's features.
    """
    dataset = DATASETS.get(card.id) or "".join(c for c in card.id if c.isalnum())
    name, n, classes = ENCODERS.get(encoder, encoder), len(split.unseen), list(card.classes)
    numbers = lambda ids: class_numbers(np.asarray(ids), tuple(classes))

    def parts(subsets: Subsets, arrays: dict, key: str) -> tuple[np.ndarray, np.ndarray]:
        """A subset's features [n, D] and logits [n, C]; a subset without clips has no rows."""
        if key not in arrays:
            return np.empty((0, arrays["train"].shape[1]), np.float32), np.empty((0, len(classes)), np.float32)
        return arrays[key], _all_columns(arrays[f"{key}_logits"], numbers(subsets.classes), len(classes))

    def training_and_unseen(subsets: Subsets, arrays: dict) -> dict[str, np.ndarray]:
        unseen, unseen_out = parts(subsets, arrays, "unseen_test")
        return {
            "train": arrays["train"],
            "train_label": numbers(labels[subsets.seen_train]),
            "ztest": unseen,
            "z_label": numbers(labels[subsets.unseen_test]),
            "ztest_out": unseen_out,
        }

    features = folder / "sk_feats" / f"{name}_{dataset}_{n}_r"
    subsets, arrays = main
    (seen, seen_out), (unseen, unseen_out) = (parts(*main, key) for key in ("seen_test", "unseen_test"))
    tests = np.concatenate([subsets.seen_test, subsets.unseen_test])
    order = np.argsort(tests, kind="stable")
    _save(
        features,
        **training_and_unseen(*main),
        gtest=np.concatenate([seen, unseen])[order],
        g_label=numbers(labels[tests[order]]),
        gtest_out=np.concatenate([seen_out, unseen_out])[order],
    )
    subsets, _ = companion
    seen, seen_out = parts(*companion, "seen_test")
    _save(
        folder / "sk_feats" / f"{name}_{dataset}_val_{n}_r",
        **training_and_unseen(*companion),
        val=seen,
        val_label=numbers(labels[subsets.seen_test]),
        val_out=seen_out,
    )
    lists = {
        f"ru{n}": split.unseen,
        f"rs{len(classes) - n}": split.seen,
        f"rv{n}_0": subsets.candidates,
        f"rs{len(classes) - 2 * n}_0": subsets.classes,
    }
    _save(folder / "label_splits" / dataset, **{k: numbers(ids) for k, ids in lists.items()})
    model, vectors = text
    _save(folder / "text_feats" / dataset / model, **{f"lb_{len(classes)}": vectors.astype(np.float32)})
    return features


def _all_columns(logits: np.ndarray, columns: np.ndarray, classes: int) -> np.ndarray:
    """Logits [n, S] of some classes as [n, C] of all; see `FAR_BELOW`."""
    out = np.empty((len(logits), classes), np.float32)
    out[:] = logits.min(1, keepdims=True) - FAR_BELOW
    out[:, columns] = logits
    return out


def _save(folder: Path, **arrays: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array))
