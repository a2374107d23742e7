"""Opening a dataset by name: its prepared clips, or released features."""

import functools
from pathlib import Path

from zsar import storage
from zsar.data.bundles import is_bundle, open_bundle
from zsar.data.cards import DatasetCard, card, store_path
from zsar.data.contract import Dataset
from zsar.data.store import open_store, write_store
from zsar.errors import DataError
from zsar.simulation import generate


@functools.lru_cache(maxsize=8)
def open_dataset(name: str) -> Dataset:
    """A dataset's prepared clips (`zsar.data.store.Prepared`), or released features (`zsar.data.bundles.Bundle`).

    A simulated dataset is generated when it is first opened.

    Raises `UnknownName`, or `DataError` that says what to get, where to put it and what to run meanwhile.
    """
    description = card(name)
    path = store_path(name)
    if description.simulated:
        path = _simulated_store(description)
    elif is_bundle(path):
        return open_bundle(path)
    elif not path.is_dir():
        raise DataError(
            f"{description.title} ({name}) is not on this machine: nothing in {path}",
            f"{description.get}\nMeanwhile, the simulated stand-in needs no data: "
            "zsar bench --methods pgfa,dvta,sadvae --dataset pku-sim",
        )
    return open_store(path)


def folder_of(description: DatasetCard) -> Path:
    """Where a dataset's prepared store or bundle is, or would be."""
    if not description.simulated:
        return store_path(description.id)
    path = store_path(f"{description.id}-v{generate.VERSION}")
    # The same place, unless that is on a disk that can't be written to.
    return path if path.is_dir() else storage.cache() / "data" / path.name


def _simulated_store(description: DatasetCard) -> Path:
    """The path of a simulated dataset's store, generated now unless this version of it is there."""
    path = folder_of(description)
    if not path.is_dir():
        write_store(path, description.id, description.layout, description.bodies, generate.generate())
    return path
