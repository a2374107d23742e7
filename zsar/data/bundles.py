"""Bundles of released features, prepared: features, labels and seen-class logits of every split.

A folder with ``manifest.json``, ``card.yaml`` and one ``<family>.<split>.npz`` per split. Where a prepared store keeps
clips, a bundle keeps what an encoder made of them; subsets are the bundle's own and can't be divided otherwise.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar import __version__, storage
from zsar.configuration import parse_json
from zsar.data.contract import ALL, Dataset, Subsets
from zsar.data.splits import Split
from zsar.errors import DamagedData, DataError

KIND = "features"
ENCODER = "released"
"""What records call the encoder of features that somebody else made."""
SUBSETS = ("train", "seen_test", "unseen_test")


@dataclass(frozen=True)
class Phase:
    """The features that one encoder made: ``subsets`` maps ``train``, ``seen_test`` and ``unseen_test`` to features
    [n, D] float32, ``labels`` to class ids [n], ``logits`` (no ``train``) to the seen classifier's outputs [n, S]."""

    classes: tuple[str, ...]
    candidates: tuple[str, ...]
    subsets: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    logits: dict[str, np.ndarray]


class _WithoutClips(Dataset):
    """Where an encoder's features took the clips' place."""

    def clips(self, indices=ALL, length=50, joints="kinect_v2", centred=True, aligned=False) -> np.ndarray:
        """Raises `DataError`: there are no clips."""
        raise DataError(f"{self.id} holds released features, so it has no clips", "See zsar data list.")

    def frames(self, i: int) -> np.ndarray:
        """As `clips`."""
        return self.clips(np.array([i]))


class Features(_WithoutClips):
    """One split of a bundle, with the arrays per clip that a prepared store has.

    Rows are the main encoder's train, seen_test and unseen_test clips, then its companion's; a clip that both encoders
    saw has a row for each. ``divisions`` holds the `Subsets` of ``main`` and, where the bundle has one, ``companion``.
    """

    def __init__(self, dataset: str, version: str, phases: dict[str, Phase]):
        self.id, self.version = dataset, version
        self.divisions = {}
        rows, labels, self._arrays = 0, [], {}
        for phase, content in phases.items():
            numbers = {}
            for name in SUBSETS:
                numbers[name] = np.arange(rows, rows + len(content.labels[name]))
                labels.append(content.labels[name])
                rows += len(content.labels[name])
            subsets = Subsets(*numbers.values(), content.classes, content.candidates)
            self.divisions[phase] = subsets
            self._arrays[phase] = dict(content.subsets) | {f"{k}_logits": v for k, v in content.logits.items()}
        self.labels = np.concatenate(labels)
        self.subjects = self.views = np.full(rows, "")
        self.samples = np.array([f"{i:06d}" for i in range(rows)])

    def __len__(self) -> int:
        return len(self.labels)

    def verify(self) -> None:
        """Nothing to read: `Bundle.of` has verified it."""

    def arrays(self, subsets: Subsets) -> dict[str, np.ndarray]:
        """Features and logits by subset, as `zsar.encoders.features.subset_features` gives them."""
        phase = next(name for name, division in self.divisions.items() if division is subsets)
        return self._arrays[phase]


class Bundle(_WithoutClips):
    """A prepared bundle; `of` opens one of its splits, which has the labels."""

    def __init__(self, path: Path, manifest: dict):
        self.path, self.manifest = path, manifest
        self.id, self.version = manifest["dataset"], manifest["version"]
        self.texts = {model: list(kinds) for model, kinds in manifest["text"].items()}

    def __len__(self) -> int:
        return self.manifest["rows"]

    @property
    def labels(self) -> np.ndarray:
        """Raises `DataError`: clips belong to a split here."""
        raise DataError(
            f"{self.id} holds released features, a set of clips for each of its splits",
            f"Open one of them: {', '.join(self.manifest['splits'])}.",
        )

    subjects = views = samples = labels

    def of(self, split: Split) -> Features:
        """The features of a split. Raises `DataError` when the bundle doesn't hold it, `DamagedData` for its file."""
        names = [name for name, entry in self.manifest["splits"].items() if entry["hash"] == split.hash]
        if not names:
            raise DataError(
                f"{self.id} holds no features for the split {split.key}",
                f"It holds: {', '.join(self.manifest['splits'])}. Features belong to the split that their encoder "
                "was trained for.",
            )
        arrays = self._read(names[0])
        phases = {p: _phase(arrays, p) for p in ("main", "companion") if f"{p}/classes" in arrays}
        return Features(self.id, self.version, phases)

    def verify(self) -> None:
        """See `Dataset.verify`."""
        for name in self.manifest["splits"]:
            self._read(name)
        for model in self.manifest["text"]:
            self.text(model)

    def _read(self, name: str) -> dict[str, np.ndarray]:
        """The arrays of a split's file. Raises `DamagedData` unless they are those that were imported."""
        file, entry = self.path / f"{name}.npz", self.manifest["splits"][name]
        try:
            with np.load(file, allow_pickle=False) as content:
                arrays = {key: content[key] for key in content.files}
        except Exception as e:  # whatever numpy and zip meet in a damaged file
            raise DamagedData(f"{file} is missing or damaged: {e}", _again(self.path)) from e
        if _content(self.id, entry["encoder"], arrays) != entry["content"]:
            raise DamagedData(f"{file} is damaged: it doesn't hold what was imported", _again(self.path))
        return arrays

    def has_companion(self, split: Split) -> bool:
        """Whether there are features of an encoder that never saw the split's pseudo-unseen classes."""
        return any("companion" in e["phases"] for e in self.manifest["splits"].values() if e["hash"] == split.hash)

    def text(self, model: str) -> dict[str, np.ndarray]:
        """The bundle's class vectors [C, D] by kind of prompt for a text model; empty when it has none.

        Raises `DamagedData` for its file; earlier versions kept no checksums of these files.
        """
        return {kind: self._vectors(file) for kind, file in self.manifest["text"].get(model, {}).items()}

    def _vectors(self, file: str) -> np.ndarray:
        path = self.path / file
        try:
            vectors = np.load(path, allow_pickle=False)
        except Exception as e:
            raise DamagedData(f"{path} is missing or damaged: {e}", _again(self.path)) from e
        checksum = self.manifest["checksums"].get(file)
        if checksum not in (None, storage.fingerprint(vectors)):
            raise DamagedData(f"{path} is damaged: it doesn't hold what was imported", _again(self.path))
        return vectors


def _phase(arrays: dict[str, np.ndarray], phase: str) -> Phase:
    part = lambda kind: {n: arrays[f"{phase}/{kind}/{n}"] for n in SUBSETS if f"{phase}/{kind}/{n}" in arrays}
    classes, candidates = (tuple(arrays[f"{phase}/{key}"].tolist()) for key in ("classes", "candidates"))
    return Phase(classes, candidates, part("features"), part("labels"), part("logits"))


def write_bundle(
    path: Path, dataset: str, splits: dict[str, tuple[Split, str, dict[str, Phase]]], text: dict, beside: dict[str, str]
) -> Bundle:
    """Write a bundle whole or not at all, and open it.

    ``splits`` maps "family.name" to the split, the encoder's name and its phases; ``text`` maps a model to class
    vectors [C, D] by kind of prompt; ``beside`` maps file names to text kept in the same folder.
    """
    entries, rows = {}, 0
    with storage.folder_written_whole(Path(path)) as folder:
        for name, (split, encoder, phases) in splits.items():
            arrays = {}
            for phase, content in phases.items():
                arrays[f"{phase}/classes"] = np.array(content.classes)
                arrays[f"{phase}/candidates"] = np.array(content.candidates)
                for kind, values in (
                    ("features", content.subsets),
                    ("labels", content.labels),
                    ("logits", content.logits),
                ):
                    arrays |= {f"{phase}/{kind}/{subset}": value for subset, value in values.items()}
            np.savez(folder / f"{name}.npz", **arrays)
            content = _content(dataset, encoder, arrays)
            entries[name] = {"hash": split.hash, "encoder": encoder, "phases": list(phases), "content": content}
            rows = max(rows, sum(len(v) for v in phases["main"].labels.values()))
        files, checksums = {}, {}
        for model, kinds in text.items():
            for kind, vectors in kinds.items():
                file = f"text-{storage.fingerprint(model, kind)}.npy"
                np.save(folder / file, vectors.astype("<f4"))
                checksums[file] = storage.fingerprint(vectors.astype("<f4"))
                files.setdefault(model, {})[kind] = file
        manifest = {
            "kind": KIND,
            "dataset": dataset,
            "version": storage.fingerprint(entries, files),
            "rows": rows,
            "splits": entries,
            "text": files,
            "checksums": checksums,
            "zsar": __version__,
        }
        for file, content in beside.items():
            (folder / file).write_text(content, encoding="utf-8")
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return open_bundle(path)


def _content(dataset: str, encoder: str, arrays: dict[str, np.ndarray]) -> str:
    """The checksum of what a split's file holds."""
    return storage.fingerprint(dataset, encoder, *(part for k in sorted(arrays) for part in (k, arrays[k])))


def is_bundle(path: Path) -> bool:
    """Whether a prepared folder holds features rather than clips."""
    try:
        manifest = parse_json((Path(path) / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("kind") == KIND


def open_bundle(path: Path) -> Bundle:
    """Open a prepared bundle. Raises `DamagedData` for a manifest that is missing, damaged or of another version."""
    path = Path(path)
    try:
        manifest = parse_json((path / "manifest.json").read_text(encoding="utf-8"))
        content = {key: manifest[key] for key in ("dataset", "version", "rows", "splits", "text")}
        version = storage.fingerprint(content["splits"], content["text"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DamagedData(f"{path / 'manifest.json'} is missing or damaged: {e}", _again(path)) from e
    if version != content["version"]:
        message = f"{path / 'manifest.json'} is damaged: its version is not that of what it lists"
        raise DamagedData(message, _again(path))
    return Bundle(path, content | {"checksums": manifest.get("checksums", {})})


def _again(path: Path) -> str:
    return f"Delete {path} and import the bundle again."
