"""``zsar data``: datasets, what they are and how to bring them in."""

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path

from zsar.commands import show

EVERY = 5.0
"""Seconds between two lines of progress where there is no terminal to draw on."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="all datasets and whether they are here")
    info = actions.add_parser("info", help="a dataset's card, splits and counts")
    info.add_argument("name")
    make = actions.add_parser("prepare", help="read the makers' raw recordings: all cores, resumable")
    bring = actions.add_parser(
        "import", help="the same, or read what others prepared: released features, published arrays, your own skeletons"
    )
    show.configure(actions.add_parser("show", help="play a clip in the terminal, or save it as a picture"))
    for parser in (bring, make):
        parser.add_argument("name")
        parser.add_argument("--source", required=True, type=Path, metavar="FOLDER_OR_ARCHIVE")
        parser.add_argument("--skip-broken", action="store_true", help="list broken files and leave them out")
        parser.add_argument("--jobs", type=_count, metavar="N", help="processes that read (default: all cores)")
    bring.add_argument("--of", metavar="DATASET", help="the dataset that the clips or features are of, e.g. ntu60")
    bring.add_argument("--format", metavar="NAME", help="the source's format (default: the one that recognises it)")


def run(options: argparse.Namespace) -> int:
    """List, describe, import or show."""
    actions = {"list": _list, "info": _info, "import": _import, "prepare": _prepare, "show": show.run}
    return actions[options.action](options)


def _list(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from zsar.data.cards import cards
    from zsar.data.datasets import store_path
    from zsar.data.splits import splits_of

    table = Table()
    for column in ("dataset", "title", "classes", "joints", "split families", "here"):
        table.add_column(column, overflow="fold")
    for card in cards():
        families = dict.fromkeys(s.family for s in splits_of(card)) or ["random"]
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


def _prepare(options: argparse.Namespace) -> int:
    from zsar.data.cards import card as find
    from zsar.data.importing import import_dataset

    card = find(options.name)
    with _counting() as progress:
        dataset = import_dataset(card, options.source, options.skip_broken, progress, options.jobs)
    return _told(card, dataset)


def _import(options: argparse.Namespace) -> int:
    """What a format recognises, else the makers' recordings of a dataset that zsar knows."""
    from zsar import configuration
    from zsar.data.foreign import import_foreign
    from zsar.data.formats.registry import available, format_of
    from zsar.errors import DataError, UnknownName

    known = options.name in configuration.names("datasets")
    if not known and not options.source.exists():
        raise UnknownName("dataset", options.name, configuration.names("datasets"))
    form = format_of(options.source, options.format)
    if form is None and known and options.of is None:
        return _prepare(options)
    if form is None:
        raise DataError(
            f"{options.name} is no dataset that zsar knows, and {options.source} is in none of the formats that it "
            "imports under other names",
            "Those are: "
            + "; ".join(f"{module.TITLE} (--format {name})" for name, module in available().items())
            + ". The makers' own recordings go under the dataset's name, see: zsar data list",
        )
    print(f"{options.source}: {form.TITLE}")
    with _counting() as progress:
        card, dataset = import_foreign(
            form, options.name, options.source, options.of, options.skip_broken, progress, options.jobs, print
        )
    return _told(card, dataset)


def _told(card, dataset) -> int:
    """What is in the store now, and what to do with it."""
    from zsar.data.bundles import Bundle
    from zsar.data.splits import choose

    if isinstance(dataset, Bundle):
        print(f"{card.title}: splits {', '.join(dataset.manifest['splits'])}, version {dataset.version}")
    else:
        print(
            f"{card.title}: {len(dataset)} clips of {len(set(dataset.labels.tolist()))} classes, "
            f"{len(set(dataset.subjects.tolist()))} subjects, version {dataset.version}"
        )
        _say(dataset.path / "report.json")
        for split in choose(card):
            print(f"  {split.id(card)}: {_counts(dataset, card, split)}")
    print(f"Next: zsar bench --methods pgfa,dvta,sadvae --dataset {card.id}")
    return 0


def _say(file: Path, most: int = 10) -> None:
    """A report in short: what was expected and isn't so comes first, and of long lists the beginning."""
    report = json.loads(file.read_text(encoding="utf-8"))
    for deviation in report["deviations"]:
        print(f"  DEVIATION: {deviation}")
    for name, counts in report["found"]["protocols"].items():
        print(f"  {name}: {counts['train']} train, {counts['test']} test{' as published' * _as_published(counts)}")
    for notice in report["notices"]:
        print(f"  note: {notice}")
    for entry in report["left_out"][:most]:
        print(f"  left out: {entry['file']}: {entry['reason']}")
    if len(report["left_out"]) > most:
        print(f"  left out: {len(report['left_out']) - most} more")
    if report["skipped"]:
        print(f"  skipped: {len(report['skipped'])} {report['skipped'][0]['reason']}")
    for kind, times in sorted(report["mended"].items(), key=lambda item: -item[1])[:most]:
        print(f"  mended: {times} x {kind}")
    print(f"  all of it: {file}")


def _as_published(counts: dict) -> bool:
    expected = counts["expected"]
    return bool(expected) and all(counts[side] == number for side, number in expected.items())


def _counts(dataset, card, split) -> str:
    """The clips in each subset under the default protocol, or why there is no such division."""
    from zsar.data.partition import partition
    from zsar.errors import DataError

    try:
        subsets = partition(dataset.of(split), card, split, card.default_protocol)
    except DataError as e:
        return f"not usable: {e.message}"
    return (
        f"{len(subsets.train)} seen_train, {len(subsets.seen_test)} seen_test, {len(subsets.unseen_test)} unseen_test"
    )


@contextlib.contextmanager
def _counting():
    """A bar with rate and time left on a terminal; elsewhere a line on standard error every few seconds."""
    if not sys.stdout.isatty():
        yield _lines_of_progress()
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.fields[clips]} clips"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} parts, {task.fields[rate]}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        transient=True,
    ) as bar:
        task, pace = bar.add_task("", total=None, clips=0, rate="-"), _Pace()
        yield lambda done, total, clips: bar.update(
            task, completed=done, total=total, clips=clips, rate=f"{pace(done):.0f}"
        )


class _Pace:
    """Parts read per second since the first call, which tells of parts that were read by an interrupted process."""

    def __init__(self):
        self._begun = None

    def __call__(self, done: int) -> float:
        now = time.monotonic()
        if self._begun is None:
            self._begun = now, done
        return (done - self._begun[1]) / max(now - self._begun[0], 1e-9) if now > self._begun[0] else 0.0


def _lines_of_progress():
    said, pace = time.monotonic(), _Pace()

    def say(done: int, total: int, clips: int) -> None:
        nonlocal said
        rate = pace(done)
        if time.monotonic() - said < EVERY:
            return
        said = time.monotonic()
        left = f", about {(total - done) / rate:.0f} s left" if rate else ""
        print(f"{done} of {total} parts, {clips} clips, {rate:.0f} parts/s{left}", file=sys.stderr, flush=True)

    return say


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number of processes is 1 or more, not {text!r}")
    return int(text)


def _natural(text: str):
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
