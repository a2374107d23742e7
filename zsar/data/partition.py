"""From a dataset and a split to named subsets of clips."""

import numpy as np

from zsar.data.cards import DatasetCard, Protocol
from zsar.data.contract import Dataset, Subsets
from zsar.data.splits import Split
from zsar.errors import DataError, listing
from zsar.storage import fingerprint

NO_COMPANION = "Without one there is no choosing of epochs and no calibration."


def partition(dataset: Dataset, card: DatasetCard, split: Split, protocol: Protocol) -> Subsets:
    """Subsets of the main run: training clips of seen classes, test clips of seen and of unseen classes.

    Training clips of unseen classes are used by nobody. Raises `DataError` when a class lacks the clips that it
    needs or the counts contradict those that the split states. A bundle's subsets are those it was released with.
    """
    if "main" in dataset.divisions:
        return dataset.divisions["main"]
    trains = protocol.trains(dataset)
    unseen = np.isin(dataset.labels, split.unseen)
    seen = np.isin(dataset.labels, split.seen)
    subsets = Subsets(
        *(np.flatnonzero(mask) for mask in (trains & seen, ~trains & seen, ~trains & unseen)), split.seen, split.unseen
    )
    where = f"{card.id}, split {split.key}, {protocol.name}"
    if not trains.any():
        raise DataError(
            f"{where}: no clip is of a {protocol.by} that trains",
            f"Was the makers' list of them missing at the import? See zsar data info {card.id}; "
            f"protocols: {', '.join(card.protocols)}.",
        )
    _need(dataset.labels[subsets.seen_train], split.seen, f"{where}: no training clip of seen")
    _need(dataset.labels[subsets.unseen_test], split.unseen, f"{where}: no test clip of unseen")
    expected = split.expected.get(f"{card.id}/{protocol.name}")
    if expected is not None and expected != subsets.counts and not dataset.left_out:
        raise DataError(
            f"{where}: its clips ({subsets.counts}) are not those of the split's definition ({expected})",
            f"Some clips may have been left out; import the dataset again: zsar data import {card.id}",
        )
    return subsets


def companion(dataset: Dataset, split: Split, main: Subsets, fold: int = 0) -> Subsets:
    """Subsets of the run that tunes the main one: some seen classes play the unseen ones.

    Only the main run's training clips are divided; no test clip and no unseen class takes part. Clips of the
    pseudo-unseen classes are the ``unseen_test``. Of the classes left, the clips of a drawn fifth of the subjects
    are the ``seen_test`` (what calibration needs), those of the others train; where all are one subject's, a drawn
    fifth of the clips is. Raises `DataError` where a bundle has none, and for a split of too few seen classes.
    """
    if dataset.divisions:
        if fold or "companion" not in dataset.divisions:
            raise DataError(
                f"{dataset.id}: split {split.key} has {'no' if not fold else 'only one'} companion: "
                "features of an encoder that never saw the pseudo-unseen classes",
                NO_COMPANION,
            )
        return dataset.divisions["companion"]
    if not split.has_companion:
        raise DataError(
            f"{split.key} is of {split.sizes} seen and unseen classes: too few seen ones for a companion run, in which "
            "some of them play the unseen ones",
            NO_COMPANION,
        )
    pseudo = split.pseudo_unseen(fold)
    left = tuple(c for c in split.seen if c not in pseudo)
    labels, subjects = dataset.labels[main.seen_train], dataset.subjects[main.seen_train]
    held_back = np.isin(labels, pseudo)
    groups = subjects if len(np.unique(subjects)) > 1 else np.arange(len(subjects))
    aside = np.isin(groups, _fifth_of(groups, split.hash, fold)) & ~held_back
    # A class that only the drawn subjects perform would have nothing to train on: it stays whole.
    aside &= np.isin(labels, np.unique(labels[~held_back & ~aside]))
    return Subsets(
        main.seen_train[~held_back & ~aside], main.seen_train[aside], main.seen_train[held_back], left, pseudo
    )


def _fifth_of(groups: np.ndarray, *key) -> np.ndarray:
    """A seeded draw of a fifth of the groups, rounded up."""
    names = np.unique(groups)
    generator = np.random.default_rng(int(fingerprint("set aside", *key), 16))
    return generator.permutation(names)[: -(-len(names) // 5)]


def _need(labels: np.ndarray, classes: tuple[str, ...], complaint: str) -> None:
    absent = sorted(set(classes) - set(labels.tolist()))
    if absent:
        raise DataError(f"{complaint} class {listing(absent)}")
