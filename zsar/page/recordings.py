"""The data that records were made from, where it is on this machine."""

from dataclasses import dataclass

import numpy as np

from zsar.data.cards import DatasetCard, card, store_path
from zsar.data.datasets import open_dataset
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.results import Record


@dataclass(frozen=True)
class Recordings:
    """An opened dataset of the version that the records name, and its card; or ``missing``: why there is none."""

    dataset: object = None
    card: DatasetCard | None = None
    missing: str = ""

    def frames(self, sample: str) -> np.ndarray | None:
        """A clip's frames [T, M, V, 3] in metres; None where the dataset holds features only or has no such clip."""
        if self.card.features:
            return None
        numbers = np.flatnonzero(self.dataset.samples == sample)
        return self.dataset.frames(int(numbers[0])) if len(numbers) else None


def open_recordings(record: Record) -> Recordings:
    """The dataset of a record; what is ``missing`` is a sentence without this machine's paths."""
    name, title, version = record.dataset.id, record.dataset.title, record.dataset.version
    try:
        description = card(name)
        if not description.simulated and not store_path(name).is_dir():
            return Recordings(missing=f"{title} is not on the machine that made this page.")
        dataset = open_dataset(name)
    except UnknownName:
        return Recordings(missing=f"{title} is not a dataset that was known to the machine that made this page.")
    except ZsarError:
        return Recordings(missing=f"{title} could not be read on the machine that made this page.")
    if dataset.version != version:
        return Recordings(
            missing=f"{title} is there in version {dataset.version}, but the records were made from version {version}."
        )
    return Recordings(dataset, description)


def require_recordings(record: Record) -> Recordings:
    """As `open_recordings`. Raises `DataError` that says what is missing, and what can be done without the data."""
    recordings = open_recordings(record)
    if recordings.missing:
        raise DataError(
            f"no clips for the page: {recordings.missing}",
            f"Leave --clips away, or bring the data in: zsar data info {record.dataset.id}",
        )
    return recordings
