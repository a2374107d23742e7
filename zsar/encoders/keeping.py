"""Pre-training an encoder to keep: its weights with what they were made of, and its features for others."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar import __version__, plugins, storage
from zsar.data.cards import DatasetCard, Protocol
from zsar.data.datasets import open_dataset
from zsar.data.partition import Subsets, companion, partition
from zsar.data.splits import Split
from zsar.encoders.export import write_synse
from zsar.encoders.features import EncoderChoice, cache_path, class_numbers, fitted, subset_features
from zsar.text.vectors import class_vectors


@dataclass(frozen=True)
class Task:
    """One encoder on one split, fully resolved."""

    choice: EncoderChoice
    card: DatasetCard
    protocol: Protocol
    split: Split
    seed: int
    text_model: str
    """Whose class vectors go into a bundle."""

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{self.choice.name}-{self.split.id(self.card)}-seed-{self.seed}"


def keep(task: Task, out: Path, device: str = "cpu", as_synse: bool = False) -> None:
    """Train (or find) the encoder and write ``encoder.safetensors`` and ``encoder.json`` into ``out``.

    ``as_synse`` adds the folder ``synse``: the features, and those of its companion, in the released layout
    (`zsar.encoders.export`). In one of several processes: train with the others, and write only as the first.
    """
    from zsar.learning.distributed import agreed, rank

    first = rank() == 0
    # A simulated dataset is made when it is first opened: by one process, while the others wait.
    if first:
        open_dataset(task.card.id)
    agreed(None)
    dataset = open_dataset(task.card.id).of(task.split)
    main = partition(dataset, task.card, task.split, task.protocol)
    text = _text(task) if as_synse else None  # before hours of training: the model may not be here
    arrays = _features(task, dataset, main, device, "")
    tuning = companion(dataset, task.split, main) if as_synse else None
    tuned = _features(task, dataset, tuning, device, "companion: ") if as_synse else None
    if not first:
        return
    accuracy = seen_accuracy(dataset, main, arrays)
    _write_encoder(task, out, dataset, main, accuracy)
    shown = "no test clips of seen classes" if accuracy is None else f"{accuracy:.1%} of the seen classes' test clips"
    print(f"{task.choice.name} on {task.split.id(task.card)}, seed {task.seed}: {shown}")
    print(f"Encoder: {out / 'encoder.safetensors'}")
    print(f"Features: {cache_path(dataset, main, task.choice, task.seed)}")
    if as_synse:
        with storage.folder_written_whole(out / "synse") as folder:
            both = (main, arrays), (tuning, tuned)
            write_synse(folder, task.card, task.split, task.choice.name, np.asarray(dataset.labels), *both, text)
        print(f"In SynSE's layout: {out / 'synse'}")


def seen_accuracy(dataset, subsets: Subsets, arrays: dict) -> float | None:
    """The fraction of the seen classes' test clips that the seen classifier gets right; None without such clips."""
    if "seen_test_logits" not in arrays:
        return None
    truth = class_numbers(dataset.labels[subsets.seen_test], subsets.train_classes)
    return float((arrays["seen_test_logits"].argmax(1) == truth).mean())


def _features(task: Task, dataset, subsets: Subsets, device: str, label: str) -> dict:
    from zsar.encoders.progress import Progress

    with Progress(label) as progress:
        return subset_features(dataset, subsets, task.choice, task.seed, device, progress)


def _write_encoder(task: Task, out: Path, dataset, subsets: Subsets, accuracy: float | None) -> None:
    from safetensors.torch import save

    weights = {k: v.contiguous() for k, v in fitted(dataset, subsets, task.choice, task.seed).weights().items()}
    content = {
        "encoder": task.choice.described(),
        "joints": plugins.find("encoder", task.choice.name).joints,
        "dataset": {"id": task.card.id, "version": dataset.version, "protocol": task.protocol.name},
        "split": {"id": task.split.id(task.card), "hash": task.split.hash, "seen": list(task.split.seen)},
        "seed": task.seed,
        "clips": len(subsets.train),
        "seen_test_accuracy": accuracy,
        "features": cache_path(dataset, subsets, task.choice, task.seed).stem,
        "zsar": __version__,
    }
    storage.write_bytes(out / "encoder.safetensors", save(weights))
    storage.write_text(out / "encoder.json", json.dumps(content, indent=1) + "\n")


def _text(task: Task) -> tuple[str, np.ndarray]:
    """The text model and its vectors [C, D] of all class names."""
    vectors = class_vectors(task.card.prompts, ("label",), tuple(task.card.classes), task.text_model)
    return task.text_model, vectors.values[:, 0]
