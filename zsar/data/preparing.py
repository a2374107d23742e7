"""From an opened source to a prepared store: in one pass, by several processes, whole or not at all, resumable."""

import json
from collections.abc import Callable
from pathlib import Path

from zsar import __version__, storage
from zsar.data.blocks import Block, Expected, cores, read_blocks
from zsar.data.cards import DatasetCard
from zsar.data.findings import columns, counted, deviations, report
from zsar.data.partial import Partial, partial_store
from zsar.data.store import FORMAT, TEXTS, Prepared, open_store, seal
from zsar.errors import DataError
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
    cores) calls it. ``progress`` is called with the parts read, the parts in all and the clips so far. ``beside`` maps
    names of further files in the store to their text. The same source gives the same bytes, however many processes
    read it and however often that was interrupted: what a killed process leaves is taken up by the next one for the
    same card, source and options.

    Raises `DataError` for anything broken, for a label that the card doesn't know and for a clip that is there twice;
    with ``skip_broken`` these are left out and listed in manifest and report. Counts other than the card's are listed
    there too, and stop nothing. ``report.json`` in the store tells all of it. A failure leaves what was there before.
    """
    path, reading = Path(path), opener()
    if reading.broken and not skip_broken:
        raise refusal(reading.origin, reading.broken[0])
    with (
        storage.writing(path),
        partial_store(path, _key(card, reading, skip_broken), card.layout, card.bodies) as made,
    ):
        _fill(made, card, opener, reading, skip_broken, cores() if jobs is None else jobs, progress)
        if not made.rows:
            raise _nothing(card, reading, made)
        with storage.folder_written_whole(path) as folder:
            _finish(folder, card, reading, made, beside or {})
    return open_store(path)


def _key(card: DatasetCard, reading: Reading, skip_broken: bool) -> str:
    """Changes when anything does that the frames and rows prepared so far depend on."""
    return storage.fingerprint(
        [FORMAT, __version__, card.id, card.title, card.layout, card.bodies, list(card.classes), skip_broken],
        [reading.identity(), list(reading.parts)],
    )


def _fill(made: Partial, card, opener, reading: Reading, skip_broken: bool, jobs: int, progress) -> None:
    """Read what hasn't been read yet, block by block in the parts' order."""
    total = len(reading.parts)
    samples = {row[SAMPLE]: row[SOURCE] for row in made.rows}
    if progress is not None and made.parts:
        progress(made.parts, total, len(made.rows))
    for block in read_blocks(opener, reading, reading.parts[made.parts :], Expected.of(card), jobs):
        _once(block, samples)
        if block.broken and not skip_broken:
            raise refusal(reading.origin, block.broken[0])
        made.append(block)
        if progress is not None:
            progress(made.parts, total, len(made.rows))


def _once(block: Block, samples: dict[str, str]) -> None:
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
        for name in ("rows", "frames", "notes", "contents"):
            setattr(block, name, [getattr(block, name)[i] for i in keep])


def _nothing(card: DatasetCard, reading: Reading, made: Partial) -> DataError:
    broken = [*reading.broken, *made.broken]
    first = f" The first of {len(broken)} left out: {broken[0].file} {broken[0].reason}." if broken else ""
    return DataError(f"{reading.origin}: no clip of {card.id} was found", f"Is it another dataset?{first}")


def _finish(folder: Path, card: DatasetCard, reading: Reading, made: Partial, beside: dict[str, str]) -> None:
    """Make a store of the folder: index, manifest, report, the files beside them, and last the frames."""
    table = columns(made.rows)
    found = counted(card, table, made.frames)
    deviating = deviations(card, found)
    broken = [*reading.broken, *made.broken]
    left_out = [b.entry() for b in broken]
    if deviating:
        left_out.append({"file": Path(reading.origin).name or card.id, "reason": f"holds {', '.join(deviating)}"})
    offsets = [0]
    for frames in made.frames:
        offsets.append(offsets[-1] + frames)
    seal(folder, card.id, card.layout, card.bodies, offsets, table, left_out)
    notes = {row[SAMPLE]: note for row, note in zip(made.rows, made.notes, strict=True) if note}
    content = report(card, reading, found, deviating, broken, notes)
    for name, text in {"report.json": json.dumps(content, indent=1) + "\n", **beside}.items():
        (folder / name).write_text(text, encoding="utf-8")
    made.move_frames(folder)
