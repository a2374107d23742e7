"""The numbers that papers print, from ``benchmarks/published/*.yaml``, with their sources."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from zsar import configuration
from zsar.errors import ZsarError

PRINTED = {"zsl": ("top1",), "gzsl": ("seen", "unseen", "harmonic")}
"""The metrics that papers print, by setting."""
PACKAGE, FOLDER = "zsar.benchmarks", "published"
_BY = {"encoder": (str, False), "text": (str, False)}
_FILE = {"dataset": (str, True), "sources": (dict, True), "notes": (dict, False), "tables": (list, True)}
_SOURCE = {"cite": (str, True), "kind": (str, True), "verified": (bool, True)}
_TABLE = {**dict.fromkeys(("source", "family", "setting"), (str, True)), "metrics": (list, True), "rows": (list, True)}
_TABLE |= _BY
_ROW = {"method": (str, True), "values": (dict, True), "note": (str, False)} | _BY


@dataclass(frozen=True)
class PublishedNumber:
    """One accuracy in percent as printed in one source; encoder or text is None when unknown."""

    dataset: str
    family: str
    split: str
    setting: str
    metric: str
    method: str
    value: float
    encoder: str | None
    text: str | None
    source: str
    source_kind: str
    verified: bool
    note: str


def published(dataset: str, family: str, split: str, setting: str, metric: str, method: str) -> list[PublishedNumber]:
    """Every number printed for exactly this dataset, family, split, setting, metric and method.

    ``metric`` is ``top1`` under the setting ``zsl``, and ``seen``, ``unseen`` or ``harmonic`` under
    ``gzsl``; values are percent. Sources that contradict one another are all returned, the lowest
    value first; none is an empty list. Raises `ZsarError` when the dataset's file is malformed.

    >>> numbers = published("ntu120", "synse", "110/10", "zsl", "top1", "smie")
    >>> published_range(numbers)
    '61.3-65.7'
    """
    place = (family, split.replace("/", "-"), setting, metric, method)  # papers print 55/5 for 55-5
    return sorted(
        (
            n
            for n in published_numbers(dataset)
            if (n.family, n.split.replace("/", "-"), n.setting, n.metric, n.method) == place
        ),
        key=lambda n: (n.value, n.source),
    )


def published_range(numbers: list[PublishedNumber]) -> str:
    """ "80.3", or "79.3-80.1" where sources differ by more than rounding; percent, one decimal."""
    values = [f"{n.value:.1f}" for n in sorted(numbers, key=lambda n: n.value)]
    return values[0] if values[0] == values[-1] else f"{values[0]}-{values[-1]}"


@functools.cache
def published_numbers(dataset: str) -> tuple[PublishedNumber, ...]:
    """All published numbers of one dataset, in the order of the file; none for one without a file.

    Raises `ZsarError` that names the file and the key when it is malformed.
    """
    if dataset not in configuration.names(FOLDER, PACKAGE):
        return ()
    where = f"benchmarks/published/{dataset}.yaml"
    content = configuration.read(FOLDER, dataset, PACKAGE)
    configuration.require(content, _FILE, where)
    if content["dataset"] != dataset:
        raise ZsarError(f"{where} is about the dataset {content['dataset']!r}")
    numbers: list[PublishedNumber] = []
    for table in content["tables"]:
        configuration.require(table, _TABLE, where)
        for row in table["rows"]:
            numbers += _row(row, table, content, where)
    return tuple(numbers)


def _row(row: dict, table: dict, content: dict, where: str) -> Iterator[PublishedNumber]:
    configuration.require(row, _ROW, where)
    source = content["sources"].get(table["source"])
    if source is None:
        raise ZsarError(f"{where}: no source {table['source']!r}")
    configuration.require(source, _SOURCE, where)
    if "note" in row and row["note"] not in content.get("notes", {}):
        raise ZsarError(f"{where}: no note {row['note']!r}")
    for split, values in row["values"].items():
        if not isinstance(values, list) or len(values) != len(table["metrics"]):
            raise ZsarError(
                f"{where}: {row['method']}, {split}: one value per metric "
                f"({', '.join(table['metrics'])}), not {values!r}"
            )
        for metric, value in zip(table["metrics"], values, strict=True):
            if value is None:
                continue
            yield PublishedNumber(
                dataset=content["dataset"],
                family=table["family"],
                split=split,
                setting=table["setting"],
                metric=metric,
                method=row["method"],
                value=float(value),
                encoder=row.get("encoder", table.get("encoder")),
                text=row.get("text", table.get("text")),
                source=source["cite"],
                source_kind=source["kind"],
                verified=source["verified"],
                note=content["notes"][row["note"]] if "note" in row else "",
            )
