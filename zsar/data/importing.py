"""Bringing a dataset in: from its makers' archive into the prepared store."""

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

from zsar.data.cards import DatasetCard
from zsar.data.datasets import open_dataset, store_path
from zsar.data.store import Prepared, write_store
from zsar.errors import DataError, ZsarError
from zsar.skeletons.clip import Clip


def import_dataset(
    card: DatasetCard,
    source: Path,
    skip_broken: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Prepared:
    """Read an archive or folder into the store, whole or not at all.

    Raises `DataError` for a broken file, a label that the card doesn't know, and counts that aren't
    those of the card; with ``skip_broken`` these are listed in the manifest, and what is left is
    imported. ``progress`` is called with the number of clips read so far after each one. An import
    that fails leaves what was there before.
    """
    if card.simulated:
        raise ZsarError(
            f"{card.id} is simulated; there is nothing to import",
            f"Use it: zsar bench --methods pgfa,dvta,sadvae --dataset {card.id}",
        )
    module = f"zsar.skeletons.readers.{card.reader}"
    if importlib.util.find_spec(module) is None:
        raise ZsarError(
            f"this version of zsar has no reader for the files of {card.title}",
            "Meanwhile, the simulated stand-in needs no data: zsar bench --methods pgfa,dvta,sadvae --dataset pku-sim",
        )
    left_out: list[dict] = []
    clips = importlib.import_module(module).read(Path(source), skip_broken, left_out)
    dataset = write_store(
        store_path(card.id),
        card.id,
        card.layout,
        card.bodies,
        _checked(clips, card, source, skip_broken, left_out, progress),
        left_out,
    )
    open_dataset.cache_clear()
    return dataset


def _checked(
    clips: Iterator[Clip],
    card: DatasetCard,
    source: Path,
    skip_broken: bool,
    left_out: list,
    progress: Callable[[int], None] | None,
) -> Iterator[Clip]:
    """Pass clips on; refuse labels that the card doesn't know and, in the end, other counts."""
    labels, subjects, count = set(), set(), 0
    for clip in clips:
        if clip.label not in card.classes:
            complaint = f"is of class {clip.label}, which {card.title} doesn't have"
            if not skip_broken:
                raise DataError(
                    f"{source}: {clip.source} {complaint}",
                    "Is it another dataset's file? Leave such files out with --skip-broken.",
                )
            left_out.append({"file": clip.source, "reason": complaint})
            continue
        labels.add(clip.label)
        subjects.add(clip.subject)
        count += 1
        yield clip
        if progress is not None:
            progress(count)
    found = {"clips": count, "subjects": len(subjects), "classes": len(labels)}
    expected = card.expected or {}
    wrong = [f"{found[k]} {k} instead of {expected[k]}" for k in found if k in expected and found[k] != expected[k]]
    if wrong and not skip_broken:
        raise DataError(
            f"{source}: {', '.join(wrong)}",
            "The archive isn't complete, or another version; get it again, or import what is there with --skip-broken.",
        )
    if wrong:
        left_out.append({"file": Path(source).name, "reason": f"holds {', '.join(wrong)}"})
