"""The data that records were made from, where it is on this machine."""

from dataclasses import dataclass

import numpy as np

from zsar.data.cards import DatasetCard, card, store_path
from zsar.data.datasets import open_dataset
from zsar.data.partition import partition
from zsar.data.splits import choose
from zsar.encoders.features import EncoderChoice, cache_path, subset_features
from zsar.encoders.registry import find
from zsar.errors import DataError, UnknownName, ZsarError


@dataclass(frozen=True)
class Behind:
    """An opened dataset of the version that the records name, and its card."""

    dataset: object
    card: DatasetCard


def open_behind(record: dict) -> Behind | str:
    """The dataset of a record, or why it can't be used, as a sentence without this machine's paths."""
    told = record["dataset"]
    try:
        description = card(told["id"])
        if not description.simulated and not store_path(told["id"]).is_dir():
            return f"{told['title']} is not on the machine that made this page."
        dataset = open_dataset(told["id"])
    except UnknownName:
        return f"{told['title']} is no dataset that was known to the machine that made this page."
    except ZsarError:
        return f"{told['title']} could not be read on the machine that made this page."
    if dataset.version != told["version"]:
        return (
            f"{told['title']} is there in version {dataset.version}, but the records were made from version "
            f"{told['version']}."
        )
    return Behind(dataset, description)


def require_behind(record: dict) -> Behind:
    """As `open_behind`. Raises `DataError` that says why, and what can be done without the data."""
    found = open_behind(record)
    if isinstance(found, str):
        raise DataError(
            f"no clips for the page: {found}",
            f"Leave --clips away, or bring the data in: zsar data info {record['dataset']['id']}",
        )
    return found


def frames(behind: Behind, sample: str) -> np.ndarray | None:
    """A clip's frames [T, M, V, 3] in metres; None where the dataset holds features only or has no such clip."""
    if behind.card.features:
        return None
    found = np.flatnonzero(behind.dataset.samples == sample)
    return behind.dataset.frames(int(found[0])) if len(found) else None


def features(behind: Behind, record: dict, samples: list[str]) -> np.ndarray | str:
    """The features [n, D] of a run's unseen test clips ``samples``, or why there are none, as a sentence.

    They come from the cache; only an encoder without random training is computed anew, which takes seconds.
    """
    if record["encoder"] is None:
        return "the method learns from clips end to end, so there are none before it."
    try:
        [split] = choose(behind.card, [f"{record['split']['family']}.{record['split']['name']}"])
        if split.hash != record["split"]["hash"]:
            return "The split has other classes now than in the records."
        dataset = behind.dataset.of(split)
        subsets = partition(dataset, behind.card, split, behind.card.protocol(record["dataset"]["protocol"]))
        if dataset.samples[subsets.unseen_test].tolist() != samples:
            return "The test clips are other ones now than in the records."
        if behind.card.features:
            return dataset.arrays(subsets)["unseen_test"]
        told = record["encoder"]
        choice = EncoderChoice.of(told["name"], told["keywords"], told["frames"])
        if find(told["name"]).random and not cache_path(dataset, subsets, choice, record["seed"]).is_file():
            return f"The features of {told['name']} are not cached on the machine that made this page."
        return subset_features(dataset, subsets, choice, record["seed"])["unseen_test"]
    except ZsarError:
        return "The features could not be made again from these records."
