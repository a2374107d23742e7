"""Short names that tell a table's rows apart."""

import json
import re

OWN_ENCODER = "end-to-end"


def identity(record: dict) -> tuple[str, str, str]:
    """What makes a row besides mode and rule: the configured method, the encoder, the text.

    Hashes of encoder weights and vectors stay out: they may differ by split and seed.
    """
    encoder, text = record["encoder"], record["text"]
    return (
        configuration_of(record),
        _canonical(encoder and [encoder.get("name"), encoder.get("keywords")]),
        _canonical(text and [text.get("model"), text.get("prompt_set"), text.get("prompts")]),
    )


def configuration_of(record: dict) -> str:
    """The method, its class and its keywords as one string."""
    method = record["method"]
    return _canonical([method["name"], method["class"], method["keywords"]])


def telling_apart(records: list[dict]) -> dict[tuple, dict[str, str]]:
    """For every identity its labels ``configuration``, ``encoder`` and ``text``.

    ``configuration`` names the keywords that differ between this and the method's other rows, and
    is empty when there is nothing to tell apart.
    """
    records = list({identity(r): r for r in reversed(records)}.values())
    encoders = [r["encoder"] for r in records]
    labels = {}
    for record in records:
        method, encoder, text = record["method"], record["encoder"], record["text"]
        rivals = [_settings(r["method"]) for r in records if r["method"]["name"] == method["name"]]
        labels[identity(record)] = {
            "configuration": _with_precision(_differing(_settings(method), rivals), record),
            "encoder": _encoder(encoder, encoders),
            "text": _text(text),
        }
    return labels


def differences(one: dict, other: dict) -> list[str]:
    """Which inputs of two records differ, as ``text.hash``; results and circumstances left out."""
    ignored = {"run", "results", "timings", "environment", "error", "counts"}

    def flat(value, path=()):
        if isinstance(value, dict):
            for key in value:
                if path or key not in ignored:
                    yield from flat(value[key], (*path, str(key)))
        else:
            yield ".".join(path), _canonical(value)

    one, other = dict(flat(one)), dict(flat(other))
    return sorted(k for k in one.keys() | other.keys() if one.get(k) != other.get(k))


def error_line(record: dict) -> str:
    """The first line of a failed run's error: "ValueError: what it said"."""
    error = record["error"]
    lines = str(error.get("message") or "").strip().splitlines()
    return ": ".join(part for part in (str(error.get("type") or "error"), lines[0] if lines else "") if part)


def natural(name: str) -> list:
    """A sorting key that puts split_2 before split_10."""
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in re.findall(r"\d+|\D+", name)]


def _with_precision(configuration: str, record: dict) -> str:
    """A precision other than float32 is named even where there is nothing to tell apart."""
    said = f"precision={record['precision']}" if record.get("precision", "float32") != "float32" else ""
    return configuration if said in configuration else ", ".join(filter(None, (configuration, said)))


def _settings(method: dict) -> dict:
    return {**method["keywords"], "class": method["class"]}


def _differing(settings: dict, rivals: list[dict]) -> str:
    """The settings whose value isn't the same in all ``rivals``, as "lr=0.02, epochs=50"."""
    missing = object()
    keys = sorted(set().union(*rivals))
    differing = [k for k in keys if len({_canonical(r[k]) if k in r else missing for r in rivals}) > 1]
    return ", ".join(f"{k}={_value(settings[k])}" for k in differing if k in settings)


def _encoder(encoder, encoders: list) -> str:
    if encoder is None:
        return OWN_ENCODER
    same = [e.get("keywords") or {} for e in encoders if e is not None and e["name"] == encoder["name"]]
    differing = _differing(encoder.get("keywords") or {}, same)
    return encoder["name"] + (f" ({differing})" if differing else "")


def _text(text) -> str:
    if text is None:
        return "none"
    return f"{text.get('model')}, {text.get('prompt_set')}: {' + '.join(text.get('prompts') or ['?'])}"


def _value(value) -> str:
    return value if isinstance(value, str) else _canonical(value)


def _canonical(value) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
