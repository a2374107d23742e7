"""Reading a source in blocks of parts: here, or by several processes with a bounded number of blocks under way."""

import functools
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from zsar.data.cards import DatasetCard
from zsar.data.store import content_of
from zsar.errors import DataError, ZsarError
from zsar.processes import ProcessDied, in_order
from zsar.skeletons.readers.reading import Broken, Reading, read_part


class Interrupted(ZsarError):
    """Reading stopped for a reason that isn't the data's; what was prepared so far is kept."""


@dataclass
class Block:
    """What some parts hold: for each clip a row of the index, its number of frames, a note and the frames' bytes."""

    parts: int
    rows: list[tuple[str, ...]] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)

    def keep(self, clips: list[int]) -> None:
        """Keep these clips only."""
        for values in (self.rows, self.frames, self.notes, self.contents):
            values[:] = [values[i] for i in clips]


@dataclass(frozen=True)
class Expected:
    """What of a card the clips are held against."""

    title: str
    layout: str
    bodies: int
    labels: frozenset[str]

    @classmethod
    def of(cls, card: DatasetCard) -> "Expected":
        return cls(card.title, card.layout, card.bodies, frozenset(card.classes))


def read_blocks(
    opener: Callable[[], Reading], reading: Reading, parts: Sequence[str], expected: Expected, jobs: int
) -> Iterator[Block]:
    """The blocks of ``parts`` in their order, read by ``jobs`` processes, each of which calls ``opener`` once.

    Raises `Interrupted` when such a process is killed.
    """
    blocks = (parts[start : start + reading.block] for start in range(0, len(parts), reading.block))
    if jobs == 1 or len(parts) <= reading.block:
        yield from (read_block(reading, block, expected) for block in blocks)
        return
    tasks = ((block,) for block in blocks)
    try:
        yield from in_order(_read_there, tasks, workers=jobs, begin=_begin, arguments=(opener, expected))
    except ProcessDied as e:
        raise Interrupted(
            "a process that reads the recordings was killed, perhaps for want of memory",
            "Run the same command again: it goes on where it stopped. --jobs 1 needs least memory.",
        ) from e


def read_block(reading: Reading, parts: Sequence[str], expected: Expected) -> Block:
    """All clips of these parts that fit the card, as bytes, and what is broken in them."""
    block = Block(len(parts))
    for part in parts:
        clips, broken = read_part(reading, part)
        block.broken += broken
        for clip in clips:
            if clip.label not in expected.labels:
                reason = f"is of class {clip.label}, which {expected.title} doesn't have"
                block.broken.append(Broken(clip.source, reason))
                continue
            try:
                content, row = content_of(clip, expected.layout, expected.bodies)
            except DataError as e:
                block.broken.append(Broken(clip.source, e.message.removeprefix(f"{clip.source}: ")))
                continue
            block.rows.append(row)
            block.frames.append(len(clip.frames))
            block.notes.append(clip.note)
            block.contents.append(bytes(content))
    return block


_opened: Callable[[], tuple[Reading, Expected]] | None = None
"""In one of several processes: what it reads from, opened when the first block is read."""


def _begin(opener: Callable[[], Reading], expected: Expected) -> None:
    global _opened
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the first process ends the others
    _opened = functools.cache(lambda: (opener(), expected))


def _read_there(parts: Sequence[str]) -> Block:
    reading, expected = _opened()
    return read_block(reading, parts, expected)
