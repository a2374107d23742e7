"""Short names that tell a table's rows apart."""

import re
from typing import Any

from zsar.results.record import Configuration, Record, canonical

OWN_ENCODER = "end-to-end"


def tell_apart(records: list[Record]) -> dict[Configuration, dict[str, str]]:
    """For every configuration its names ``configuration``, ``encoder`` and ``text``.

    ``configuration`` lists the keywords that differ between this and the method's other rows, and
    is empty when there is nothing to tell apart.
    """
    records = list({r.configuration: r for r in reversed(records)}.values())
    names = {}
    for record in records:
        rivals = [_keywords(r) for r in records if r.method.name == record.method.name]
        encoders = [r.encoder for r in records if r.encoder and record.encoder]
        names[record.configuration] = {
            "configuration": _with_precision(_differing(_keywords(record), rivals), record),
            "encoder": _encoder(record.encoder, encoders),
            "text": _text(record.text),
        }
    return names


def natural(name: str) -> list:
    """A sorting key that puts split_2 before split_10.

    >>> sorted(["split_10", "split_2"], key=natural)
    ['split_2', 'split_10']
    """
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in re.findall(r"\d+|\D+", name)]


def _with_precision(configuration: str, record: Record) -> str:
    """A precision other than float32 is named even where there is nothing to tell apart."""
    precision = record.get("precision", "float32")
    name = f"precision={precision}" if precision != "float32" else ""
    return configuration if name in configuration else ", ".join(filter(None, (configuration, name)))


def _keywords(record: Record) -> dict:
    return {**record.method.keywords, "class": record.method.cls}


def _differing(keywords: dict, rivals: list[dict]) -> str:
    """The keywords whose value isn't the same in all ``rivals``, as "lr=0.02, epochs=50"."""
    missing = object()
    keys = sorted(set().union(*rivals))
    differing = [k for k in keys if len({canonical(r[k]) if k in r else missing for r in rivals}) > 1]
    return ", ".join(f"{k}={_value(keywords[k])}" for k in differing if k in keywords)


def _encoder(encoder: dict | None, encoders: list[dict]) -> str:
    if encoder is None:
        return OWN_ENCODER
    rivals = [e.get("keywords") or {} for e in encoders if e["name"] == encoder["name"]]
    differing = _differing(encoder.get("keywords") or {}, rivals)
    return encoder["name"] + (f" ({differing})" if differing else "")


def _text(text: dict | None) -> str:
    if text is None:
        return "none"
    return f"{text.get('model')}, {text.get('prompt_set')}: {' + '.join(text.get('prompts') or ['?'])}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value)
