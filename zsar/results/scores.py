"""The arrays that lie beside records as ``<run>.npz``: scores of every clip, labels, samples, subjects."""

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from zsar.errors import RecordError
from zsar.results.record import RUN_AGAIN


class Scores:
    """The arrays of some runs; ``folders`` maps a run id to the folder of its record."""

    def __init__(self, folders: Mapping[str, Path]):
        self._folders = folders

    @property
    def folders(self) -> list[Path]:
        """The results folders, by name."""
        return sorted({Path(folder) for folder in self._folders.values()})

    def read(self, run: str, names: Iterable[str]) -> dict[str, np.ndarray] | None:
        """The arrays of these names, None for a run without a file.

        Raises `RecordError` when the file is damaged or lacks an array.
        """
        if not self._path(run).is_file():
            return None
        arrays = self.find(run, names)
        if absent := [name for name in names if name not in arrays]:
            raise RecordError(f"{self._path(run)} lacks an array: {absent[0]}", RUN_AGAIN)
        return arrays

    def find(self, run: str, names: Iterable[str]) -> dict[str, np.ndarray]:
        """Those of the arrays that are there, none for a run without a file. Raises `RecordError` for a damaged one."""
        path = self._path(run)
        if not path.is_file():
            return {}
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in names if name in arrays.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as e:
            raise RecordError(f"{path} is damaged: {e}", RUN_AGAIN) from e

    def _path(self, run: str) -> Path:
        return Path(self._folders[run]) / f"{run}.npz"
