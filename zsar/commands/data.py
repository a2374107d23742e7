"""``zsar data``: datasets, what they are and how to bring them in."""

import argparse
import json
from pathlib import Path

from zsar.commands import export, show
from zsar.commands import options as shared
from zsar.commands.counter import counter
from zsar.printing import print_line, screen

MOST = 10
"""Lines of a long list that are printed."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="all datasets and whether they are here")
    info = actions.add_parser("info", help="a dataset's card, splits and counts")
    info.add_argument("name")
    prepare = actions.add_parser("prepare", help="read the makers' raw recordings: all cores, resumable")
    importing = actions.add_parser(
        "import", help="the same, or read what others prepared: released features, published arrays, your own skeletons"
    )
    check = actions.add_parser("check", help="read prepared data whole and hold it against its checksums")
    check.add_argument("name", nargs="?", help="a dataset (default: all that are here)")
    show.configure(actions.add_parser("show", help="play a clip in the terminal, or save it as a picture"))
    export.configure(actions.add_parser("export", help="save a clip as a file that zsar predict reads"))
    for parser in (importing, prepare):
        parser.add_argument("name")
        parser.add_argument("--source", required=True, type=Path, metavar="FOLDER_OR_ARCHIVE")
        parser.add_argument("--skip-broken", action="store_true", help="list broken files and leave them out")
        jobs = {"type": shared.count, "default": None, "help": "processes that read (default: all cores)"}
        shared.add(parser, ("--jobs", jobs))
    importing.add_argument("--of", metavar="DATASET", help="the dataset that the clips or features are of, e.g. ntu60")
    importing.add_argument("--format", metavar="NAME", help="the source's format (default: the one that recognises it)")


def run(options: argparse.Namespace) -> int:
    """List, describe, import, check, show or export."""
    reading = {"import": _import, "prepare": _prepare, "check": _check}
    actions = {"list": _list, "info": _info, **reading, "show": show.run, "export": export.run}
    return actions[options.action](options)


def _list(options: argparse.Namespace) -> int:
    from rich.table import Table

    from zsar.data.cards import cards, store_path
    from zsar.data.splits import splits_of

    table = Table()
    for column in ("dataset", "title", "classes", "joints", "split families", "here"):
        table.add_column(column, overflow="fold")
    for card in cards():
        families = dict.fromkeys(s.family for s in splits_of(card)) or ["random"]
        here = "simulated" if card.simulated else "yes" if store_path(card.id).is_dir() else "no"
        table.add_row(card.id, card.title, str(len(card.classes)), card.layout, ", ".join(families), here)
    screen().print(table)
    return 0


def _info(options: argparse.Namespace) -> int:
    from zsar.data.cards import card as find
    from zsar.data.cards import store_path
    from zsar.data.datasets import open_dataset
    from zsar.data.splits import splits_of

    card = find(options.name)
    path = store_path(card.id)
    dataset = open_dataset(card.id) if card.simulated or path.is_dir() else None
    print_line(f"{card.title} ({card.id})")
    for key in ("note", "licence", "citation", "homepage", "get"):
        if getattr(card, key):
            print_line(f"  {key}: {getattr(card, key)}")
    for protocol in card.protocols.values():
        print_line(f"  protocol {protocol.name}: {protocol.by} {', '.join(sorted(protocol.train, key=_natural))} train")
    if dataset is None:
        print_line(f"  not on this machine (it would be in {path})")
    elif card.simulated:
        print_line(f"  {len(dataset)} simulated clips, version {dataset.version}")
    else:
        print_line(f"  here: {len(dataset)} clips, version {dataset.version}, {path}")
    print_line("  splits:")
    for split in splits_of(card):
        counts = f"; clips: {_sizes(dataset, card, split)}" if dataset is not None else ""
        print_line(f"    {split.id(card)}: {split.sizes} classes{counts}")
        print_line("      unseen: " + ", ".join(card.classes[c] for c in split.unseen))
    print_line("  classes:")
    for class_id, name in card.classes.items():
        print_line(f"    {class_id}  {name}")
    return 0


def _check(options: argparse.Namespace) -> int:
    """Every dataset is read, a damaged one stops nothing; the errors come together in the end."""
    from zsar.data.cards import cards
    from zsar.data.datasets import folder_of, open_dataset
    from zsar.errors import DataError

    errors = []
    for name in [options.name] if options.name else [card.id for card in cards() if folder_of(card).is_dir()]:
        try:
            dataset = open_dataset(name)
            dataset.verify()
            print_line(f"{name}: as it was written, version {dataset.version}")
        except DataError as e:
            errors.append(str(e))
    if errors:
        raise DataError("\n".join(errors))
    return 0


def _prepare(options: argparse.Namespace) -> int:
    from zsar.data.cards import card
    from zsar.data.importing import import_recordings

    with counter("parts", "clips") as progress:
        dataset = import_recordings(
            card(options.name),
            options.source,
            skip_broken=options.skip_broken,
            jobs=options.jobs,
            progress=progress,
        )
    return _print_result(dataset)


def _import(options: argparse.Namespace) -> int:
    from zsar.data.importing import import_dataset

    with counter("parts", "clips") as progress:
        dataset = import_dataset(
            options.name,
            options.source,
            of=options.of,
            format_name=options.format,
            skip_broken=options.skip_broken,
            jobs=options.jobs,
            progress=progress,
            announce=print_line,
        )
    return _print_result(dataset)


def _print_result(dataset) -> int:
    """What is in the store now, and what to do with it."""
    from zsar.data.bundles import Bundle
    from zsar.data.splits import choose

    card = dataset.card
    if isinstance(dataset, Bundle):
        print_line(f"{card.title}: splits {', '.join(dataset.manifest['splits'])}, version {dataset.version}")
    else:
        print_line(
            f"{card.title}: {len(dataset)} clips of {len(set(dataset.labels.tolist()))} classes, "
            f"{len(set(dataset.subjects.tolist()))} subjects, version {dataset.version}"
        )
        _print_report(dataset.path / "report.json")
        for split in choose(card):
            print_line(f"  {split.id(card)}: {_sizes(dataset, card, split)}")
    print_line(f"Next: zsar bench --methods pgfa,dvta,sadvae --dataset {card.id}")
    return 0


def _print_report(file: Path) -> None:
    """A report in short: deviations from what was expected come first, and of long lists the beginning."""
    report = json.loads(file.read_text(encoding="utf-8"))
    for deviation in report["deviations"]:
        print_line(f"  DEVIATION: {deviation}")
    for name, counts in report["found"]["protocols"].items():
        expected = counts["expected"]
        published = bool(expected) and all(counts[side] == number for side, number in expected.items())
        print_line(f"  {name}: {counts['train']} train, {counts['test']} test{' as published' * published}")
    for notice in report["notices"]:
        print_line(f"  note: {notice}")
    for entry in report["left_out"][:MOST]:
        print_line(f"  left out: {entry['file']}: {entry['reason']}")
    if len(report["left_out"]) > MOST:
        print_line(f"  left out: {len(report['left_out']) - MOST} more")
    if report["skipped"]:
        print_line(f"  skipped: {len(report['skipped'])} {report['skipped'][0]['reason']}")
    for kind, times in sorted(report["mended"].items(), key=lambda item: -item[1])[:MOST]:
        print_line(f"  mended: {times} x {kind}")
    print_line(f"  all of it: {file}")


def _sizes(dataset, card, split) -> str:
    """The clips in each subset under the default protocol, or why there is no such division."""
    from zsar.data.partition import partition
    from zsar.errors import DataError

    try:
        subsets = partition(dataset.of(split), card, split, card.default_protocol)
    except DataError as e:
        return f"not usable: {e.message}"
    return ", ".join(f"{count} {name}" for name, count in subsets.counts.items())


def _natural(text: str):
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
