"""Records of several results folders, and the scores that lie beside them."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from zsar.errors import RecordError
from zsar.results.record import read_records, scores_beside


def read_folders(folders: list[Path]) -> tuple[list[dict], "Scores"]:
    """The records of all folders and the scores beside them.

    Raises `RecordError` as `read_records` does, and for a run that lies in two of the folders.
    """
    records, home = [], {}
    for folder in dict.fromkeys(Path(f) for f in folders):
        for record in read_records(folder):
            other = home.setdefault(record["run"], folder)
            if other is not folder:
                raise RecordError(
                    f"run {record['run']} is in {other} and in {folder}", "A run counts once: name one of the folders."
                )
            records.append(record)
    return records, Scores(home)


class Scores:
    """The arrays beside the records of some runs; ``home`` maps a run id to its folder."""

    def __init__(self, home: dict[str, Path]):
        self._home = home
        self._readers = {folder: scores_beside(folder) for folder in set(home.values())}

    def __call__(self, run: str, names) -> dict | None:
        """As the function of `zsar.results.record.scores_beside`: every array named, or None without a file."""
        return self._readers[self._home[run]](run, names)

    def found(self, run: str, names) -> dict[str, np.ndarray]:
        """Those of the arrays that are there; none without a file. Raises `RecordError` for a damaged one."""
        path = self._home[run] / f"{run}.npz"
        if not path.is_file():
            return {}
        try:
            with np.load(path, allow_pickle=False) as arrays:
                there = [name for name in names if name in arrays.files]
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as e:
            raise RecordError(f"{path} is damaged: {e}", "Delete it and its record and run zsar bench again.") from e
        return self(run, there) or {}
