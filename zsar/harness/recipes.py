"""Recipes: which encoder, text and keywords a method uses on a dataset (``configs/recipes/<method>/*.yaml``)."""

import inspect
from dataclasses import dataclass

from zsar import configuration
from zsar.data.cards import DatasetCard
from zsar.data.splits import Split
from zsar.errors import UnknownName, ZsarError
from zsar.plugins import available, find
from zsar.text.models import DEFAULT

_KEYS = {
    "method": (str, False),
    "dataset": (str, True),
    "family": (str, False),
    "families": (list, False),
    "encoder": (dict, False),
    "text": (dict, False),
    "frames": (int, False),
    "keywords": (dict, False),
    "chosen": (str, True),
    "features": (str, False),
    "note": (str, False),
}


@dataclass(frozen=True)
class Recipe:
    """What a method runs with: ``encoder`` names one and its keywords, ``text`` a model and kinds of prompts.

    ``chosen`` says where the values are from, ``encoder_chosen`` how the encoder's; ``features`` are those that the
    papers use in the encoder's place, ``note`` is where the recipe departs from the paper.
    """

    method: str
    dataset: str
    encoder: dict
    text: dict
    frames: int
    keywords: dict
    chosen: str
    encoder_chosen: str = ""
    features: str = ""
    note: str = ""


def recipe(method: str, card: DatasetCard, split: Split | None = None) -> Recipe:
    """The recipe of a method for a dataset and split family.

    ``configs/recipes/default/<dataset>[.<family>].yaml`` give the encoder, text model and frames;
    ``configs/recipes/<method>/<dataset>[.<family>].yaml`` add the method's keywords and override. The second says
    under ``families`` which families its values are known for; on others they are carried over, and ``chosen`` says
    so. A method without a recipe of its own has that of the method whose place it takes on features, or else its
    constructor's defaults.
    """
    cls, folder, names = find("method", method), _folder(method), _names(card, split)
    parts = [part for name in names if (part := _read(folder, name, folder))]
    carried = [p for p in parts if split and split.family not in p.get("families", [split.family])]
    # What is said of other families' features and papers doesn't hold here; their values may.
    valid = [{k: v for k, v in p.items() if p not in carried or k not in ("note", "features")} for p in parts]
    merged = _merge([_read("default", name, "") for name in names] + valid)
    keywords, chosen = merged["keywords"], parts[-1]["chosen"] if parts else "constructor's defaults"
    if parts and parts[-1] in carried:
        chosen = f"Nothing is known of {cls.title} on the splits of {split.family}; carried over: {chosen}"
    if folder != method:
        keywords = {k: v for k, v in keywords.items() if k in inspect.signature(cls).parameters}
        chosen = f"{find('method', folder).title}'s, whose encoder has no part here: {chosen}"
    text = {"prompts": list(cls.prompts), **merged["text"]}
    return _recipe(method, card, {**merged, "text": text, "keywords": keywords, "chosen": chosen})


def default_recipe(card: DatasetCard, split: Split | None = None) -> Recipe:
    """The encoder, text model and frames of a dataset and split family, whatever the method."""
    return _recipe("", card, _merge([_read("default", name, "") for name in _names(card, split)]))


def _recipe(method: str, card: DatasetCard, content: dict) -> Recipe:
    one_line = {k: " ".join(content[k].split()) for k in ("chosen", "encoder_chosen", "features", "note")}
    return Recipe(method=method, dataset=card.id, **{**content, **one_line})


def _folder(method: str) -> str:
    """Where a method's recipes are: its own, or those of the method that it stands in for on features."""
    if not configuration.names(f"recipes/{method}"):
        for name in available("method"):
            if name != method and find("method", name).on_features == method:
                return name
    return method


def _names(card: DatasetCard, split: Split | None) -> list[str]:
    """The names of a dataset's recipes and of its family's; all datasets of users' own share those named ``own``."""
    if card.stands_for not in configuration.names("datasets"):
        return ["own"]
    return [card.stands_for] + ([f"{card.stands_for}.{split.family}"] if split else [])


def _merge(parts: list[dict]) -> dict:
    """Later parts over earlier ones; text and keywords key by key."""
    merged = {"encoder": {}, "text": {"model": DEFAULT}, "keywords": {}, "frames": 50, "chosen": ""}
    merged |= {"encoder_chosen": "", "features": "", "note": ""}
    for part in parts:
        for key, value in part.items():
            if key in merged:
                merged[key] = {**merged[key], **value} if key in ("text", "keywords") else value
        if "encoder" in part:
            merged["encoder_chosen"] = part["chosen"]
    return merged


def _read(folder: str, name: str, method: str) -> dict:
    where = f"configs/recipes/{folder}/{name}.yaml"
    if name not in configuration.names(f"recipes/{folder}"):
        return {}
    content = configuration.read(f"recipes/{folder}", name)
    configuration.require(content, _KEYS, where)
    family = f".{content['family']}" if "family" in content else ""
    if content.get("method", "") != method or name != content["dataset"] + family:
        raise ZsarError(f"{where} is the recipe of {content.get('method')!r} on {content['dataset']}{family}")
    for key in content.get("text", {}):
        if key not in ("model", "prompts"):
            raise UnknownName("key", key, ("model", "prompts"), f"{where}: text")
    return content
