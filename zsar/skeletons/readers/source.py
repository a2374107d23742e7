"""A folder or a zip archive, looked at alike: names of files and their bytes."""

import zipfile
import zlib
from pathlib import Path

from zsar.errors import DataError

LARGEST_FILE = 256 * 2**20
"""Bytes; a member that unpacks to more is refused rather than unpacked."""


class Source:
    """Files by name. Raises `DataError` when the path is missing or the archive can't be opened."""

    def __init__(self, path: Path):
        self.path = Path(path).expanduser()
        self._archive = None
        if self.path.is_dir():
            self._names = sorted(p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file())
        elif not self.path.exists():
            raise DataError(f"{path}: no such file or folder", "Give the archive, or the folder it was unpacked to, with --source.")
        else:
            try:
                self._archive = zipfile.ZipFile(self.path)
            except (zipfile.BadZipFile, OSError) as e:
                raise DataError(f"{path} is no zip archive, or a truncated one: {e}",
                                "Download it again, or unpack it and give the folder.") from e
            self._names = sorted(i.filename for i in self._archive.infolist() if not i.is_dir())

    def matching(self, pattern) -> list:
        """Matches of a compiled pattern against the files' names (without folders), ordered by full name.

        Each is a pair (full name, match). Raises `DataError` when there is none.
        """
        found = [(name, pattern.fullmatch(name.rsplit("/", 1)[-1])) for name in self._names]
        found = [(name, match) for name, match in found if match]
        if not found:
            raise DataError(f"{self.path} holds no file named like {pattern.pattern}",
                            f"It holds {len(self._names)} files" + (f", for example {self._names[0]}." if self._names else "."))
        return found

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises `DataError` naming archive and file when it is truncated, damaged or too large."""
        try:
            if self._archive is None:
                if (self.path / name).stat().st_size > LARGEST_FILE:
                    raise DataError(f"{self.path / name} is larger than {LARGEST_FILE >> 20} MiB")
                return (self.path / name).read_bytes()
            info = self._archive.getinfo(name)
            if info.file_size > LARGEST_FILE:
                raise DataError(f"{self.path}: {name} would unpack to more than {LARGEST_FILE >> 20} MiB")
            return self._archive.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as e:
            raise DataError(f"{self.path}: {name} can't be read: {e}") from e
