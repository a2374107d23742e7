"""Bringing a dataset in from its makers' own recordings: the reader that its card names, into the prepared store."""

import functools
import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

from zsar.data.cards import DatasetCard
from zsar.data.datasets import open_dataset, store_path
from zsar.data.preparing import prepare
from zsar.data.store import Prepared
from zsar.errors import ZsarError
from zsar.skeletons.readers.reading import Reading


def import_dataset(
    card: DatasetCard,
    source: Path,
    skip_broken: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
    jobs: int | None = None,
) -> Prepared:
    """Read an archive or folder of the makers' into the dataset's store; see `zsar.data.preparing.prepare`.

    ``jobs`` processes read it (None: all cores for the large datasets, one for small ones). Raises `ZsarError` for a
    simulated dataset and one whose files this version can't read, and what `prepare` raises.
    """
    if card.simulated:
        raise ZsarError(
            f"{card.id} is simulated; there is nothing to import",
            f"Use it: zsar bench --methods pgfa,dvta,sadvae --dataset {card.id}",
        )
    if importlib.util.find_spec(_module(card.reader)) is None:
        raise ZsarError(
            f"this version of zsar has no reader for the files of {card.title}",
            "Meanwhile, the simulated stand-in needs no data: zsar bench --methods pgfa,dvta,sadvae --dataset pku-sim",
        )
    reader = importlib.import_module(_module(card.reader))
    if jobs is None and not getattr(reader, "PARALLEL", False):
        jobs = 1
    opener = functools.partial(open_recordings, Path(source), card)
    dataset = prepare(card, opener, store_path(card.id), skip_broken=skip_broken, jobs=jobs, progress=progress)
    open_dataset.cache_clear()
    return dataset


def open_recordings(source: Path, card: DatasetCard) -> Reading:
    """Open the makers' recordings with the reader that the card names."""
    return importlib.import_module(_module(card.reader)).open_reading(source, card)


def _module(reader: str) -> str:
    return f"zsar.skeletons.readers.{reader}"
