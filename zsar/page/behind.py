"""The data that records were made from, where it is on this machine."""

from dataclasses import dataclass

import numpy as np

from zsar.data.cards import DatasetCard, card, store_path
from zsar.data.datasets import open_dataset
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.plots.unseen_features import unseen_test_features


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


def features(record: dict, samples: list[str]) -> np.ndarray | str:
    """The features [n, D] of a run's unseen test clips ``samples``, whose data is here, or why there are none."""
    try:
        return unseen_test_features(record, samples)
    except ZsarError as e:
        return f"{e.message[0].upper()}{e.message[1:]}."
