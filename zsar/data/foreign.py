"""Bringing in what others have prepared: released bundles, published arrays, anybody's own skeletons."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import yaml

from zsar import configuration
from zsar.data.bundles import Bundle, write_bundle
from zsar.data.cards import NAME, DatasetCard, card, own_card, store_path
from zsar.data.datasets import open_dataset
from zsar.data.formats.found import FoundFeatures
from zsar.data.preparing import prepare
from zsar.data.store import Prepared
from zsar.errors import ZsarError


def import_foreign(
    form: ModuleType,
    name: str,
    source: Path,
    of: str | None = None,
    skip_broken: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
    jobs: int | None = 1,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[DatasetCard, Prepared | Bundle]:
    """Read a source in the format ``form`` into the store of the dataset ``name``; its card, and what was made.

    Clips of a known dataset (``name`` itself, or ``of``) go into a store with that dataset's classes, splits and
    protocols; released features and the user's own clips become a dataset with a card of its own. ``say`` is told
    what was found before it is read.

    Raises `ZsarError` for a name that can't be one, `DataError` for a source that contradicts itself or the dataset.
    """
    registered = configuration.names("datasets")
    if name not in registered and not NAME.fullmatch(name):
        raise ZsarError(
            f"a dataset can't be called {name!r}", "Use small letters, digits, dots, dashes and underscores: my-data"
        )
    known = card(of or name) if of or name in registered else None
    if known is not None and (known.simulated or known.base):
        raise ZsarError(
            f"{known.id} is {'simulated' if known.simulated else 'imported itself'}; name another with --of"
        )
    found = form.examine(Path(source), name, known)
    for line in found.lines:
        say(line)
    if isinstance(found, FoundFeatures):
        _refuse_registered(name, f"features of {found.card['base']}, not its clips")
        made = own_card(name, found.card, "the card")
        dataset = write_bundle(store_path(name), name, found.splits, found.text, {"card.yaml": _dump(found.card)})
    elif found.card:
        _refuse_registered(name, "clips of another one")
        made = own_card(name, found.card, "the card")
        beside = {"card.yaml": _dump(found.card), "prompts.yaml": _prompts(name, found.prompts)}
        dataset = _prepared(made, found, beside, skip_broken, progress, jobs)
    else:
        made, beside = card(found.of), {}
        if name != found.of:
            content = _of_known(name, made, source)
            made, beside = own_card(name, content, "the card"), {"card.yaml": _dump(content)}
        dataset = _prepared(made, found, beside, skip_broken, progress, jobs)
    open_dataset.cache_clear()
    return made, dataset


def _prepared(made: DatasetCard, found, beside: dict, skip_broken: bool, progress, jobs) -> Prepared:
    path = store_path(made.id)
    return prepare(made, found.opener, path, skip_broken=skip_broken, progress=progress, jobs=jobs, beside=beside)


def _refuse_registered(name: str, what: str) -> None:
    if name in configuration.names("datasets"):
        raise ZsarError(
            f"{name} is a dataset that zsar knows; the source holds {what}",
            f"Give it a name of its own, for example: zsar data import my-{name} ...",
        )


def _of_known(name: str, base: DatasetCard, source: Path) -> dict:
    """The card of another copy of a known dataset's clips, under a name of its own."""
    return {
        "id": name,
        "title": f"{base.title}, {Path(source).name}",
        "base": base.id,
        "classes": dict(base.classes),
        "prompts": base.prompts,
        "layout": base.layout,
        "bodies": base.bodies,
        "reader": "",
        "protocols": {p.name: {"by": p.by, "train": sorted(p.train)} for p in base.protocols.values()},
        "splits": base.family,
        "licence": base.licence,
        "citation": base.citation,
        "get": f"zsar data import {name} --of {base.id} --source FOLDER_OR_ARCHIVE",
    }


def _prompts(name: str, prompts: dict) -> str:
    return _dump({"id": name, "classes": name, "prompts": prompts})


def _dump(content: dict) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
