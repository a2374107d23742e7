"""``zsar data``: datasets, what they are and how to bring them in."""

import argparse
import contextlib
import sys
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="all datasets and whether they are here")
    info = actions.add_parser("info", help="a dataset's card, splits and counts")
    info.add_argument("name")
    bring = actions.add_parser("import", help="read a dataset's own archive or folder into the prepared store")
    bring.add_argument("name")
    bring.add_argument("--source", required=True, type=Path, metavar="FOLDER_OR_ARCHIVE")
    bring.add_argument("--skip-broken", action="store_true", help="list broken files and leave them out")


def run(options: argparse.Namespace) -> int:
    """List, describe or import."""
    return {"list": _list, "info": _info, "import": _import}[options.action](options)


def _list(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from zsar.data.cards import cards
    from zsar.data.datasets import store_path
    from zsar.data.splits import splits_of

    table = Table()
    for column in ("dataset", "title", "classes", "joints", "split families", "here"):
        table.add_column(column)
    for card in cards():
        families = dict.fromkeys(s.family for s in splits_of(card))
        here = "simulated" if card.simulated else "yes" if store_path(card.id).is_dir() else "no"
        table.add_row(card.id, card.title, str(len(card.classes)), card.layout, ", ".join(families), here)
    Console().print(table)
    return 0


def _info(options: argparse.Namespace) -> int:
    from zsar.data.cards import card as find
    from zsar.data.datasets import open_dataset, store_path
    from zsar.data.splits import splits_of

    card = find(options.name)
    print(f"{card.title} ({card.id})")
    for key in ("note", "licence", "citation", "homepage", "get"):
        if getattr(card, key):
            print(f"  {key}: {getattr(card, key)}")
    for protocol in card.protocols.values():
        print(f"  protocol {protocol.name}: {protocol.by} {', '.join(sorted(protocol.train, key=_natural))} train")
    here = card.simulated or store_path(card.id).is_dir()
    dataset = open_dataset(card.id) if here else None
    if dataset is not None:
        print(
            f"  here: {len(dataset)} clips, version {dataset.version}, {store_path(card.id)}"
            if not card.simulated
            else f"  {len(dataset)} simulated clips, version {dataset.version}"
        )
    else:
        print(f"  not on this machine (it would be in {store_path(card.id)})")
    print("  splits:")
    for split in splits_of(card):
        counts = f"; clips: {_counts(dataset, card, split)}" if dataset is not None else ""
        print(f"    {split.id(card)}: {split.sizes} classes{counts}")
        print("      unseen: " + ", ".join(card.classes[c] for c in split.unseen))
    print("  classes:")
    for class_id, name in card.classes.items():
        print(f"    {class_id}  {name}")
    return 0


def _import(options: argparse.Namespace) -> int:
    from zsar.data.cards import card as find
    from zsar.data.importing import import_dataset
    from zsar.data.splits import choose

    card = find(options.name)
    with _counting() as progress:
        dataset = import_dataset(card, options.source, options.skip_broken, progress)
    print(
        f"{card.title}: {len(dataset)} clips of {len(set(dataset.labels.tolist()))} classes, "
        f"{len(set(dataset.subjects.tolist()))} subjects, version {dataset.version}"
    )
    for entry in dataset.left_out:
        print(f"  left out: {entry['file']}: {entry['reason']}")
    for split in choose(card):
        print(f"  {split.id(card)}: {_counts(dataset, card, split)}")
    print(f"Next: zsar bench --methods pgfa,dvta,sadvae --dataset {card.id}")
    return 0


def _counts(dataset, card, split) -> str:
    """The clips in each subset under the default protocol, or why there is no such division."""
    from zsar.data.partition import partition
    from zsar.errors import DataError

    try:
        subsets = partition(dataset, card, split, card.default_protocol)
    except DataError as e:
        return f"not usable: {e.message}"
    return (
        f"{len(subsets.train)} seen_train, {len(subsets.seen_test)} seen_test, {len(subsets.unseen_test)} unseen_test"
    )


@contextlib.contextmanager
def _counting():
    """A line that counts the clips read, on a terminal; nothing elsewhere."""
    if not sys.stdout.isatty():
        yield None
        return
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    with Progress(TextColumn("{task.completed:.0f} clips"), TimeElapsedColumn(), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda count: bar.update(task, completed=count)


def _natural(text: str):
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
