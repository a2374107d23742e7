"""Files as they appear in a folder: each once it is complete, and again when it has changed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from zsar.errors import ZsarError
from zsar.recognition.clip_files import READERS

SECONDS = 0.5
"""Between two looks; a file is complete when it is the same at both."""
_Stamp = tuple[int, int]


def appearing(
    folder: Path, seconds: float = SECONDS, wait: Callable[[float], None] = time.sleep, existing: bool = False
) -> Iterator[Path]:
    """Clip files of a folder as they become complete, without end. The folder is looked at once before this returns.

    Files that are there at the beginning only if they change, or with ``existing``; hidden files and those of other
    endings never. Raises `ZsarError` when there is no such folder, or it goes away.
    """
    stamps = _look(folder)
    return _appearing(folder, {} if existing else stamps, seconds, wait)


def _appearing(folder: Path, done: dict[Path, _Stamp], seconds: float, wait: Callable[[float], None]) -> Iterator[Path]:
    growing: dict[Path, _Stamp] = {}
    while True:
        stamps = _look(folder)
        done = {path: stamp for path, stamp in done.items() if path in stamps}
        for path, stamp in sorted(stamps.items()):
            if done.get(path) == stamp:
                continue
            if growing.get(path) == stamp and stamp[0]:
                done[path] = stamp
                yield path
            growing[path] = stamp
        wait(seconds)


def _look(folder: Path) -> dict[Path, _Stamp]:
    """Size in bytes and time of change in ns of every clip file."""
    stamps = {}
    try:
        for path in Path(folder).iterdir():
            if path.suffix.lower() in READERS and not path.name.startswith("."):
                try:
                    stat = path.stat()
                except FileNotFoundError:  # taken away meanwhile
                    continue
                if path.is_file():
                    stamps[path] = (stat.st_size, stat.st_mtime_ns)
    except OSError as e:
        raise ZsarError(f"can't watch {folder}: {e.strerror}", "Give a folder that is there with --watch.") from e
    return stamps
