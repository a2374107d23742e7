"""A folder or a zip archive, looked at alike: names of files and their bytes."""

import re
import zipfile
import zlib
from pathlib import Path

from zsar.errors import DataError

LARGEST_FILE = 64 * 2**20
"""Bytes; a file larger than this, packed or not, is no clip and is refused rather than unpacked."""


class Source:
    """Files by name. Raises `DataError` when the path is missing or the archive can't be opened."""

    def __init__(self, path: Path):
        self.path = Path(path).expanduser()
        self._archive = None
        if self.path.is_dir():
            names = (p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file())
        elif not self.path.exists():
            raise DataError(
                f"{path}: no such file or folder",
                "Give the archive, or the folder it was unpacked to, with --source.",
            )
        else:
            try:
                self._archive = zipfile.ZipFile(self.path)
            except (zipfile.BadZipFile, OSError) as e:
                raise DataError(
                    f"{path} is no zip archive, or a truncated one: {e}",
                    "Download it again, or unpack it and give the folder.",
                ) from e
            names = (i.filename for i in self._archive.infolist() if not i.is_dir())
        self._names = sorted(set(names))

    def find(self, pattern: re.Pattern) -> list[tuple[str, re.Match]]:
        """Files whose name without folders matches: pairs (full name, match), in order."""
        found = [(name, pattern.fullmatch(name.rsplit("/", 1)[-1])) for name in self._names]
        return [(name, match) for name, match in found if match]

    def matching(self, pattern: re.Pattern, what: str) -> list[tuple[str, re.Match]]:
        """As `find`. Raises `DataError` that says ``what`` was looked for when there is none."""
        found = self.find(pattern)
        if found:
            return found
        archives = [name for name in self._names if name.endswith((".zip", ".7z", ".rar"))]
        if archives:
            raise DataError(
                f"{self.path} holds no {what}",
                f"Give the archive in it, or unpack it: {archives[0]}.",
            )
        example = f", for example {self._names[0]}" if self._names else ""
        raise DataError(
            f"{self.path} holds no {what}",
            f"It holds {len(self._names)} files{example}. Is it another dataset, or another part of it?",
        )

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises `DataError` without the name: truncated, damaged or too large."""
        try:
            if self._archive is None:
                size = (self.path / name).stat().st_size
            else:
                size = self._archive.getinfo(name).file_size  # zipfile never unpacks more than this
            if size > LARGEST_FILE:
                raise DataError(f"has {size >> 20} MiB, too many for a clip (up to {LARGEST_FILE >> 20} are read)")
            if self._archive is None:
                return (self.path / name).read_bytes()
            return self._archive.read(name)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as e:
            raise DataError(f"can't be read: {e}") from e
