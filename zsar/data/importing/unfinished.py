"""An unfinished store, next to where it will be: frames in one growing file, and a journal of how far they reach.

The journal has a line for what is being prepared and then one per block of parts, written after the block's frames.
What a killed process wrote beyond the last whole line is cut off, and what it wrote before is checked against the
clips' hashes.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from zsar.data.importing.parts import Block, Interrupted
from zsar.data.store import TEXTS, write_header
from zsar.errors import ZsarError
from zsar.skeletons.layouts import layout
from zsar.skeletons.readers.reading import Broken

try:
    import fcntl
except ImportError:  # Windows: two at once are not kept apart there
    fcntl = None

HASH = TEXTS.index("hashes")


class UnfinishedStore:
    """What has been prepared so far: ``parts`` read, and of the clips in them ``rows``, ``frames`` (their number) and
    ``notes``; ``broken`` is what was left out."""

    def __init__(self, folder: Path, key: str, layout_id: str, bodies: int):
        self.folder, self._layout, self._bodies = folder, layout_id, bodies
        self._frame = bodies * len(layout(layout_id).joints) * 3 * 4
        self.parts, self.rows, self.frames, self.notes, self.broken = 0, [], [], [], []
        self._take_up(key)

    def append(self, block: Block) -> None:
        """Keep a block's clips, and then the fact that they are kept."""
        self._data.writelines(block.contents)
        self._data.flush()
        line = [block.parts, block.rows, block.frames, block.notes, [b.entry() for b in block.broken]]
        self._journal.write(json.dumps(line).encode() + b"\n")
        self._journal.flush()
        self._count(line)

    def move_frames(self, folder: Path) -> None:
        """Put ``frames.npy``, whole, into the folder that becomes the store."""
        self._data.seek(0)
        write_header(self._data, self._layout, self._bodies, sum(self.frames))
        self.close()
        os.replace(self.folder / "frames.npy", folder / "frames.npy")

    def close(self) -> None:
        """Let go of the files."""
        self._data.close()
        self._journal.close()

    def _take_up(self, key: str) -> None:
        """Go on with what an interrupted process left, if it is of the same; else begin."""
        journal, data = self.folder / "journal", self.folder / "frames.npy"
        size = begin = self._write_header(self.folder / "header")
        lines = journal.read_bytes().split(b"\n")[:-1] if journal.is_file() and data.is_file() else []
        first = json.dumps(key).encode()
        kept = [first]
        if lines and lines[0] == first:
            with open(data, "rb") as content:
                content.seek(begin)
                for text in lines[1:]:
                    line = _parse(text)
                    if line is None or not self._holds(content, line):
                        break
                    self._count(line)
                    kept.append(text)
                    size += sum(line[2]) * self._frame
        if len(kept) == 1:
            shutil.copyfile(self.folder / "header", data)
        os.truncate(data, size)
        journal.write_bytes(b"\n".join(kept) + b"\n")
        self._data, self._journal = open(data, "r+b"), open(journal, "ab")
        self._data.seek(size)

    def _write_header(self, file: Path) -> int:
        """Write an empty array to a file; the bytes of its header, which more frames don't change."""
        with open(file, "wb") as out:
            write_header(out, self._layout, self._bodies, 0)
            return out.tell()

    def _holds(self, data, line: list) -> bool:
        """Whether the clips of a journal's line lie in the file as they should."""
        digests = (hashlib.sha256(data.read(n * self._frame)).hexdigest()[:16] for n in line[2])
        return all(digest == row[HASH] for digest, row in zip(digests, line[1], strict=True))

    def _count(self, line: list) -> None:
        parts, rows, frames, notes, broken = line
        self.parts += parts
        self.rows += map(tuple, rows)
        self.frames += frames
        self.notes += notes
        self.broken += (Broken(**entry) for entry in broken)


def _parse(text: bytes) -> list | None:
    """A line of the journal, unless it is damaged."""
    try:
        line = json.loads(text)
        return line if len({len(line[1]), len(line[2]), len(line[3])}) == 1 and len(line) == 5 else None
    except (ValueError, LookupError, TypeError):
        return None


@contextlib.contextmanager
def unfinished_store(path: Path, key: str, layout_id: str, bodies: int) -> Iterator[UnfinishedStore]:
    """The unfinished store of ``path``, taken up where it was left if ``key`` is the same.

    It is gone after the block, unless the process is killed or interrupted in it: then it can be taken up. Raises
    `ZsarError` when another process prepares the same dataset.
    """
    folder = path.parent / f".{path.name}.preparing"
    lock = _lock(folder)
    store = None
    try:
        store = UnfinishedStore(folder, key, layout_id, bodies)
        yield store
        shutil.rmtree(folder, ignore_errors=True)
    except Interrupted:
        raise
    except Exception:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        if store is not None:
            store.close()
        os.close(lock)


def _lock(folder: Path) -> int:
    """Hold the folder's lock, which ends with the process; the descriptor to close."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # what looks a day old is taken for abandoned
        try:
            lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o644)
        except FileNotFoundError:  # another process has just finished and removed the folder
            continue
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            os.close(lock)
            raise ZsarError(
                f"another process is preparing {folder.name[1:].removesuffix('.preparing')} in {folder.parent}",
                "Wait until it is done, or end it and run the same command again: it goes on where that one stopped.",
            ) from e
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(lock), os.stat(folder / "lock")):
                return lock
        os.close(lock)  # of a folder that was removed meanwhile
