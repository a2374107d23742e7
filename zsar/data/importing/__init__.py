"""Bringing a dataset in: its source is recognised and examined (`formats`), then read in parts by several processes
(`parts`) into a store that a killed process leaves to be taken up (`unfinished`), and written whole with a report
(`writing`).
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import yaml

from zsar import configuration
from zsar.data.bundles import write_bundle
from zsar.data.cards import NAME, DatasetCard, card, own_card, store_path
from zsar.data.contract import Dataset
from zsar.data.datasets import open_dataset
from zsar.data.importing.formats import available, recognise
from zsar.data.importing.sources import ClipSource, FeatureSource, derived_card
from zsar.data.importing.writing import prepare
from zsar.data.store import Prepared
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.skeletons import readers
from zsar.skeletons.readers.reading import Reading

Progress = Callable[[int, int, int], None]
"""Called with the parts read, the parts in all and the clips so far."""


def import_dataset(
    name: str,
    source: Path,
    *,
    of: str | None = None,
    format_name: str | None = None,
    skip_broken: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
    announce: Callable[[str], None] = lambda line: None,
) -> Dataset:
    """Read a source into the store of the dataset ``name``, and open it.

    Clips of a dataset that zsar knows (``name`` itself, or ``of``) go into a store with that dataset's classes, splits
    and protocols; released features and the user's own clips become a dataset with a card of its own. What no format
    recognises (or ``format_name`` names) is read as the makers' own recordings. ``announce`` is called with lines that
    describe the source before it is read. ``skip_broken``, ``jobs`` and ``progress`` as for `prepare`.

    Raises `ZsarError` for a name that can't be one, `DataError` for a source that contradicts itself or the dataset.
    """
    source, registered = Path(source), name in configuration.names("datasets")
    if not registered and not source.exists():
        raise UnknownName("dataset", name, configuration.names("datasets"))
    module = recognise(source, format_name)
    options = {"skip_broken": skip_broken, "jobs": jobs, "progress": progress}
    if module is None:
        if registered and of is None:
            return import_recordings(card(name), source, **options)
        raise _unrecognised(name, source)
    if not registered and not NAME.fullmatch(name):
        raise ZsarError(
            f"a dataset can't be called {name!r}", "Use small letters, digits, dots, dashes and underscores: my-data"
        )
    base = card(of or name) if of or registered else None
    if base is not None and (base.simulated or base.base):
        raise ZsarError(f"{base.id} is {'simulated' if base.simulated else 'imported itself'}; name another with --of")
    announce(f"{source}: {module.TITLE}")
    examined = module.examine(source, name, base)
    for line in examined.lines:
        announce(line)
    if isinstance(examined, FeatureSource):
        _refuse_registered(name, f"features of {examined.card['base']}, not its clips")
        own_card(name, examined.card, "the card")
        beside = {"card.yaml": _yaml(examined.card)}
        dataset = write_bundle(store_path(name), name, examined.splits, examined.text, beside)
    else:
        description, beside = _described(name, examined, source)
        dataset = prepare(description, examined.opener, store_path(name), beside=beside, **options)
    open_dataset.cache_clear()
    return dataset


def import_recordings(
    card: DatasetCard,
    source: Path,
    *,
    skip_broken: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Read an archive or folder of the makers' own into the dataset's store, with the reader that its card names.

    Raises `ZsarError` for a simulated dataset and for one without a reader, and what `prepare` raises.
    """
    if card.simulated:
        raise ZsarError(
            f"{card.id} is simulated; there is nothing to import",
            f"Use it: zsar bench --methods pgfa,dvta,sadvae --dataset {card.id}",
        )
    if card.reader not in [module.name for module in pkgutil.iter_modules(readers.__path__)]:
        raise ZsarError(
            f"this version of zsar has no reader for the files of {card.title}",
            "Meanwhile, the simulated stand-in needs no data: zsar bench --methods pgfa,dvta,sadvae --dataset pku-sim",
        )
    opener = functools.partial(open_recordings, Path(source), card)
    dataset = prepare(card, opener, store_path(card.id), skip_broken=skip_broken, jobs=jobs, progress=progress)
    open_dataset.cache_clear()
    return dataset


def open_recordings(source: Path, card: DatasetCard) -> Reading:
    """Open the makers' recordings with the reader that the card names."""
    return importlib.import_module(f"{readers.__name__}.{card.reader}").open_reading(source, card)


def _described(name: str, clips: ClipSource, source: Path) -> tuple[DatasetCard, dict[str, str]]:
    """The card that clips are imported under, and the files that lie beside them, by name."""
    if clips.card:
        _refuse_registered(name, "clips of another one")
        prompts = {"id": name, "classes": name, "prompts": clips.prompts}
        beside = {"card.yaml": _yaml(clips.card), "prompts.yaml": _yaml(prompts)}
        return own_card(name, clips.card, "the card"), beside
    if name == clips.of:
        return card(name), {}
    content = derived_card(name, card(clips.of), source.name)
    return own_card(name, content, "the card"), {"card.yaml": _yaml(content)}


def _refuse_registered(name: str, content: str) -> None:
    if name in configuration.names("datasets"):
        raise ZsarError(
            f"{name} is a dataset that zsar knows; the source holds {content}",
            f"Give it a name of its own, for example: zsar data import my-{name} ...",
        )


def _unrecognised(name: str, source: Path) -> DataError:
    titles = "; ".join(f"{module.TITLE} (--format {name})" for name, module in available().items())
    return DataError(
        f"{name} is not a dataset that zsar knows, and {source} is in none of the formats that it imports under other "
        "names",
        f"Those are: {titles}. The makers' own recordings go under the dataset's name, see: zsar data list",
    )


def _yaml(content: dict) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
