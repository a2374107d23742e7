"""Bundles of features in the layout of the SynSE and SA-DVAE resources.

``sk_feats/<encoder>_<dataset>_<n>_r`` holds train, ztest (unseen test clips) and gtest (all test clips) with labels
and the seen classifier's outputs (``*_out``); the folder with ``_val`` before ``_<n>_r`` is the companion of an encoder
that never saw the pseudo-unseen classes either. ``label_splits/<dataset>`` holds the class lists (ru, rs, rv) and
``text_feats/<dataset>/<model>`` one vector per class. ``<dataset>`` may be missing, or carry the name of a split.
"""

import re
from pathlib import Path

import numpy as np

from zsar.data.arrays import load
from zsar.data.cards import DatasetCard, cards
from zsar.data.formats.found import FoundFeatures
from zsar.data.formats.synse_split import FOLDER, ReleasedSplit
from zsar.errors import DataError
from zsar.skeletons.readers.source import Source

TITLE = "features in the layout of SynSE and SA-DVAE"
TEXT = re.compile(r"text_feats/(?:(?P<dataset>[^/]+)/)?(?P<model>[^/]+)/(?P<kind>[^/]+?)_(?P<classes>\d+)\.npy")
KINDS = {"lb": "label", "ad": "description", "md": "motion"}
"""Text modes: class names, descriptions of the action, descriptions of the motion; others keep their name."""


def recognises(source: Source) -> bool:
    """Whether there is a folder named like ``shift_ntu60_5_r`` with a train.npy in it."""
    return bool(_folders(source))


def examine(path: Path, name: str, known: DatasetCard | None) -> FoundFeatures:
    """Read a bundle whole: every split of one dataset (``known``, or the one that the class counts and names tell).

    Raises `DataError` naming the file when an array is broken, and when labels contradict the class lists or the
    bundle's split is not a division of the dataset's classes.
    """
    source = Source(path)
    folders = _folders(source)
    lines, splits, own, of = [], {}, {}, None
    for folder in sorted(n for n in folders if not FOLDER.fullmatch(n)["val"]):
        match = FOLDER.fullmatch(folder)
        base = _dataset(source, folders[folder], match["dataset"] or "", known)
        if known is not None and base is not known:
            lines.append(f"{folder}: left aside, it isn't of {known.id}")
            continue
        if of is not None and base is not of:
            raise DataError(
                f"{path} holds features of {of.id} and of {base.id}", f"Name one: --of {of.id} or --of {base.id}"
            )
        of = base
        part = ReleasedSplit(source, folder, folders, base)
        split = part.split(own)
        key = f"{split.family}.{split.name}"
        if key in splits:
            raise DataError(
                f"{path} holds {splits[key][1]} and {folder}, which are of one split ({key})",
                f"Give one encoder's folders only, for example {path}/sk_feats/{folder}.",
            )
        phases = {"main": part.main(split)}
        companion = part.companion_folder
        if companion in folders:
            phases["companion"] = part.companion(split)
        splits[key] = (split, folder, phases)
        lines += part.described(split, phases)
    if of is None:
        raise DataError(f"{path} holds no features of {known.id}", "\n".join(lines) or "Is it another dataset's?")
    text = _text(source, {FOLDER.fullmatch(f)["dataset"] or "" for _, f, _ in splits.values()}, len(of.classes))
    lines += [f"text vectors: {model} ({', '.join(kinds)})" for model, kinds in text.items()]
    return FoundFeatures(_card(name, of, splits, own), splits, text, lines)


def _folders(source: Source) -> dict[str, dict[str, str]]:
    """Feature folders by name, each with its arrays' full names."""
    found: dict[str, dict[str, str]] = {}
    for file, match in source.find(re.compile(r"(\w+)\.npy")):
        folder = file.split("/")[-2] if "/" in file else source.path.name
        if FOLDER.fullmatch(folder):
            found.setdefault(folder, {})[match[1]] = file
    return {name: files for name, files in found.items() if "train" in files}


def _dataset(source: Source, files: dict[str, str], said: str, known: DatasetCard | None) -> DatasetCard:
    """The dataset that a folder is about: by the number of classes, which its labels or its outputs tell."""
    labels = load(source, files["g_label"], 1, "iu") if "g_label" in files else np.arange(0)
    counts = {int(labels.max() - labels.min()) + 1} if len(labels) else set()
    if known is not None and len(known.classes) in counts:
        return known
    fitting = [c for c in cards() if not (c.simulated or c.base) and len(c.classes) in counts]
    for alike in (lambda c: said.startswith(c.id), lambda c: c.id[:3] == said[:3]):
        fitting = [c for c in fitting if alike(c)] or fitting
    if len(fitting) == 1:
        return fitting[0]
    raise DataError(
        f"{files.get('g_label', files['train'])} has {max(counts, default=0)} classes: of which dataset?",
        "Say which: --of ntu60 (see: zsar data list)",
    )


def _text(source: Source, datasets: set[str], classes: int) -> dict[str, dict[str, np.ndarray]]:
    """Class vectors [C, D] by model and kind, of the folders' dataset (its name, or that before a split's)."""
    found: dict[str, dict[str, np.ndarray]] = {}
    of = {d.split("_")[0] for d in datasets} | datasets
    for file, _ in source.find(re.compile(r".+_\d+\.npy")):
        match = TEXT.search(file)
        if match and int(match["classes"]) == classes and (match["dataset"] or "") in {*of, ""}:
            vectors = load(source, file, 2, "f").astype(np.float32)
            if len(vectors) != classes or not np.isfinite(vectors).all():
                raise DataError(f"{source.path}: {file} should hold a finite vector for each of {classes} classes")
            found.setdefault(match["model"], {})[KINDS.get(match["kind"], match["kind"])] = vectors
    return found


def _card(name: str, base: DatasetCard, splits: dict, own: dict[str, list[str]]) -> dict:
    return {
        "id": name,
        "title": f"{base.title}, released features",
        "base": base.id,
        "classes": dict(base.classes),
        "prompts": base.prompts,
        "layout": base.layout,
        "bodies": base.bodies,
        "reader": "",
        "protocols": {"released": {"by": "subject", "train": ["training"]}},
        "splits": base.family,
        "own_splits": own,
        "features": {key: FOLDER.fullmatch(folder)["encoder"] for key, (_, folder, _) in splits.items()},
        "licence": base.licence,
        "citation": base.citation,
        "get": f"zsar data import {name} --of {base.id} --source FOLDER_OR_ZIP",
        "note": "Features that its publishers' encoders made, read as they are.",
    }
