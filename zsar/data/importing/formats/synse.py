"""Bundles of features in the layout of the SynSE and SA-DVAE resources.

``sk_feats/<encoder>_<dataset>_<n>_r`` holds train, ztest (unseen test clips) and gtest (all test clips) with labels
and the seen classifier's outputs (``*_out``); the folder with ``_val`` before ``_<n>_r`` is the companion of an encoder
that never saw the pseudo-unseen classes either. ``label_splits/<dataset>`` holds the class lists (ru, rs, rv) and
``text_feats/<dataset>/<model>`` one vector per class. ``<dataset>`` may be missing, or carry the name of a split.
"""

import re
from pathlib import Path

import numpy as np

from zsar.data import class_vectors
from zsar.data.arrays import load
from zsar.data.bundles import Phase
from zsar.data.cards import TRAINING, DatasetCard, cards
from zsar.data.importing.sources import FeatureSource, class_names, derived_card, same_splits
from zsar.data.splits import Split, splits_of
from zsar.errors import DataError
from zsar.skeletons.readers.source import Source

TITLE = "features in the layout of SynSE and SA-DVAE"
FOLDER = re.compile(r"(?P<encoder>[A-Za-z0-9-]+?)(?:_(?P<dataset>(?!val_)\w+?))?(?P<val>_val)?_(?P<n>\d+)_r")
TEXT = re.compile(r"text_feats/(?:(?P<dataset>[^/]+)/)?(?P<model>[^/]+)/[^/]+$")
MAIN = {"train": "train", "seen_test": "gtest", "unseen_test": "ztest"}
COMPANION = {"train": "train", "seen_test": "val", "unseen_test": "ztest"}
"""The files of each subset, in a split's folder and in its companion's."""
LABELS = {"train": "train_label", "gtest": "g_label", "ztest": "z_label", "val": "val_label"}


def recognises(source: Source) -> bool:
    """Whether there is a folder named like ``shift_ntu60_5_r`` with a train.npy in it."""
    return bool(_folders(source))


def examine(path: Path, name: str, of: DatasetCard | None) -> FeatureSource:
    """Read a bundle whole: every split of one dataset (``of``, or the one that the class counts and names tell).

    Raises `DataError` naming the file when an array is broken, and when labels contradict the class lists or the
    bundle's split is not a division of the dataset's classes.
    """
    source = Source(path)
    folders = _folders(source)
    lines, splits, own, base = [], {}, {}, None
    for folder in sorted(n for n in folders if not FOLDER.fullmatch(n)["val"]):
        card = _dataset(source, folders[folder], FOLDER.fullmatch(folder)["dataset"] or "", of)
        if of is not None and card is not of:
            lines.append(f"{folder}: left aside, it isn't of {of.id}")
            continue
        if base is not None and card is not base:
            raise DataError(
                f"{path} holds features of {base.id} and of {card.id}", f"Name one: --of {base.id} or --of {card.id}"
            )
        base = card
        part = _Split(source, folder, folders, base)
        if part.split.key in splits:
            raise DataError(
                f"{path} holds {splits[part.split.key][1]} and {folder}, which are of one split ({part.split.key})",
                f"Give one encoder's folders only, for example {path}/sk_feats/{folder}.",
            )
        if part.split.family == "own":
            own[part.split.name] = list(part.split.unseen)
        phases = {"main": part.main()}
        if part.companion_folder in folders:
            phases["companion"] = part.companion()
        splits[part.split.key] = (part.split, folder, phases)
        lines += part.lines(phases)
    if base is None:
        raise DataError(f"{path} holds no features of {of.id}", "\n".join(lines) or "Is it another dataset's?")
    text = _text(source, {FOLDER.fullmatch(f)["dataset"] or "" for _, f, _ in splits.values()}, len(base.classes))
    lines += [f"text vectors: {model} ({', '.join(kinds)})" for model, kinds in text.items()]
    card = derived_card(
        name,
        base,
        "released features",
        protocols={"released": {"by": "subject", "train": [TRAINING]}},
        own_splits=own,
        features={key: FOLDER.fullmatch(folder)["encoder"] for key, (_, folder, _) in splits.items()},
        get=f"zsar data import {name} --of {base.id} --source FOLDER_OR_ZIP",
        note="Features that its publishers' encoders made, read as they are.",
    )
    return FeatureSource(card, splits, text, lines)


def _folders(source: Source) -> dict[str, dict[str, str]]:
    """Feature folders by name, each with its arrays' full names."""
    folders: dict[str, dict[str, str]] = {}
    for file, match in source.find(re.compile(r"(\w+)\.npy")):
        folder = file.split("/")[-2] if "/" in file else source.path.name
        if FOLDER.fullmatch(folder):
            folders.setdefault(folder, {})[match[1]] = file
    return {name: files for name, files in folders.items() if "train" in files}


def _dataset(source: Source, files: dict[str, str], name: str, of: DatasetCard | None) -> DatasetCard:
    """The dataset that a folder is about: by the number of classes, which its labels tell, and by its ``name``."""
    labels = load(source, files["g_label"], 1, "iu") if "g_label" in files else np.arange(0)
    count = int(labels.max() - labels.min()) + 1 if len(labels) else 0
    if of is not None and len(of.classes) == count:
        return of
    fitting = [c for c in cards() if not (c.simulated or c.base) and len(c.classes) == count]
    for alike in (lambda c: name.startswith(c.id), lambda c: c.id[:3] == name[:3]):
        fitting = [c for c in fitting if alike(c)] or fitting
    if len(fitting) == 1:
        return fitting[0]
    raise DataError(
        f"{files.get('g_label', files['train'])} has {count} classes: of which dataset?",
        "Name that: --of ntu60 (see: zsar data list)",
    )


def _text(source: Source, datasets: set[str], classes: int) -> dict[str, dict[str, np.ndarray]]:
    """Class vectors [C, D] by model and kind, of the folders' dataset (its name, or that before a split's)."""
    vectors: dict[str, dict[str, np.ndarray]] = {}
    names = {d.split("_")[0] for d in datasets} | datasets | {""}
    for file, its in source.find(class_vectors.FILE):
        match = TEXT.search(file)
        if match and int(its["classes"]) == classes and (match["dataset"] or "") in names:
            array = class_vectors.read_class_vectors(source, file, classes)
            vectors.setdefault(match["model"], {})[class_vectors.kind_of(its["kind"])] = array
    return vectors


class _Split:
    """One split's folder, its companion's, and its class lists, with labels as class ids."""

    def __init__(self, source: Source, folder: str, folders: dict, base: DatasetCard):
        self.source, self.folder, self.folders, self.base = source, folder, folders, base
        match = FOLDER.fullmatch(folder)
        self.dataset, self.n = match["dataset"] or "", int(match["n"])
        self.companion_folder = f"{match['encoder']}_{self.dataset + '_' if self.dataset else ''}val_{self.n}_r"
        self.order = np.array(list(base.classes))
        self.first = int(self.array(folder, "g_label").min())
        if self.first not in (0, 1):
            raise DataError(
                f"{folders[folder]['g_label']} counts classes from {self.first}, not from 0 or 1",
                "Every class has test clips in a released bundle; is this one of another dataset?",
            )
        self.split = self._split()

    def error(self, message: str, hint: str | None = None) -> DataError:
        """The error for what is wrong in the source."""
        return DataError(f"{self.source.path}: {message}", hint)

    def array(self, folder: str, stem: str, ndim: int = 1, kinds: str = "iu") -> np.ndarray:
        """An array of a folder. Raises `DataError` naming what is missing."""
        if stem not in self.folders[folder]:
            raise self.error(f"{folder} has no {stem}.npy", "The bundle isn't complete.")
        return load(self.source, self.folders[folder][stem], ndim, kinds)

    def ids(self, numbers: np.ndarray, where: str) -> np.ndarray:
        """Class ids of class numbers. Raises `DataError` for a number that the dataset doesn't have."""
        wrong = numbers[(numbers < self.first) | (numbers >= self.first + len(self.order))]
        if len(wrong):
            raise DataError(f"{where} holds the class number {wrong[0]}, {self.base.id} has {len(self.order)} classes")
        return self.order[numbers.astype(np.int64) - self.first]

    def labels(self, folder: str, stem: str) -> np.ndarray:
        """The class ids [n] of a folder's subset."""
        return self.ids(self.array(folder, LABELS[stem]), f"{folder}/{LABELS[stem]}.npy")

    def in_order(self, ids: set[str]) -> tuple[str, ...]:
        """Class ids in the class list's order."""
        return tuple(c for c in self.order.tolist() if c in ids)

    def hold_against_list(self, stem: str, ids: set[str], folder: str) -> None:
        """Raises `DataError` when a list in label_splits, where the bundle has it, is of other classes."""
        path = "/".join(filter(None, ("label_splits", self.dataset, f"{stem}.npy")))
        for file, _ in self.source.find(re.compile(re.escape(f"{stem}.npy"))):
            if file.endswith(path):
                listed = set(self.ids(load(self.source, file, 1, "iu"), file).tolist())
                if listed != ids:
                    raise self.error(
                        f"{folder} contradicts {path}: {class_names(listed ^ ids, self.base)}",
                        "Class lists and features don't belong together.",
                    )
                return

    def _split(self) -> Split:
        """The split of this folder, matched by its classes; one of the dataset's own when no family has it."""
        unseen = set(self.labels(self.folder, "ztest").tolist())
        seen = set(self.labels(self.folder, "train").tolist())
        self.hold_against_list(f"ru{self.n}", unseen, self.folder)
        self.hold_against_list(f"rs{len(self.order) - self.n}", seen, self.folder)
        if seen & unseen:
            raise self.error(
                f"{self.folder}/train.npy holds clips of unseen classes: {class_names(seen & unseen, self.base)}"
            )
        absent = set(self.order.tolist()) - seen - unseen
        if len(unseen) != self.n or absent:
            raise self.error(
                f"{self.folder} has {len(seen)} seen and {len(unseen)} unseen classes; its name says {self.n} unseen "
                f"of {len(self.order)}" + (f"; neither: {class_names(absent, self.base)}" if absent else "")
            )
        for split in splits_of(self.base):
            if set(split.unseen) == unseen:
                return split
        name = "-".join(filter(None, (self.dataset.replace("_", "-"), str(self.n))))
        return Split.dividing(self.base, "own", name, unseen=unseen)

    def main(self) -> Phase:
        """The main encoder's features: gtest's clips of seen classes are the seen_test."""
        return self._phase(self.folder, self.split.seen, self.split.unseen, MAIN)

    def companion(self) -> Phase:
        """The companion encoder's features; its pseudo-unseen classes are those of its ztest."""
        pseudo = set(self.labels(self.companion_folder, "ztest").tolist())
        left = set(self.labels(self.companion_folder, "train").tolist())
        for wrong, what in (
            (pseudo & left, "its train.npy holds clips of its own pseudo-unseen classes"),
            ((pseudo | left) - set(self.split.seen), "it holds clips of unseen classes"),
        ):
            if wrong:
                raise self.error(f"{self.companion_folder}: {what}: {class_names(wrong, self.base)}")
        self.hold_against_list(f"rv{self.n}_0", pseudo, self.companion_folder)
        return self._phase(self.companion_folder, self.in_order(left), self.in_order(pseudo), COMPANION)

    def _phase(self, folder: str, classes: tuple, candidates: tuple, files: dict[str, str]) -> Phase:
        features, labels, logits = {}, {}, {}
        for subset, stem in files.items():
            x, y = self.array(folder, stem, 2, "f").astype(np.float32), self.labels(folder, stem)
            if len(x) != len(y):
                raise self.error(f"{folder}/{stem}.npy has {len(x)} rows and {len(y)} labels")
            if not np.isfinite(x).all():
                raise self.error(f"{folder}/{stem}.npy holds NaN or infinite values")
            keep = np.isin(y, candidates if subset == "unseen_test" else classes)
            features[subset], labels[subset] = x[keep], y[keep]
            if subset != "train" and f"{stem}_out" in self.folders[folder]:
                logits[subset] = self._outputs(folder, stem, len(x), classes)[keep]
        if len({x.shape[1] for x in features.values()}) > 1:
            raise self.error(f"{folder} holds features of different widths")
        if "seen_test" in logits and "unseen_test" not in logits and files is MAIN:
            self._unseen_logits(folder, candidates, features, logits)
        return Phase(classes, candidates, features, labels, logits)

    def _unseen_logits(self, folder: str, candidates: tuple, features: dict, logits: dict) -> None:
        """Outputs for ztest from those for gtest, where the two hold the same clips in the same order."""
        rows = np.isin(self.labels(folder, "gtest"), candidates)
        if np.array_equal(self.array(folder, "gtest", 2, "f")[rows].astype(np.float32), features["unseen_test"]):
            seen = tuple(np.setdiff1d(self.order, candidates))
            logits["unseen_test"] = self._outputs(folder, "gtest", len(rows), seen)[rows]

    def _outputs(self, folder: str, stem: str, rows: int, classes: tuple) -> np.ndarray:
        """The seen classifier's outputs [n, S] in the order of ``classes``: columns of other classes are left away."""
        out = self.array(folder, f"{stem}_out", 2, "f").astype(np.float32)
        if len(out) != rows or out.shape[1] not in (len(self.order), len(classes)) or not np.isfinite(out).all():
            raise self.error(
                f"{folder}/{stem}_out.npy of shape {out.shape} should be finite and "
                f"[{rows}, {len(self.order)}] or [{rows}, {len(classes)}]"
            )
        return out if out.shape[1] == len(classes) else out[:, np.isin(self.order, classes)]

    def lines(self, phases: dict[str, Phase]) -> list[str]:
        """What the folder holds, for the screen."""
        names = same_splits(self.split, self.base) or f"{self.split.key}, of no family"
        lines = [f"{self.folder}: split {names} of {self.base.id}"]
        for phase, content in phases.items():
            sizes = ", ".join(f"{len(x)} {subset}" for subset, x in content.subsets.items())
            outputs = "with" if len(content.logits) == 2 else "without"
            lines.append(
                f"  {phase}: {sizes}; {len(content.classes)}/{len(content.candidates)} classes, "
                f"{content.subsets['train'].shape[1]} wide, {outputs} seen-class outputs"
            )
        pseudo = set(self.split.defined_pseudo_unseen)
        if "companion" not in phases:
            lines.append(f"  no {self.companion_folder}: nothing to choose epochs or calibrate on")
        elif pseudo and set(phases["companion"].candidates) != pseudo:
            lines.append("  its pseudo-unseen classes are others than the family's list has")
        sizes = {subset: len(x) for subset, x in phases["main"].subsets.items()}
        sizes["seen_train"] = sizes.pop("train")
        for where, expected in self.split.expected.items():
            if where.startswith(f"{self.base.id}/") and expected == sizes:
                lines.append(f"  as many clips as {where.split('/')[1]} has")
        return lines
