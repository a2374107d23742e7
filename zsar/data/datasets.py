"""Opening a dataset by name: its card and its prepared clips."""

import functools

from zsar import storage
from zsar.data.cards import DatasetCard, card
from zsar.errors import DataError


@functools.lru_cache(maxsize=8)
def open_dataset(name: str):
    """The prepared clips of a dataset (`zsar.data.store.Prepared`); a simulated one is made when first asked for.

    Raises `UnknownName`, or `DataError` that says what to get, where to put it and what to run meanwhile.
    """
    from zsar.data.store import open_store

    description = card(name)
    path = store_path(name)
    if description.simulated:
        path = _simulated(description)
    elif not path.is_dir():
        raise DataError(
            f"{description.title} ({name}) is not on this machine: nothing in {path}",
            f"{description.get}\nMeanwhile, the simulated stand-in needs no data: "
            "zsar bench --methods pgfa,dvta,sadvae --dataset pku-sim",
        )
    return open_store(path)


def store_path(name: str):
    """Where a dataset's prepared store is, or would be."""
    return storage.home() / "data" / name


def _simulated(description: DatasetCard):
    """The path of the simulated dataset's store, made now unless this version of it is there."""
    from zsar.data.simulated import generate
    from zsar.data.store import write_store

    path = store_path(f"{description.id}-v{generate.VERSION}")
    if not path.is_dir():
        write_store(path, description.id, description.layout, description.bodies, generate.generate())
    return path
