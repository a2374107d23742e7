"""Where zsar keeps its files, and how it writes them: whole or not at all."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from zsar.errors import DataError, ZsarError

_CHECKSUM = "checksum"
"""Its key in the manifest of `write_arrays`."""


def home() -> Path:
    """The folder of prepared data: ``$ZSAR_HOME``, else ``zsar`` in the XDG cache folder.

    Raises `ZsarError` when a file has its place.
    """
    return _folder("ZSAR_HOME") or _user_folder()


def cache() -> Path:
    """The folder of what can be computed anew, such as features and vectors of text.

    ``$ZSAR_CACHE``, else `home`, else, where that can't be written to (a shared disk with prepared data), ``zsar`` in
    the XDG cache folder. Raises `ZsarError` when a file has its place.
    """
    return _folder("ZSAR_CACHE") or (home() if _writable(home()) else _user_folder())


def _folder(variable: str) -> Path | None:
    """The folder that an environment variable names; None where it is not set."""
    if not os.environ.get(variable):
        return None
    path = Path(os.environ[variable]).expanduser()
    if path.exists() and not path.is_dir():
        raise ZsarError(f"{path} is not a folder", f"The environment variable {variable} names it; name a folder.")
    return path


def _user_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "zsar"


def _writable(folder: Path) -> bool:
    """Whether files can be written to a folder, which need not be there yet."""
    return os.access(next(place for place in (folder, *folder.absolute().parents) if place.exists()), os.W_OK)


def _setting(path: Path) -> str:
    """What a user sets to have a file written elsewhere."""
    for variable, folder in (("$ZSAR_HOME", home()), ("$ZSAR_CACHE", cache())):
        if Path(path).is_relative_to(folder):
            return variable
    return "--out"


def require_folder(path: Path) -> None:
    """Raise `ZsarError` where a folder neither is nor can be made: there, or above it, is something else."""
    place = next((place for place in (path, *path.parents) if place.exists() or place.is_symlink()), None)
    if place is not None and not place.is_dir():
        raise ZsarError(f"{place} is not a folder", f"Choose another folder ({_setting(path)}).")


def require_file(path: Path) -> None:
    """As `require_folder`, for a place where a file is to be written; an earlier one there is replaced."""
    if path.is_dir():
        raise ZsarError(f"{path} is a folder", "Name a file in it.")
    require_folder(path.parent)


def require_plain(path: Path) -> os.stat_result:
    """The status of a plain file.

    Raises `DataError` for a pipe, a device or a folder, also at the end of a link: reading one may never end. OSError
    for what is missing.
    """
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{path} is not a plain file", "A folder, a pipe or a device can't be read here.")
    return status


def read_bytes(path: Path, most: int = 64 * 2**20) -> bytes:
    """The content of a plain file of up to ``most`` bytes, also one that somebody else sent.

    Raises what `require_plain` does, `DataError` for a larger file and OSError for one that can't be opened.
    """
    size = require_plain(path).st_size
    if size > most:
        raise DataError(f"{path} has {size >> 20} MiB, too many for what it should hold ({most >> 20})")
    with open(path, "rb") as file:
        return file.read(size)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into errors that say what to do."""
    try:
        yield
    except PermissionError as e:
        raise ZsarError(
            f"no permission to write {path}", f"Choose another folder ({_setting(path)}) or change its permissions."
        ) from e
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ZsarError(
                f"no space left on the disk while writing {path}",
                "Nothing was left half-written. Free some space, or choose another folder "
                f"({_setting(path)}), and run the same command again.",
            ) from e
        if e.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
            require_file(Path(path))
        if e.errno in (errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise ZsarError(f"can't write {path}: {e.strerror}", f"Choose another folder ({_setting(path)}).") from e
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically: a reader sees the old content or the new, never a part."""
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as f:
                f.write(content)
                f.flush()
                os.fsync(f.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def write_text(path: Path, text: str) -> None:
    """As `write_bytes`, in UTF-8."""
    write_bytes(path, text.encode())


def write_arrays(path: Path, arrays: dict[str, Any], manifest: dict) -> None:
    """Write numpy arrays by name as safetensors, as `write_bytes`, beside what they are and a checksum of them."""
    from numpy import ascontiguousarray
    from safetensors.numpy import save

    contiguous = {name: ascontiguousarray(array) for name, array in arrays.items()}  # with shapes as they are read back
    # One value, because safetensors writes several in an order of its own, and other bytes each time.
    text = json.dumps({**manifest, _CHECKSUM: _checksum(contiguous)}, sort_keys=True)
    write_bytes(path, save(contiguous, metadata={"made": text}))


def read_arrays(path: Path, again: str) -> tuple[dict[str, Any], dict]:
    """What `write_arrays` wrote: arrays and manifest. Raises `DataError` with the hint ``again`` for a damaged file.

    Files of before there were checksums are held against no more than that they can be read.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as content:
            arrays = {name: content.get_tensor(name) for name in content.keys()}
            manifest = json.loads((content.metadata() or {}).get("made", "{}"))
            checksum = manifest.get(_CHECKSUM)
    except (SafetensorError, OSError, ValueError, AttributeError) as e:
        raise DataError(f"{path} is damaged ({e})", again) from e
    if checksum not in (None, _checksum(arrays)):
        raise DataError(f"{path} is damaged (it holds other numbers than were written)", again)
    return arrays, manifest


def _checksum(arrays: dict[str, Any]) -> str:
    return fingerprint(*(part for name in sorted(arrays) for part in (name, arrays[name])))


@contextlib.contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``path`` when the block ends well, and vanishes otherwise."""
    path = Path(path)
    require_folder(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_killed(path)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        os.chmod(temporary, 0o755)
        try:
            yield temporary
            _exchange(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _exchange(new: Path, path: Path) -> None:
    """Put a folder in the place of another; when that fails, the earlier one is back where it was."""
    if not path.exists():
        os.replace(new, path)
        return
    old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.old."))
    try:
        os.replace(path, old / "replaced")
        try:
            os.replace(new, path)
        except BaseException:
            os.replace(old / "replaced", path)
            raise
    finally:
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)


def _clear_killed(path: Path, older_than: float = 24 * 3600) -> None:
    """Remove temporary folders of writers that were killed a day ago or longer; younger ones may be at work."""
    for left in path.parent.glob(f".{path.name}.*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > older_than:
                shutil.rmtree(left, ignore_errors=True)


def verify_once(file: Path, content: str, verify: Callable[[], None]) -> None:
    """Call ``verify``, which reads a file whole and raises when it is damaged, unless it has passed for it before.

    What has passed is remembered in `cache`, by the file's place, size, times and inode and by ``content``, whatever it
    is held against. A file that was changed, replaced or copied since is verified again; what changes beneath the file
    system, as on a failing disk, is not noticed here.
    """
    state = file.stat()
    stamp = fingerprint([state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino], content)
    passed = cache() / "verified" / fingerprint(str(file.absolute()))
    with contextlib.suppress(OSError):
        if passed.read_bytes() == stamp.encode():
            return
    verify()
    with contextlib.suppress(OSError, ZsarError):  # where nothing can be kept, it is verified by every process
        write_text(passed, stamp)


def fingerprint(*parts: Any) -> str:
    """Sixteen hex digits that change when any part does; parts are JSON values, bytes or arrays."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            content = part
        elif hasattr(part, "tobytes"):
            content = f"{part.dtype.str}{part.shape}".encode() + part.tobytes()
        else:
            content = json.dumps(part, sort_keys=True, separators=(",", ":")).encode()
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()[:16]
