"""From an opened source to a prepared store: in one pass, by several processes, whole or not at all, resumable.

``report.json`` in the store says what was there beside what the card and ``configs/recordings`` state, and everything
that was left out or mended.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from zsar import __version__, configuration, storage
from zsar.data.cards import DatasetCard
from zsar.data.importing.parts import Block, Expected, read_blocks
from zsar.data.importing.unfinished import UnfinishedStore, unfinished_store
from zsar.data.store import FORMAT, TEXTS, Prepared, open_store, seal
from zsar.errors import DataError
from zsar.processes import cores
from zsar.skeletons.readers.reading import Broken, Reading, refusal

SAMPLE, SOURCE = TEXTS.index("samples"), TEXTS.index("sources")


def prepare(
    card: DatasetCard,
    opener: Callable[[], Reading],
    path: Path,
    *,
    skip_broken: bool = False,
    jobs: int | None = 1,
    progress: Callable[[int, int, int], None] | None = None,
    beside: dict[str, str] | None = None,
) -> Prepared:
    """Read a source into the store ``path``, and open it.

    ``opener`` opens the source; it can be pickled, since each of the ``jobs`` processes (None: as many as there are
    cores, for large sources) calls it. ``progress`` is called with the parts read, the parts in all and the clips so
    far. ``beside`` maps names of further files in the store to their text. The same source gives the same bytes,
    however many processes read it and however often that was interrupted: what a killed process leaves is taken up by
    the next one for the same card, source and options.

    Raises `DataError` for anything broken, for a label that the card doesn't have and for a clip that is there twice;
    with ``skip_broken`` these are left out and listed in manifest and report. Counts other than the card's are listed
    there too, and stop nothing. A failure leaves what was there before.
    """
    path, reading = Path(path), opener()
    if reading.broken and not skip_broken:
        raise refusal(reading.origin, reading.broken[0])
    if jobs is None:
        jobs = cores() if reading.parallel else 1
    with (
        storage.writing(path),
        unfinished_store(path, _key(card, reading, skip_broken), card.layout, card.bodies) as store,
    ):
        _fill(store, card, opener, reading, skip_broken, jobs, progress)
        if not store.rows:
            raise _nothing(card, reading, store)
        with storage.folder_written_whole(path) as folder:
            _finish(folder, card, reading, store, beside or {})
    return open_store(path)


def _key(card: DatasetCard, reading: Reading, skip_broken: bool) -> str:
    """Changes when anything does that the frames and rows prepared so far depend on."""
    return storage.fingerprint(
        [FORMAT, __version__, card.id, card.title, card.layout, card.bodies, list(card.classes), skip_broken],
        [reading.identity(), list(reading.parts)],
    )


def _fill(store: UnfinishedStore, card, opener, reading: Reading, skip_broken: bool, jobs: int, progress) -> None:
    """Read what hasn't been read yet, block by block in the parts' order."""
    total = len(reading.parts)
    samples = {row[SAMPLE]: row[SOURCE] for row in store.rows}
    if progress is not None and store.parts:
        progress(store.parts, total, len(store.rows))
    for block in read_blocks(opener, reading, reading.parts[store.parts :], Expected.of(card), jobs):
        _drop_repeated(block, samples)
        if block.broken and not skip_broken:
            raise refusal(reading.origin, block.broken[0])
        store.append(block)
        if progress is not None:
            progress(store.parts, total, len(store.rows))


def _drop_repeated(block: Block, samples: dict[str, str]) -> None:
    """Take clips away whose name an earlier one has; ``samples`` maps names to the files that had them first."""
    keep = []
    for i, row in enumerate(block.rows):
        if row[SAMPLE] in samples:
            reason = f"holds the clip {row[SAMPLE]} again, which {samples[row[SAMPLE]]} holds"
            block.broken.append(Broken(row[SOURCE], reason))
        else:
            samples[row[SAMPLE]] = row[SOURCE]
            keep.append(i)
    if len(keep) < len(block.rows):
        block.keep(keep)


def _nothing(card: DatasetCard, reading: Reading, store: UnfinishedStore) -> DataError:
    broken = [*reading.broken, *store.broken]
    first = f" The first of {len(broken)} left out: {broken[0].file} {broken[0].reason}." if broken else ""
    return DataError(f"{reading.origin}: no clip of {card.id} was found", f"Is it another dataset?{first}")


def _finish(folder: Path, card: DatasetCard, reading: Reading, store: UnfinishedStore, beside: dict[str, str]) -> None:
    """Make a store of the folder: index, manifest, report, the files beside them, and last the frames."""
    columns = {name: list(values) for name, values in zip(TEXTS, zip(*store.rows, strict=True), strict=True)}
    counts = _counts(card, columns, store.frames)
    deviations = _deviations(card, counts)
    broken = [b.entry() for b in (*reading.broken, *store.broken)]
    notes = {row[SAMPLE]: note for row, note in zip(store.rows, store.notes, strict=True) if note}
    report = {
        "dataset": card.id,
        "found": counts,
        "expected": card.expected or {},
        "deviations": deviations,
        "left_out": broken,
        "skipped": list(reading.left_out),
        "notices": list(reading.notices),
        "mended": dict(Counter(re.sub(r"\d+", "N", each) for note in notes.values() for each in note.split("; "))),
        "notes": notes,
    }
    left_out = broken[:]
    if deviations:
        left_out.append({"file": Path(reading.origin).name or card.id, "reason": f"holds {', '.join(deviations)}"})
    offsets = np.cumsum([0, *store.frames]).tolist()
    seal(folder, card.id, card.layout, card.bodies, offsets, columns, left_out)
    for name, text in {"report.json": json.dumps(report, indent=1) + "\n", **beside}.items():
        (folder / name).write_text(text, encoding="utf-8")
    store.move_frames(folder)


def _counts(card: DatasetCard, columns: dict[str, list[str]], frames: list[int]) -> dict:
    """Numbers of clips, frames, classes and subjects, and of training and test clips under each protocol."""
    clips = SimpleNamespace(**{name: np.array(values) for name, values in columns.items()})
    published = {}
    if card.id in configuration.names("recordings"):
        published = configuration.read("recordings", card.id).get("counts", {})
    protocols = {}
    for protocol in card.protocols.values():
        train = int(np.count_nonzero(protocol.trains(clips)))
        sides = {"train": train, "test": len(frames) - train}
        protocols[protocol.name] = sides | {"expected": published.get(protocol.name)}
    return {
        "clips": len(frames),
        "frames": sum(frames),
        "classes": len(set(columns["labels"])),
        "subjects": len(set(columns["subjects"])),
        "protocols": protocols,
    }


def _deviations(card: DatasetCard, counts: dict) -> list[str]:
    """How counts differ from those that the card and ``configs/recordings`` state."""
    wrong = [
        f"{counts[key]} {key} instead of {number}"
        for key, number in (card.expected or {}).items()
        if key in counts and counts[key] != number
    ]
    for name, sides in counts["protocols"].items():
        wrong += [
            f"{sides[side]} {side} clips of {name} instead of {number}"
            for side, number in (sides["expected"] or {}).items()
            if sides[side] != number
        ]
    return wrong
