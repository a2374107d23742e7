"""Recipes: which encoder, text and keywords a method uses on a dataset (``configs/recipes/<method>/*.yaml``)."""

from dataclasses import dataclass, field

from zsar import configuration
from zsar.data.cards import DatasetCard
from zsar.data.splits import Split
from zsar.errors import UnknownName, ZsarError
from zsar.methods.registry import find

_KEYS = {
    "method": (str, False),
    "dataset": (str, True),
    "family": (str, False),
    "encoder": (dict, False),
    "text": (dict, False),
    "frames": (int, False),
    "keywords": (dict, False),
    "chosen": (str, True),
    "features": (str, False),
    "published": (list, False),
    "note": (str, False),
}


@dataclass(frozen=True)
class Recipe:
    """What a method runs with: ``encoder`` names one and its keywords, ``text`` a model and kinds of prompts.

    ``chosen`` says how the values were come by; ``published`` are the paper's numbers for exactly this setting.
    """

    method: str
    dataset: str
    encoder: dict
    text: dict
    frames: int
    keywords: dict
    chosen: str
    features: str = ""
    published: list = field(default_factory=list)


def recipe(method: str, card: DatasetCard, split: Split | None = None) -> Recipe:
    """The recipe of a method for a dataset and split family.

    ``configs/recipes/default/<dataset>.yaml`` gives the encoder, text model and frames;
    ``configs/recipes/<method>/<dataset>[.<family>].yaml`` adds the method's keywords and overrides. A method without
    a recipe of its own runs with its constructor's defaults.
    """
    parts = [_read("default", card.id, "")]
    for name in (card.id, f"{card.id}.{split.family}" if split else None):
        if name and name in configuration.names(f"recipes/{method}"):
            parts.append(_read(method, name, method))
    merged: dict = {"encoder": {}, "text": {}, "keywords": {}, "frames": 50, "chosen": "constructor's defaults"}
    for part in parts:
        for key, value in part.items():
            if isinstance(value, dict) and key != "encoder":
                merged[key] = {**merged[key], **value}
            else:
                merged[key] = value
    text = {"model": "all-MiniLM-L6-v2", "prompts": list(find(method).prompts), **merged["text"]}
    if len(parts) == 1:
        merged["chosen"] = "constructor's defaults"
    return Recipe(
        method,
        card.id,
        merged["encoder"],
        text,
        merged["frames"],
        merged["keywords"],
        " ".join(merged["chosen"].split()),
        merged.get("features", ""),
        merged.get("published", []),
    )


def default_recipe(card: DatasetCard) -> Recipe:
    """A dataset's own encoder, text model and frames, whatever the method."""
    content = _read("default", card.id, "")
    return Recipe(
        "",
        card.id,
        content.get("encoder", {}),
        content.get("text", {}),
        content.get("frames", 50),
        {},
        " ".join(content.get("chosen", "").split()),
    )


def _read(folder: str, name: str, method: str) -> dict:
    where = f"configs/recipes/{folder}/{name}.yaml"
    if name not in configuration.names(f"recipes/{folder}"):
        return {}
    content = configuration.read(f"recipes/{folder}", name)
    configuration.require(content, _KEYS, where)
    if content.get("method", "") != method or not name.startswith(content["dataset"]):
        raise ZsarError(f"{where} is the recipe of {content.get('method')!r} on {content['dataset']!r}")
    for key in content.get("text", {}):
        if key not in ("model", "prompts"):
            raise UnknownName("key", key, ("model", "prompts"), f"{where}: text")
    return content
