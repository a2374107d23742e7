"""One run, one JSON file: the only thing that tables, plots and checks are made from."""

import json
import zipfile
import zlib
from pathlib import Path

from zsar.errors import RecordError
from zsar.storage import write_text

EVALUATOR_VERSION = 1  # raised by every change that moves scores
RECORD_FORMAT = 1  # raised by every change of the layout below

NEEDED = {
    "": (
        "format",
        "evaluator",
        "run",
        "status",
        "method",
        "dataset",
        "split",
        "text",
        "encoder",
        "seed",
        "settings",
    ),
    "method": ("name", "class", "title", "keywords"),
    "dataset": ("id", "title", "version", "simulated", "protocol"),
    "split": ("id", "family", "name", "hash", "seen", "unseen"),
}
_RUN_AGAIN = "Delete it; the next zsar bench with the same options runs it again."
NOT_RECORDS = {"leaderboard.json"}  # what a report may leave in the same folder


def write_record(folder: Path, record: dict) -> Path:
    """Write ``record`` to ``<folder>/<run>.json``, whole or not at all, and return the path.

    The text depends on the content alone: sorted keys, one line per key or matrix row, newline at
    the end. Raises `RecordError` when a key is missing or a number is NaN or infinite.
    """
    check(record, "the record")
    path = Path(folder) / f"{record['run']}.json"
    try:
        text = _lines(record)
    except (TypeError, ValueError) as e:
        raise RecordError(f"the record of run {record['run']} can't be written as JSON: {e}") from e
    write_text(path, text + "\n")
    return path


def read_record(path: Path) -> dict:
    """Read one record. Raises `RecordError` that names the file."""
    path = Path(path)
    try:
        record = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as e:
        raise RecordError(f"can't read {path}: {e.strerror}") from e
    except ValueError as e:  # JSONDecodeError and UnicodeDecodeError alike
        raise RecordError(
            f"{path} is damaged: {e}",
            _RUN_AGAIN,
        ) from e
    check(record, str(path))
    if record["run"] != path.stem:
        raise RecordError(
            f"{path} holds run {record['run']}: the file was renamed or is no record of this folder",
            "Give it back its name, or move it elsewhere.",
        )
    return record


def read_records(folder: Path) -> list[dict]:
    """All records of a folder, sorted by run id.

    Raises `RecordError` when the folder is missing or holds no record, or when one of its records
    is damaged, was renamed, or was written in another format.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RecordError(f"there is no results folder {folder}", "Make one with: zsar bench --out FOLDER")
    paths = sorted(p for p in folder.glob("*.json") if p.name not in NOT_RECORDS and not p.name.startswith("."))
    if not paths:
        raise RecordError(
            f"no records in {folder}",
            f"A results folder holds one .json file per run; fill it with: zsar bench --out {folder}",
        )
    return [read_record(p) for p in paths]


def scores_beside(folder: Path):
    """A function (run id, array names) -> {name: array} of the scores beside a run's record.

    It returns None for a run without ``<run>.npz`` and raises `RecordError` when that file is
    damaged or lacks an array.
    """
    import numpy as np

    def read(run: str, names) -> dict | None:
        path = Path(folder) / f"{run}.npz"
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in names}
        except KeyError as e:
            raise RecordError(f"{path} lacks an array: {e.args[0]}", _RUN_AGAIN) from e
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as e:
            raise RecordError(f"{path} is damaged: {e}", _RUN_AGAIN) from e

    return read


def check(record, where: str) -> None:
    """Raise `RecordError` unless ``record`` has this format and every key a table needs."""
    if not isinstance(record, dict):
        raise RecordError(f"{where} is no record: it should hold keys and values")
    if record.get("format") != RECORD_FORMAT:
        raise RecordError(
            f"{where} was written by another version of zsar (format "
            f"{record.get('format', 'missing')}, this one reads {RECORD_FORMAT})",
            "Report it with that version, or run the benchmark again into another folder.",
        )
    for block, keys in NEEDED.items():
        part = record[block] if block else record
        if not isinstance(part, dict):
            raise RecordError(f"{where}: {block!r} should hold keys and values, not {part!r}")
        for key in keys:
            if key not in part:
                raise RecordError(f"{where} lacks the key {f'{block}.{key}' if block else key!r}")
    settings = record["settings"]
    if not isinstance(settings, list) or not settings or not all(isinstance(s, str) for s in settings):
        raise RecordError(f"{where}: settings should be a list such as [zsl, gzsl], not {settings!r}")
    if not record["split"]["unseen"]:
        raise RecordError(f"{where}: split.unseen is empty")
    if record["status"] not in ("done", "failed"):
        raise RecordError(f"{where}: status is done or failed, not {record['status']!r}")
    needed = "results" if record["status"] == "done" else "error"
    if not isinstance(record.get(needed), dict) or not record[needed]:
        raise RecordError(f"{where} says it is {record['status']}, but has no {needed}")
    for mode, rules in record["results"].items() if record["status"] == "done" else ():
        for rule, numbers in rules.items() if isinstance(rules, dict) else ():
            if not isinstance(numbers, dict):
                raise RecordError(f"{where}: results.{mode}.{rule} should hold keys and values")


def _lines(value, indent: str = "") -> str:
    """JSON as `json.dumps` indents it, except that a list of plain values stays on one line."""
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        inside = [f"{deeper}{_lines(str(k))}: {_lines(value[k], deeper)}" for k in sorted(value)]
        return "{\n" + ",\n".join(inside) + f"\n{indent}}}"
    if isinstance(value, (list, tuple)) and any(isinstance(v, (dict, list, tuple)) for v in value):
        return "[\n" + ",\n".join(deeper + _lines(v, deeper) for v in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _refuse(constant: str):
    raise ValueError(f"{constant} is no number of JSON")
