"""One split in a bundle of SynSE's layout: its folder of features, its companion's, and its class lists."""

import re

import numpy as np

from zsar.data.arrays import load
from zsar.data.bundles import Phase
from zsar.data.cards import DatasetCard
from zsar.data.splits import Split, splits_of
from zsar.errors import DataError
from zsar.skeletons.readers.source import Source

FOLDER = re.compile(r"(?P<encoder>[A-Za-z0-9-]+?)(?:_(?P<dataset>(?!val_)\w+?))?(?P<val>_val)?_(?P<n>\d+)_r")
FILES = {
    "": {"train": "train", "seen_test": "gtest", "unseen_test": "ztest"},
    "_val": {"train": "train", "seen_test": "val", "unseen_test": "ztest"},
}
LABELS = {"train": "train_label", "gtest": "g_label", "ztest": "z_label", "val": "val_label"}


class ReleasedSplit:
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

    def array(self, folder: str, stem: str, ndim: int = 1, kinds: str = "iu") -> np.ndarray:
        """An array of a folder. Raises `DataError` naming what is missing."""
        if stem not in self.folders[folder]:
            raise DataError(f"{self.source.path}: {folder} has no {stem}.npy", "The bundle isn't complete.")
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

    def listed(self, stem: str) -> set[str] | None:
        """The classes of a list in label_splits; None when the bundle doesn't have it."""
        wanted = "/".join(filter(None, ("label_splits", self.dataset, f"{stem}.npy")))
        for file, _ in self.source.find(re.compile(re.escape(f"{stem}.npy"))):
            if file.endswith(wanted):
                return set(self.ids(load(self.source, file, 1, "iu"), file).tolist())
        return None

    def split(self, own: dict[str, list[str]]) -> Split:
        """The split of this folder, matched by its classes; one of the dataset's own when no family has it."""
        unseen = set(self.labels(self.folder, "ztest").tolist())
        seen = set(self.labels(self.folder, "train").tolist())
        for stem, found in ((f"ru{self.n}", unseen), (f"rs{len(self.order) - self.n}", seen)):
            listed = self.listed(stem)
            if listed is not None and listed != found:
                odd = self.names(listed ^ found)
                raise DataError(
                    f"{self.source.path}: {self.folder} contradicts label_splits/{self.dataset}/{stem}.npy: {odd}",
                    "Class lists and features don't belong together.",
                )
        if seen & unseen:
            raise DataError(
                f"{self.source.path}: {self.folder}/train.npy holds clips of unseen classes: "
                + self.names(seen & unseen)
            )
        if len(unseen) != self.n or seen | unseen != set(self.order.tolist()):
            absent = self.names(set(self.order.tolist()) - seen - unseen)
            raise DataError(
                f"{self.source.path}: {self.folder} has {len(seen)} seen and {len(unseen)} unseen classes; "
                f"its name says {self.n} unseen of {len(self.order)}" + (f"; neither: {absent}" if absent else "")
            )
        for split in splits_of(self.base):
            if set(split.unseen) == unseen:
                return split
        name = "-".join(filter(None, (self.dataset.replace("_", "-"), str(self.n))))
        own[name] = [c for c in self.order.tolist() if c in unseen]
        pick = lambda side: tuple(c for c in self.order.tolist() if c in side)
        return Split("own", name, self.base.vocabulary, pick(seen), pick(unseen))

    def main(self, split: Split) -> Phase:
        """The main encoder's features: gtest's clips of seen classes are the seen_test."""
        return self._phase(self.folder, split.seen, split.unseen, FILES[""])

    def companion(self, split: Split) -> Phase:
        """The companion encoder's features; its pseudo-unseen classes are those of its ztest."""
        pseudo = set(self.labels(self.companion_folder, "ztest").tolist())
        left = set(self.labels(self.companion_folder, "train").tolist())
        for wrong, what in (
            (pseudo & left, "its train.npy holds clips of its own pseudo-unseen classes"),
            ((pseudo | left) - set(split.seen), "it holds clips of unseen classes"),
        ):
            if wrong:
                raise DataError(f"{self.source.path}: {self.companion_folder}: {what}: {self.names(wrong)}")
        listed = self.listed(f"rv{self.n}_0")
        if listed is not None and listed != pseudo:
            raise DataError(
                f"{self.source.path}: {self.companion_folder} contradicts rv{self.n}_0.npy: "
                + self.names(listed ^ pseudo)
            )
        pick = lambda side: tuple(c for c in split.seen if c in side)
        return self._phase(self.companion_folder, pick(left), pick(pseudo), FILES["_val"])

    def _phase(self, folder: str, classes: tuple, candidates: tuple, files: dict[str, str]) -> Phase:
        features, labels, logits = {}, {}, {}
        for subset, stem in files.items():
            x, y = self.array(folder, stem, 2, "f").astype(np.float32), self.labels(folder, stem)
            if len(x) != len(y):
                raise DataError(f"{self.source.path}: {folder}/{stem}.npy has {len(x)} rows and {len(y)} labels")
            if not np.isfinite(x).all():
                raise DataError(f"{self.source.path}: {folder}/{stem}.npy holds NaN or infinite values")
            keep = np.isin(y, candidates if subset == "unseen_test" else classes)
            features[subset], labels[subset] = x[keep], y[keep]
            if subset != "train" and f"{stem}_out" in self.folders[folder]:
                logits[subset] = self._outputs(folder, stem, len(x), classes)[keep]
        if len({x.shape[1] for x in features.values()}) > 1:
            raise DataError(f"{self.source.path}: {folder} holds features of different widths")
        if "seen_test" in logits and "unseen_test" not in logits and "gtest" in files.values():
            self._unseen_logits(folder, candidates, features, logits)
        return Phase(classes, candidates, features, labels, logits)

    def _unseen_logits(self, folder: str, candidates: tuple, features: dict, logits: dict) -> None:
        """Outputs for ztest from those for gtest, where the two hold the same clips in the same order."""
        rows = np.isin(self.labels(folder, "gtest"), candidates)
        if np.array_equal(self.array(folder, "gtest", 2, "f")[rows].astype(np.float32), features["unseen_test"]):
            width = np.setdiff1d(self.order, candidates)
            logits["unseen_test"] = self._outputs(folder, "gtest", len(rows), tuple(width))[rows]

    def _outputs(self, folder: str, stem: str, rows: int, classes: tuple) -> np.ndarray:
        """The seen classifier's outputs [n, S] in the order of ``classes``: columns of other classes are left away."""
        out = self.array(folder, f"{stem}_out", 2, "f").astype(np.float32)
        if len(out) != rows or out.shape[1] not in (len(self.order), len(classes)) or not np.isfinite(out).all():
            raise DataError(
                f"{self.source.path}: {folder}/{stem}_out.npy of shape {out.shape} should be finite and "
                f"[{rows}, {len(self.order)}] or [{rows}, {len(classes)}]"
            )
        return out if out.shape[1] == len(classes) else out[:, np.isin(self.order, classes)]

    def described(self, split: Split, phases: dict[str, Phase]) -> list[str]:
        """What was found, for the screen."""
        same = [f"{s.family}.{s.name}" for s in splits_of(self.base) if s.hash == split.hash]
        lines = [f"{self.folder}: split {' = '.join(same) or f'own.{split.name}, of no family'} of {self.base.id}"]
        for phase, content in phases.items():
            sizes = ", ".join(f"{len(x)} {subset}" for subset, x in content.subsets.items())
            outputs = "with" if len(content.logits) == 2 else "without"
            lines.append(
                f"  {phase}: {sizes}; {len(content.classes)}/{len(content.candidates)} classes, "
                f"{content.subsets['train'].shape[1]} wide, {outputs} seen-class outputs"
            )
        if "companion" not in phases:
            lines.append(f"  no {self.companion_folder}: nothing to choose epochs or calibrate on")
        elif split.defined_pseudo_unseen and set(phases["companion"].candidates) != set(split.defined_pseudo_unseen):
            lines.append("  its pseudo-unseen classes are others than the family's list has")
        for where, expected in split.expected.items():
            found = {subset: len(x) for subset, x in phases["main"].subsets.items()}
            found["seen_train"] = found.pop("train")
            if where.startswith(f"{self.base.id}/") and expected == found:
                lines.append(f"  as many clips as {where.split('/')[1]} has")
        return lines

    def names(self, ids: set[str]) -> str:
        """Class ids with their names, for messages."""
        return ", ".join(f"{c} ({self.base.classes[c]})" for c in sorted(ids)[:10])
