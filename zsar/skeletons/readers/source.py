"""A folder, a zip archive or a single file, looked at alike: names of files and their bytes."""

import os
import re
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from zsar.errors import DataError
from zsar.storage import fingerprint, require_plain

LARGEST_FILE = 64 * 2**20
"""Bytes; a file larger than this, packed or not, is not a clip and is refused rather than unpacked."""
LARGEST_RATIO = 200
"""A packed file that promises more than this many times its size is not a recording (numbers reach about 10)."""
_UNREAD = (".7z", ".rar", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".zst")
_PACKED = (".zip", *_UNREAD)


class Source:
    """Files by name.

    Raises `DataError` when the path is missing, is a pipe or a device, or is an archive that can't be opened (of all
    kinds only zip can) or isn't to be trusted.

    With ``archives``, zips that lie in a folder are looked into; what they hold is named ``NAME.zip/...``. ``twice``
    are the names that an archive holds more than once.
    """

    def __init__(self, path: Path, archives: bool = False):
        self.path = Path(path).expanduser()
        self._members: dict[str, tuple[zipfile.ZipFile, zipfile.ZipInfo]] = {}
        self._files: set[str] = set()
        self.twice: list[str] = []
        if self.path.is_dir():
            self._files = set(_files(self.path))
            for name in sorted(self._files) if archives else ():
                if name.endswith(".zip"):
                    self._look_into(self.path / name, f"{name}/")
        elif not self.path.exists():
            raise DataError(
                f"{path}: no such file or folder",
                "Give the archive, or the folder it was unpacked to, with --source.",
            )
        elif _is_zip(self.path):
            self._look_into(self.path, "")
        else:  # a single file is looked at as a folder that holds nothing else
            self._files, self.path = {self.path.name}, self.path.parent
        self._names = sorted(self._files | self._members.keys())

    def _look_into(self, path: Path, prefix: str) -> None:
        try:
            require_plain(path)
            archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as e:
            raise DataError(
                f"{path} is not a zip archive, or a truncated one: {e}",
                "Download it again, or unpack it and give the folder.",
            ) from e
        for member in archive.infolist():
            if _climbs_out(member.filename):
                raise DataError(
                    f"{path} holds a path that climbs out of it: {member.filename!r}",
                    "No maker's archive does; it isn't used. Get the archive from its makers.",
                )
            if prefix + member.filename in self._members:
                self.twice.append(prefix + member.filename)
            if not member.is_dir():
                self._members[prefix + member.filename] = archive, member

    def find(self, pattern: re.Pattern) -> list[tuple[str, re.Match]]:
        """Files whose name without folders matches: pairs (full name, match), in order."""
        matches = [(name, pattern.fullmatch(name.rsplit("/", 1)[-1])) for name in self._names]
        return [(name, match) for name, match in matches if match]

    def matching(self, pattern: re.Pattern, what: str) -> list[tuple[str, re.Match]]:
        """As `find`. Raises `DataError` that says ``what`` was looked for when nothing matches."""
        matches = self.find(pattern)
        if matches:
            return matches
        archives = [name for name in self._names if name.endswith(_PACKED)]
        if archives:
            do = "Give the archive in it, or unpack it" if archives[0].endswith(".zip") else "Unpack the archive in it"
            raise DataError(f"{self.path} holds no {what}", f"{do}: {archives[0]}.")
        example = f", for example {self._names[0]}" if self._names else ""
        raise DataError(
            f"{self.path} holds no {what}",
            f"It holds {len(self._names)} files{example}. Is it another dataset, or another part of it?",
        )

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises `DataError` without the name: truncated, damaged, too large or packed too well."""
        try:
            if name in self._members:
                archive, member = self._members[name]
                _bounded(member.file_size, member.compress_size)
                return archive.read(member)  # never unpacks more than the size it states
            status = (self.path / name).stat()
            if not stat.S_ISREG(status.st_mode):
                raise DataError("is not a plain file")
            _bounded(status.st_size)
            return (self.path / name).read_bytes()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as e:
            raise DataError(f"can't be read: {e}") from e

    def identity(self, names: list[str]) -> str:
        """Changes when one of these files does: their sizes, and their times or, packed, their checksums.

        Raises `DataError` when one has gone.
        """
        try:
            return fingerprint([[name, *self._stamp(name)] for name in names])
        except OSError as e:
            raise DataError(
                f"{self.path} has changed while it was looked at: {e}", "Run the same command again."
            ) from e

    def _stamp(self, name: str) -> tuple[int, int]:
        if name in self._members:
            member = self._members[name][1]
            return member.file_size, member.CRC
        state = (self.path / name).stat()
        return state.st_size, state.st_mtime_ns


def _is_zip(path: Path) -> bool:
    """Whether a file is a zip archive by its name or its first bytes, truncated ones too.

    Raises `DataError` for an archive of another kind, and for what is not a plain file.
    """
    if path.suffix.lower() in _UNREAD:
        raise DataError(
            f"{path} is packed, and only zip archives are read as they are",
            "Unpack it, and give the folder that it was unpacked to.",
        )
    try:
        require_plain(path)
        with open(path, "rb") as f:
            return path.suffix.lower() in (".zip", ".npz") or f.read(2) == b"PK"
    except OSError as e:
        raise DataError(f"{path} can't be read: {e}") from e


def _bounded(size: int, packed: int | None = None) -> None:
    if size > LARGEST_FILE:
        raise DataError(f"has {size >> 20} MiB, too many for a clip (up to {LARGEST_FILE >> 20} are read)")
    if packed is not None and size > LARGEST_RATIO * max(packed, 4096):
        raise DataError(f"says it unpacks to {size // max(packed, 1)} times its size, as no recording does")


def _files(folder: Path):
    """Names of all files below a folder; links to folders are not followed."""
    for place, _, files in os.walk(folder):
        inside = os.path.relpath(place, folder).replace(os.sep, "/")
        yield from files if inside == "." else (f"{inside}/{file}" for file in files)


def _climbs_out(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or name[1:2] == ":"
