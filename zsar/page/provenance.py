"""The command and the configuration that made a row's numbers."""

import shlex
from collections.abc import Iterable

import yaml

from zsar.data.cards import card
from zsar.errors import UnknownName
from zsar.protocol import SETTINGS
from zsar.results import Record
from zsar.results.naming import natural

RELEASED = "released"


def source(runs: list[Record]) -> dict:
    """``command`` to type, ``configuration`` as YAML and ``runs``, of one configuration's finished records."""
    return {
        "command": command(runs),
        "configuration": yaml.safe_dump(configuration(runs), sort_keys=False, allow_unicode=True, width=100),
        "runs": [[r.split.name, r.seed, r.run] for r in runs],
    }


def command(runs: list[Record]) -> str:
    """The `zsar bench` command of some runs of one configuration, every keyword spelled out.

    Recipes may change later; what is spelled out doesn't change with them.
    """
    first = runs[0]
    method, encoder, dataset, text = first.method, first.encoder, first.dataset, first.text
    splits = sorted({r.split.name for r in runs}, key=natural)
    words = [
        ["zsar", "bench", "--methods", method.name],
        ["--dataset", dataset.id],
        ["--splits", ",".join(f"{first.split.family}.{name}" for name in splits)],
        ["--seeds", ",".join(map(str, sorted({r.seed for r in runs})))],
        ["--setting", ",".join(s for s in SETTINGS if any(s in r.settings for r in runs))],
        ["--protocol", dataset.protocol],
    ]
    if text and text.get("model"):
        words.append(["--text", RELEASED if text["model"].startswith(f"{RELEASED}:") else text["model"]])
        if text.get("prompt_set") != _usual_prompts(dataset.id):
            words.append(["--prompts", text["prompt_set"]])
    if encoder and not encoder["name"].startswith(RELEASED):
        words.append(["--encoder", encoder["name"]])
        words += _options(encoder["name"], encoder.get("keywords") or {})
    words += _options(method.name, method.keywords)
    return " \\\n  ".join(shlex.join(map(str, part)) for part in words)


def configuration(runs: list[Record]) -> dict:
    """What determined the runs, as their records hold it; what they differ in is listed."""
    first = runs[0]
    return {
        "method": first["method"],
        "chosen": first.get("chosen"),
        "dataset": first["dataset"],
        "splits": {r.split.id: r.split.hash for r in runs},
        "seeds": sorted({r.seed for r in runs}),
        "encoder": first["encoder"],
        "text": first["text"],
        "seen_expert": first.get("seen_expert"),
        "frames": _distinct(r.get("frames") for r in runs),
        "evaluator": first["evaluator"],
        "environment": _distinct(r.get("environment") for r in runs),
    }


def _options(name: str, keywords: dict) -> list[list[str]]:
    return [["--set", f"{name}.{k}={_yaml(v)}"] for k, v in sorted(keywords.items())]


def _yaml(value) -> str:
    """A value as `--set` reads it: YAML on one line, where 1e-05 would be a word and 1.0e-05 is a number."""
    return yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("...\n").strip()


def _usual_prompts(dataset: str) -> str | None:
    try:
        return card(dataset).prompts
    except UnknownName:
        return None


def _distinct(values: Iterable):
    """The one value that all have, or the list of those that occur."""
    distinct = []
    for value in values:
        if value not in distinct:
            distinct.append(value)
    return distinct[0] if len(distinct) == 1 else distinct
