"""From names to a list of jobs, each fully resolved before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from zsar import configuration, storage
from zsar.data.bundles import ENCODER as RELEASED
from zsar.data.cards import DatasetCard, Protocol, card
from zsar.data.datasets import open_dataset
from zsar.data.splits import Split, choose
from zsar.encoders.feature_maps import require_maps
from zsar.encoders.features import EncoderChoice
from zsar.errors import UnknownName, ZsarError
from zsar.harness.recipes import Recipe, default_recipe, recipe
from zsar.plugins import find, keywords_of
from zsar.protocol import RULES, SETTINGS, Names, names_in, select
from zsar.results.record import EVALUATOR_VERSION
from zsar.text.prompts import outline, require, vectors_of
from zsar.text.vectors import ClassVectors, class_vectors

PLAIN = (("precision", "float32"), ("compiled", False), ("max_norm", None))
"""Keywords that came after the first records: with these values they change nothing."""
PRECISIONS = ("float32", "bf16")
RELEASED_TEXT = "released:"
"""Before a text model's name: the class vectors are those of an imported bundle, or imported themselves."""


@dataclass(frozen=True)
class Job:
    """One method on one fold with one seed: everything that determines a run but the data itself."""

    method: str
    keywords: dict
    card: DatasetCard
    protocol: Protocol
    split: Split
    encoder: EncoderChoice | None
    frames: int
    text_model: str
    prompts: tuple[str, ...]
    seed: int
    rules: tuple[str, ...]
    settings: tuple[str, ...]
    recipe: Recipe
    expert: EncoderChoice | None = None
    """Whose classifier of seen classes is the generalized setting's seen expert."""

    @cached_property
    def id(self) -> str:
        """The run id: sixteen hex digits that change with anything that can change the run's numbers.

        Opens the dataset and the text; raises `DataError` and `ZsarError` where they are not on this machine.
        """
        return self.run_id(self.dataset.version, self.vectors.hash)

    def run_id(self, dataset_version: str, text_hash: str) -> str:
        """As `id`, for data and text of these versions."""
        return storage.fingerprint(self.determined_by(), dataset_version, text_hash)

    @property
    def label(self) -> str:
        """How the job is named on screen."""
        return f"{self.method} · {self.split.id(self.card)} · seed {self.seed}"

    @property
    def dataset(self):
        """The dataset, opened."""
        return open_dataset(self.card.id).of(self.split)

    @property
    def vectors(self) -> ClassVectors:
        """The text of all classes."""
        return text_vectors(self.card, self.text_model, self.prompts)

    @property
    def text_source(self) -> dict[str, str]:
        """SHA-256 and name of the file of imported class vectors by kind; empty for text that zsar encodes."""
        vectors = self.text_model.startswith(RELEASED_TEXT) and vectors_of(self.card.prompts)
        return {kind: vectors.source[kind] for kind in self.prompts} if vectors else {}

    @property
    def joints(self) -> str:
        """The joint layout of the method's clips."""
        return self.keywords.get("joints", find("method", self.method).joints)

    @property
    def seen_expert(self) -> dict | None:
        """The expert as records name it."""
        return self.expert and self.expert.description()

    @property
    def precision(self) -> str:
        """The lowest that the method or its encoder computes in."""
        keywords = [self.keywords] + ([] if self.encoder is None else [self.encoder.keywords])
        return next((k["precision"] for k in keywords if k.get("precision", "float32") != "float32"), "float32")

    @property
    def stated_keywords(self) -> dict:
        """The method's keywords as run id and record hold them: plain arithmetic goes without saying."""
        return {k: v for k, v in self.keywords.items() if (k, v) not in PLAIN}

    def determined_by(self) -> dict:
        """What the run id is made from, besides the versions of data and text."""
        return {
            "method": self.method,
            "keywords": self.stated_keywords,
            "dataset": self.card.id,
            "protocol": self.protocol.name,
            "split": self.split.hash,
            "prompts": self.prompts,
            "text_model": self.text_model,
            "frames": self.frames,
            "seed": self.seed,
            "encoder": None if self.encoder is None else [self.encoder.name, self.encoder.keywords],
            "evaluator": EVALUATOR_VERSION,
            **({} if self.precision == "float32" else {"precision": self.precision}),
        }


def plan(
    methods: Names,
    dataset: str,
    *,
    splits: Names | None = None,
    seeds: Iterable[int] = (0,),
    settings: Names = ("zsl",),
    rules: Names | None = None,
    keywords: dict[str, dict[str, Any]] | None = None,
    protocol: str | None = None,
    encoder: str | None = None,
    text: str | None = None,
    prompts: str | None = None,
    precision: str | None = None,
) -> list[Job]:
    """The jobs of a benchmark, splits outermost, then methods, then seeds.

    Lists of names may be given as "a,b". ``splits`` are splits or families (None: the dataset's own family), ``rules``
    and ``settings`` those of `zsar.protocol` (rules None: all). ``keywords`` maps a method's or encoder's name to
    keywords that override its recipe; ``encoder``, ``text`` (a model, or "released") and ``precision`` ("float32" or
    "bf16") take the place of the recipe's, ``prompts`` of the card's prompt set.

    Rules None are without val where a split has too few seen classes for a companion run. Raises `UnknownName` and
    `ZsarError` for anything that does not exist, before anything runs.
    """
    keywords, names = keywords or {}, names_in(methods)
    by_default, settings = rules is None, select("setting", settings, SETTINGS)
    rules = select("rule", rules, RULES)
    if not names:
        raise ZsarError("no method is named", "For example: --methods pgfa,dvta,sadvae")
    if precision not in (None, *PRECISIONS):
        raise UnknownName("precision", precision, PRECISIONS)
    dataset_card = card(dataset) if prompts is None else replace(card(dataset), prompts=prompts)
    classes = {name: find("method", name) for name in [_variant(name, dataset_card) for name in names]}
    jobs, encoders, chosen_splits = [], set(), choose(dataset_card, names_in(splits))
    if by_default and not dataset_card.features and not all(split.has_companion for split in chosen_splits):
        rules = tuple(rule for rule in rules if rule != "val")
    for split in chosen_splits:
        _require_companion(dataset_card, split, rules, settings)
        for name, cls in classes.items():
            its = recipe(name, dataset_card, split)
            resolved = keywords_of(
                cls, {**its.keywords, **_precision(cls, precision), **keywords.get(name, {})}, f"method {name}"
            )
            choice = expert = None
            if dataset_card.features:
                choice = expert = released_encoder(dataset_card, split, encoder)
            elif cls.input in ("features", "maps"):
                choice = expert = encoder_choice(its, dataset_card, encoder, keywords=keywords, precision=precision)
                if cls.input == "maps":
                    require_maps(choice, name)
                encoders.add(choice.name)
            elif "gzsl" in settings or default_recipe(dataset_card, split).encoder:
                # Named even where it is not needed: an earlier record's generalized numbers may have to be kept.
                expert = encoder_choice(default_recipe(dataset_card, split), dataset_card)
            text_model, kinds = text_choice(its, dataset_card, text, own_prompts=prompts is None)
            jobs += [
                Job(
                    name,
                    resolved,
                    dataset_card,
                    dataset_card.protocol(protocol),
                    split,
                    choice,
                    0 if dataset_card.features else its.frames,
                    text_model,
                    kinds,
                    seed,
                    rules,
                    settings,
                    its,
                    expert,
                )
                for seed in dict.fromkeys(seeds)
            ]
    plugins = [*classes.values(), *(find("encoder", name) for name in sorted(encoders))]
    if precision == "bf16" and not any(_precision(cls, precision) for cls in plugins):
        raise ZsarError(
            "--precision bf16: none of these methods and encoders computes in it",
            "It is for methods with the keyword precision (pgfa, dvta) and pre-training (--encoder stgcn or shiftgcn).",
        )
    for name in keywords:
        if name not in set(classes) | encoders:
            raise UnknownName("method or encoder", name, set(classes) | encoders, "--set")
    return jobs


def encoder_choice(
    its: Recipe,
    dataset_card: DatasetCard,
    name: str | None = None,
    *,
    keywords: dict[str, dict[str, Any]] | None = None,
    precision: str | None = None,
) -> EncoderChoice:
    """A recipe's encoder, or the one of another name; ``keywords`` (by encoder) override. Raises `ZsarError`."""
    chosen = dict(its.encoder) if name in (None, its.encoder.get("name")) else {"name": name}
    name = chosen.pop("name", None)
    if name is None:
        where = f" Its recipe asks for: {its.features}." if its.features else ""
        raise ZsarError(
            f"no encoder is named for {its.method or 'features'} on {dataset_card.id}.{where}",
            "Name one: --encoder stgcn or --encoder trajectory",
        )
    chosen |= _precision(find("encoder", name), precision)
    return EncoderChoice.of(name, {**chosen, **(keywords or {}).get(name, {})}, its.frames)


def released_encoder(dataset_card: DatasetCard, split: Split, name: str | None = None) -> EncoderChoice:
    """The encoder of a bundle's features, as jobs and records name it. Raises `ZsarError` where another is named."""
    if name not in (None, RELEASED):
        raise ZsarError(
            f"{dataset_card.id} holds features only, so no encoder can be chosen", "Leave --encoder away on a bundle."
        )
    return EncoderChoice(f"{RELEASED} {dataset_card.features[f'{split.family}.{split.name}']}", {}, 0)


def text_choice(
    its: Recipe, dataset_card: DatasetCard, name: str | None = None, *, own_prompts: bool = True
) -> tuple[str, tuple[str, ...]]:
    """The text model and the kinds of prompts: the recipe's, unless another model or released vectors are named.

    A bundle's own vectors are used as they are where they are the recipe's, model and prompts alike, and the prompts
    are the dataset's own; a prompt set of vectors is used wherever it is named.
    """
    model, kinds = its.text["model"], tuple(its.text["prompts"])
    vectors = None if own_prompts else vectors_of(dataset_card.prompts)
    if vectors:
        if name not in (None, RELEASED, vectors.model):
            raise ZsarError(
                f"the prompt set {dataset_card.prompts!r} holds vectors by {vectors.model} and no texts for {name}",
                "Leave --text away, or name a prompt set of texts: zsar text list",
            )
        require(dataset_card.prompts, kinds, dataset_card.classes, its.method)
        return RELEASED_TEXT + vectors.model, kinds
    released = open_dataset(dataset_card.id).texts if dataset_card.features and own_prompts else {}
    if name == RELEASED:
        if not own_prompts:
            raise ZsarError("released text vectors come with their own prompts", "Leave --prompts away.")
        if not released:
            raise ZsarError(
                f"{dataset_card.id} has no released text vectors", "Name a text model, or leave --text away."
            )
        theirs = next((m for m in released if m.lower() == model.lower()), next(iter(released)))
        covered = tuple(k for k in kinds if k in released[theirs])
        return RELEASED_TEXT + theirs, covered or tuple(released[theirs])
    for theirs, covered in released.items():
        if theirs.lower() == (name or model).lower() and set(kinds) <= set(covered):
            return RELEASED_TEXT + theirs, kinds
    if dataset_card.prompts == dataset_card.id not in configuration.names("prompts"):
        # The user's own dataset: its names, and descriptions where it has them.
        kinds = tuple(k for k in kinds if k in outline(dataset_card.prompts).kinds) or ("label",)
    require(dataset_card.prompts, kinds, dataset_card.classes, its.method)
    return name or model, kinds


def text_vectors(dataset_card: DatasetCard, model: str, kinds: tuple[str, ...]) -> ClassVectors:
    """Vectors of all classes of a dataset, of a model's name, or the released ones of one (`RELEASED_TEXT`)."""
    classes, name = tuple(dataset_card.classes), model.removeprefix(RELEASED_TEXT)
    if name == model:
        return class_vectors(dataset_card.prompts, kinds, classes, model)
    if vectors := vectors_of(dataset_card.prompts):
        return ClassVectors(vectors.of(kinds, classes), classes, name, dataset_card.prompts, kinds)
    released = open_dataset(dataset_card.id).text(name)
    return ClassVectors(np.stack([released[kind] for kind in kinds], 1), classes, name, dataset_card.id, kinds)


def _precision(cls: type, precision: str | None) -> dict[str, str]:
    """The keyword for a method or encoder; nothing where it has none, or none is named: it computes in float32."""
    return {"precision": precision} if precision and "precision" in inspect.signature(cls).parameters else {}


def _variant(name: str, dataset_card: DatasetCard) -> str:
    """The method, or on a bundle of features its variant that learns from them."""
    cls = find("method", name)
    if cls.tokens:
        raise ZsarError(
            f"{name} learns from a vector per token of text, which zsar does not make",
            "It can learn from one vector per text.",
        )
    if not dataset_card.features or cls.input == "features":
        return name
    if not cls.on_features:
        raise ZsarError(
            f"{name} learns from {cls.input}, and {dataset_card.id} holds features only",
            "Run it on a dataset with clips, or methods that learn from features: zsar methods",
        )
    return cls.on_features


def _require_companion(
    dataset_card: DatasetCard, split: Split, rules: tuple[str, ...], settings: tuple[str, ...]
) -> None:
    """Raise `ZsarError`, before anything runs, for what can't be judged without a companion where there is none."""
    if "val" not in rules and "gzsl" not in settings:
        return
    if not dataset_card.features and not split.has_companion:
        raise ZsarError(
            f"{split.id(dataset_card)} is of {split.sizes} seen and unseen classes: too few seen ones for some to "
            "play the unseen ones, so nothing to choose epochs or to calibrate on",
            "Run --rule last,oracle --setting zsl, or name a split with at least four seen classes.",
        )
    if dataset_card.features and not open_dataset(dataset_card.id).has_companion(split):
        raise ZsarError(
            f"{dataset_card.id} has no companion for {split.family}.{split.name}: no features of an encoder that "
            "never saw the pseudo-unseen classes, so nothing to choose epochs or to calibrate on",
            "Run --rule last,oracle --setting zsl. In SynSE's layout the companion is the folder named ..._val_...",
        )
