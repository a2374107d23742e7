"""What one record says under one mode and rule, named, with errors that name the run."""

from collections.abc import Iterator

from zsar.errors import RecordError
from zsar.results.ranking import STRATEGIES

ZSL = ("top1", "per_class", "gap")
GZSL = {
    "harmonic": "harmonic",
    "seen": "seen",
    "unseen": "unseen",
    "harmonic_per_class": "harmonic_mean_per_class",
    "seen_per_class": "seen_mean_per_class",
    "unseen_per_class": "unseen_mean_per_class",
}
AREAS = {"ausuc": "ausuc", "ausuc_per_class": "ausuc_mean_per_class"}


def measured(record: dict, mode: str, rule: str) -> dict[str, float | None]:
    """Top-1, mean per class, and oracle minus top-1 (None without an oracle result), as `ZSL`."""
    by_rule = record["results"][mode]
    try:
        accuracy, per_class = by_rule[rule]["top1"], by_rule[rule]["mean_per_class"]
        told = "oracle" in by_rule and rule != "oracle"
        gap = by_rule["oracle"]["top1"] - accuracy if told else None
    except KeyError as e:
        raise RecordError(f"run {record['run']} lacks {e.args[0]!r} in results.{mode}.{rule}") from e
    return {"top1": accuracy, "per_class": per_class, "gap": gap}


def generalized(record: dict, mode: str, rule: str) -> Iterator[tuple[str, dict | None, str]]:
    """Per strategy that was tried: its name, its numbers as `GZSL` and `AREAS`, or None and why.

    Raises `RecordError` when a key is missing.
    """
    where = f"results.{mode}.{rule}.gzsl"
    try:
        block = record["results"][mode][rule]["gzsl"]
        areas = {ours: block[theirs] for ours, theirs in AREAS.items()}
        for name in STRATEGIES:
            if name not in block["strategies"]:
                continue
            found = block["strategies"][name]
            if "not_available" in found:
                yield name, None, found["not_available"]
                continue
            numbers = {ours: found[theirs] for ours, theirs in GZSL.items()} | areas
            if any(value is None for value in numbers.values()):
                side = "seen" if numbers["seen"] is None else "unseen"
                yield name, None, f"no test clip of {side} classes"
            else:
                yield name, numbers, ""
    except KeyError as e:
        raise RecordError(
            f"run {record['run']} lacks {e.args[0]!r} in {where}",
            "It says that it was judged under gzsl; run it again.",
        ) from e
