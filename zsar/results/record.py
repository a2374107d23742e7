"""One run, one JSON file: the only thing that tables, plots and checks are made from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, get_origin

from zsar import storage
from zsar.configuration import BLOCK, LARGEST, brief, parse_json, require_shape
from zsar.errors import DataError, RecordError

EVALUATOR_VERSION = 2  # raised by every change that moves scores
RECORD_FORMAT = 1  # raised by every change of the layout below

CONFIGURATION = {
    "method": ("name", "class", "keywords"),
    "encoder": ("name", "keywords"),
    "text": ("model", "prompt_set", "prompts"),
}
"""What makes a run what it is besides dataset, split, protocol and seed: rows of tables stand for one of these each.

Hashes of encoder weights and of vectors stay out: they may differ by split and seed.
"""
CIRCUMSTANCES = {"run", "results", "timings", "environment", "error", "counts"}
"""What a record holds besides its inputs."""
_KINDS = {
    str: "be a text",
    str | None: "be a text",
    int: "be a whole number",
    bool: "be true or false",
    dict: BLOCK,
    dict | None: BLOCK,
}
_NUMBERS = {"*": float}
_STRATEGY = {"not_available": str, "per_class": _NUMBERS, "parameters": {"coefficients": [float], "*": float}}
_GENERALIZED = {"strategies": {"*": _STRATEGY | _NUMBERS}}
_JUDGED = {
    "epoch": float,
    "top1": float,
    "mean_per_class": float,
    "per_class": _NUMBERS,
    "confusion": [[float]],
    "gzsl": _GENERALIZED | _NUMBERS,
}
_ENCODER = {"name": str, "keywords": {}, "frames": float}
_SHAPES = {
    "results": {"*": {"*": _JUDGED}},
    "encoder": _ENCODER,
    "seen_expert": _ENCODER,
    "text": {"model": str, "prompt_set": str, "prompts": [str], "hash": str, "source": {"*": str}},
    "environment": {},
    "counts": _NUMBERS,
    "timings": _NUMBERS,
    "chance": float,
    "frames": float,
}
"""What the blocks of a record hold; "*" stands for every other key, a float for any number, or none."""
NOT_RECORDS = {"leaderboard.json"}  # what a report may leave in the same folder
RUN_AGAIN = "Delete it; the next zsar bench with the same options runs it again."


@dataclass(frozen=True)
class Method:
    """The method of a run; ``cls`` is where its class is, "zsar.methods.pgfa:PGFA"."""

    name: str
    cls: str
    title: str
    keywords: dict
    transductive: bool = False


@dataclass(frozen=True)
class Dataset:
    """The dataset and protocol of a run; ``base`` is the one whose published numbers count, where it isn't ``id``."""

    id: str
    title: str
    version: str
    simulated: bool
    protocol: str
    base: str | None = None


@dataclass(frozen=True)
class Split:
    """The split of a run; ``seen`` and ``unseen`` are class ids."""

    id: str
    family: str
    name: str
    hash: str
    seen: list[str]
    unseen: list[str]


class Configuration(NamedTuple):
    """A run's `CONFIGURATION` as JSON texts: equal for runs that differ in dataset, split, protocol or seed alone."""

    method: str
    encoder: str
    text: str


@dataclass(frozen=True, eq=False)
class Record(Mapping):
    """One run: what it was, and either its ``results`` (mode -> rule -> numbers) or its ``error``.

    ``encoder`` and ``text`` are blocks of the JSON, None where the method has none. ``content`` is all of the JSON;
    ``record["method"]["name"]`` reads it, too. Compares equal to a record or dictionary of the same content.

    >>> record = read_records("benchmarks/records/pku-sim")[0]
    >>> record.method.title, record.dataset.id, record.split.name, record.seed, record.settings
    ('PGFA', 'pku-sim', 'split-9', 2, ['zsl'])
    >>> record.results["inductive"]["last"]["top1"]
    0.59
    """

    content: dict = field(repr=False)
    evaluator: int
    run: str
    status: str
    method: Method
    dataset: Dataset
    split: Split
    text: dict | None
    encoder: dict | None
    seed: int
    settings: list[str]
    results: dict = field(default_factory=dict, repr=False)
    error: dict | None = None
    counts: dict = field(default_factory=dict, repr=False)
    timings: dict = field(default_factory=dict, repr=False)
    environment: dict = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, content: Mapping, where: str = "the record") -> "Record":
        """A record from the JSON's content. Raises `RecordError` that names ``where`` and the key at fault.

        >>> Record.of({"format": 1, "evaluator": 1}, "a.json")
        Traceback (most recent call last):
        zsar.errors.RecordError: a.json lacks the key 'run'
        """
        if isinstance(content, Record):
            return content
        if not isinstance(content, Mapping):
            raise RecordError(f"{where} is not a record: it should hold keys and values")
        if content.get("format") != RECORD_FORMAT:
            raise RecordError(
                f"{where} was written by another version of zsar (format "
                f"{content.get('format', 'missing')}, this one reads {RECORD_FORMAT})",
                "Report it with that version, or run the benchmark again into another folder.",
            )
        values = _values(cls, {"content": content, **content}, where)
        for block in (Method, Dataset, Split):
            name = block.__name__.lower()
            values[name] = block(**_values(block, values[name], where, name))
        record = cls(**values)
        _require_sense(record, where)
        return record

    def __getitem__(self, key: str) -> Any:
        return self.content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)

    def __hash__(self) -> int:
        return hash(self.run)

    @property
    def is_done(self) -> bool:
        """Whether the run ended well, so that it has ``results``."""
        return self.status == "done"

    @cached_property
    def configuration(self) -> Configuration:
        """What rows of tables are made by besides mode, rule and strategy."""
        return Configuration(*(canonical(self.configured(block) or None) for block in CONFIGURATION))

    @cached_property
    def configuration_id(self) -> str:
        """Sixteen hex digits for the `configuration`."""
        return storage.fingerprint(self.configuration)

    def configured(self, block: str) -> list:
        """The values of `CONFIGURATION` in a block, none where the method has no such thing."""
        content = self.content[block]
        return [content.get(key) for key in CONFIGURATION[block]] if content else []

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """One hash for each thing that determined the numbers but the seed, so that a refusal can say which differs."""
        frames, encoder, text = self.content.get("frames"), self.encoder, self.text
        parts = {
            "method keywords": [*self.configured("method")[1:], frames],
            "encoder": encoder and [*self.configured("encoder"), encoder.get("frames")],
            "text": text and [*self.configured("text"), text.get("hash")],
            "split": self.split.hash,
        }
        return {name: storage.fingerprint(part) for name, part in parts.items()}

    def differences(self, other: "Record") -> list[str]:
        """Which inputs of two records differ, as "text.hash"; results and circumstances left out."""
        mine, theirs = (dict(_flat(r.content)) for r in (self, other))
        return sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))

    @property
    def error_line(self) -> str:
        """The first line of a failed run's error: "ValueError: what it said"."""
        error = self.error or {}
        lines = str(error.get("message") or "").strip().splitlines()
        return ": ".join(filter(None, (str(error.get("type") or "error"), lines[0] if lines else "")))


def write_record(folder: Path, record: Mapping) -> Path:
    """Write a record, or its content, to ``<folder>/<run>.json``, whole or not at all, and return the path.

    The text depends on the content alone: sorted keys, one line per key or matrix row, newline at
    the end. Raises `RecordError` when a key is missing or a number is NaN or infinite.
    """
    record = Record.of(record)
    path = Path(folder) / f"{record.run}.json"
    try:
        text = _lines(record.content)
    except (TypeError, ValueError) as e:
        raise RecordError(f"the record of run {record.run} can't be written as JSON: {e}") from e
    storage.write_text(path, text + "\n")
    return path


def read_record(path: Path) -> Record:
    """Read one record. Raises `RecordError` that names the file."""
    path = Path(path)
    try:
        content = parse_json(storage.read_bytes(path).decode("utf-8"))
    except OSError as e:
        raise RecordError(f"can't read {path}: {e.strerror}") from e
    except DataError as e:
        raise RecordError(e.message, e.hint) from e
    except ValueError as e:  # JSONDecodeError and UnicodeDecodeError alike
        raise RecordError(f"{path} is damaged: {e}", RUN_AGAIN) from e
    record = Record.of(content, str(path))
    if record.run != path.stem:
        raise RecordError(
            f"{path} holds run {record.run}: the file was renamed or is not a record of this folder",
            "Give it back its name, or move it elsewhere.",
        )
    return record


def read_records(folder: Path) -> list[Record]:
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


def _values(kind: type, content: Any, where: str, block: str = "") -> dict:
    """The values of a dataclass's fields; those without a default have to be there."""
    if not isinstance(content, Mapping):
        raise RecordError(f"{where}: {block!r} should hold keys and values, not {content!r}")
    values = {}
    for each in fields(kind):
        key = "class" if each.name == "cls" else each.name
        if content.get(key) is not None:
            values[each.name] = content[key]
            _require_kind(content[key], each.type, f"{where}: {f'{block}.{key}' if block else key}")
        elif each.default is MISSING and each.default_factory is MISSING:
            if key not in content:
                raise RecordError(f"{where} lacks the key {f'{block}.{key}' if block else key!r}")
            values[each.name] = None
            _require_kind(None, each.type, f"{where}: {f'{block}.{key}' if block else key}")
    return values


def _require_kind(value: Any, kind: Any, where: str) -> None:
    """Raise `RecordError` where a value is not of the type that a field declares."""
    if get_origin(kind) is list:
        good = isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)
    elif is_dataclass(kind):
        good = True  # a block, whose fields are checked in their turn
    else:
        good = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        good = good and not (kind is int and abs(value) > LARGEST)
    if not good:
        name = "be a list of texts" if get_origin(kind) is list else _KINDS[kind]
        raise RecordError(f"{where} should {name}, not {brief(value)}")


def _require_sense(record: Record, where: str) -> None:
    settings, status = record.settings, record.status
    if not isinstance(settings, (list, tuple)) or not settings or not all(isinstance(s, str) for s in settings):
        raise RecordError(f"{where}: settings should be a list such as [zsl, gzsl], not {settings!r}")
    if not record.split.unseen:
        raise RecordError(f"{where}: split.unseen is empty")
    if status not in ("done", "failed"):
        raise RecordError(f"{where}: status is done or failed, not {status!r}")
    outcome = "results" if status == "done" else "error"
    if not isinstance(record.get(outcome), Mapping) or not record[outcome]:
        raise RecordError(f"{where} says it is {status}, but has no {outcome}")
    for key, shape in _SHAPES.items():
        if record.get(key) is not None and (key != "results" or record.is_done):
            require_shape(record[key], shape, f"{where}: {key}", error=RecordError)


def canonical(value: Any) -> str:
    """A JSON value as text that is equal for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key in value:
            if path or key not in CIRCUMSTANCES:
                yield from _flat(value[key], (*path, str(key)))
    else:
        yield ".".join(path), canonical(value)


def _lines(value: Any, indent: str = "") -> str:
    """JSON as `json.dumps` indents it, except that a list of plain values stays on one line."""
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        inside = [f"{deeper}{_lines(str(k))}: {_lines(value[k], deeper)}" for k in sorted(value)]
        return "{\n" + ",\n".join(inside) + f"\n{indent}}}"
    if isinstance(value, (list, tuple)) and any(isinstance(v, (dict, list, tuple)) for v in value):
        return "[\n" + ",\n".join(deeper + _lines(v, deeper) for v in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
