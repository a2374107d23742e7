"""From what was asked for to a list of jobs, each fully resolved before anything runs."""

from dataclasses import dataclass, replace

from zsar import storage
from zsar.data.bundles import ENCODER as RELEASED
from zsar.data.cards import DatasetCard, Protocol, card
from zsar.data.datasets import open_dataset
from zsar.data.splits import Split, choose
from zsar.encoders.features import EncoderChoice
from zsar.errors import UnknownName, ZsarError
from zsar.harness.precision import asked_of, refuse_unused
from zsar.harness.recipes import Recipe, default_recipe, recipe
from zsar.plugins import find, keywords_of
from zsar.results.record import EVALUATOR_VERSION
from zsar.text.prompts import prompt_set as texts_of
from zsar.text.prompts import require

PLAIN = (("precision", "float32"), ("compiled", False))
"""Keywords that came after the first records: with these values they change nothing."""
RULES = ("last", "val", "oracle")
"""Selection rules: the last epoch; the epoch chosen on pseudo-unseen classes; the best on the test set."""


RELEASED_TEXT = "released:"
"""Before a text model's name: the class vectors are those of the imported bundle."""
SETTINGS = ("zsl", "gzsl")
"""Unseen test clips among unseen classes; seen and unseen test clips among all classes."""


@dataclass(frozen=True)
class Job:
    """One method on one split with one seed: everything that determines a run but the data itself."""

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
    def said_keywords(self) -> dict:
        """The method's keywords as run id and record hold them: plain arithmetic goes without saying."""
        return {k: v for k, v in self.keywords.items() if (k, v) not in PLAIN}

    @property
    def label(self) -> str:
        """How the job is named on screen."""
        return f"{self.method} · {self.split.id(self.card)} · seed {self.seed}"

    def determined_by(self) -> dict:
        """What the run id is made from, besides the versions of data and text."""
        return {
            "method": self.method,
            "keywords": self.said_keywords,
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

    def run_id(self, dataset_version: str, text_hash: str) -> str:
        """Sixteen hex digits that change with anything that can change the run's numbers."""
        return storage.fingerprint(self.determined_by(), dataset_version, text_hash)


def plan(
    methods: list[str],
    dataset: str,
    splits: list[str] | None = None,
    seeds: list[int] = (0,),
    settings: dict[str, dict] | None = None,
    rules: list[str] | None = None,
    protocol: str | None = None,
    encoder: str | None = None,
    setting: list[str] | None = None,
    text: str | None = None,
    prompt_set: str | None = None,
    precision: str | None = None,
    device: str = "cpu",
) -> list[Job]:
    """The jobs of a benchmark, splits outermost, then methods, then seeds.

    ``settings`` maps a method's or encoder's name to keywords that override its recipe, ``prompt_set`` takes the
    place of the card's prompts, ``precision`` (`zsar.harness.precision`) that of the recipe's; ``device`` is the one
    that ``auto`` is for. Raises `UnknownName` and `ZsarError` for anything that doesn't exist, before anything
    runs.
    """
    settings = settings or {}
    rules = chosen_of("rule", rules, RULES)
    setting = chosen_of("setting", setting or ["zsl"], SETTINGS)
    description = card(dataset)
    if prompt_set is not None:
        description = replace(description, prompts=prompt_set)
    if not methods:
        raise ZsarError("no method given", "For example: --methods pgfa,dvta,sadvae")
    methods = [_fitting(name, description) for name in methods]
    classes = {name: find("method", name) for name in methods}
    jobs, encoders = [], set()
    for split in choose(description, splits):
        for name, cls in classes.items():
            r = recipe(name, description, split)
            told = {**r.keywords, **asked_of(cls, precision, device), **settings.get(name, {})}
            keywords = keywords_of(cls, told, f"method {name}")
            choice = expert = None
            if description.features:
                _refuse_uncalibrated(description, split, rules, setting)
                choice = expert = _released(description, split, encoder)
            elif cls.input == "features":
                choice = expert = _encoder(r, encoder, settings, description, precision, device)
                encoders.add(choice.name)
            elif "gzsl" in setting or default_recipe(description, split).encoder:
                # Named even where it isn't asked for: an earlier record's generalized numbers may have to be kept.
                expert = _encoder(default_recipe(description, split), None, {}, description)
            jobs += [
                Job(
                    name,
                    keywords,
                    description,
                    description.protocol(protocol),
                    split,
                    choice,
                    0 if description.features else r.frames,
                    *_text(r, description, text, prompt_set),
                    seed,
                    rules,
                    setting,
                    r,
                    expert,
                )
                for seed in dict.fromkeys(seeds)
            ]
    refuse_unused(precision, [*classes.values(), *(find("encoder", name) for name in sorted(encoders))])
    for name in settings:
        if name not in set(methods) | encoders:
            raise UnknownName("method or encoder", name, set(methods) | encoders, "--set")
    return jobs


def _fitting(name: str, description: DatasetCard) -> str:
    """The method, or on a bundle of features its variant that learns from them."""
    cls = find("method", name)
    if not description.features or cls.input == "features":
        return name
    if not cls.on_features:
        raise ZsarError(
            f"{name} learns from clips, and {description.id} holds features only",
            "Run it on a dataset with clips, or methods that learn from features: zsar methods",
        )
    return cls.on_features


def _refuse_uncalibrated(description: DatasetCard, split: Split, rules: tuple, setting: tuple) -> None:
    """Before anything runs: what a bundle without a companion can't be judged by."""
    if ("val" in rules or "gzsl" in setting) and not open_dataset(description.id).has_companion(split):
        raise ZsarError(
            f"{description.id} has no companion for {split.family}.{split.name}: no features of an encoder that never "
            "saw the pseudo-unseen classes, so nothing to choose epochs or to calibrate on",
            "Run --rule last,oracle --setting zsl. In SynSE's layout the companion is the folder named ..._val_...",
        )


def _released(description: DatasetCard, split: Split, asked: str | None) -> EncoderChoice:
    """The encoder of a bundle's features, as jobs and records name it."""
    if asked not in (None, RELEASED):
        raise ZsarError(
            f"{description.id} holds features only, so no encoder can be chosen", "Leave --encoder away on a bundle."
        )
    return EncoderChoice(f"{RELEASED} {description.features[f'{split.family}.{split.name}']}", {}, 0)


def _text(
    r: Recipe, description: DatasetCard, asked: str | None, prompt_set: str | None
) -> tuple[str, tuple[str, ...]]:
    """The text model and the kinds of prompts: the recipe's, unless another model or a bundle's vectors are asked for.

    A bundle's own vectors are used as they are where they are the recipe's, model and prompts alike, and no other
    prompts are asked for.
    """
    model, kinds = r.text["model"], tuple(r.text["prompts"])
    released = open_dataset(description.id).texts if description.features and prompt_set is None else {}
    if asked == RELEASED:
        if prompt_set is not None:
            raise ZsarError("released text vectors come with their own prompts", "Leave --prompts away.")
        if not released:
            raise ZsarError(
                f"{description.id} has no released text vectors", "Name a text model, or leave --text away."
            )
        theirs = next((m for m in released if m.lower() == model.lower()), next(iter(released)))
        covered = tuple(k for k in kinds if k in released[theirs])
        return RELEASED_TEXT + theirs, covered or tuple(released[theirs])
    for theirs, has in released.items():
        if theirs.lower() == (asked or model).lower() and set(kinds) <= set(has):
            return RELEASED_TEXT + theirs, kinds
    if description.prompts == description.id:  # the user's own dataset: its names, and descriptions where it has them
        there = next(iter(texts_of(description.prompts).values()))
        kinds = tuple(k for k in kinds if k in there) or ("label",)
    require(description.prompts, kinds, description.classes, r.method)
    return asked or model, kinds


def _encoder(
    r: Recipe,
    override: str | None,
    settings: dict,
    description: DatasetCard,
    precision: str | None = None,
    device: str = "cpu",
) -> EncoderChoice:
    chosen = dict(r.encoder) if override is None or override == r.encoder.get("name") else {"name": override}
    name = chosen.pop("name", None)
    if name is None:
        where = f" Its recipe asks for: {r.features}." if r.features else ""
        raise ZsarError(
            f"no encoder is named for {r.method} on {description.id}.{where}",
            "Name one: --encoder stgcn or --encoder trajectory",
        )
    chosen |= asked_of(find("encoder", name), precision, device)
    return EncoderChoice.of(name, {**chosen, **settings.get(name, {})}, r.frames)


def chosen_of(kind: str, asked: list[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """Those asked for, in the order known; all of them for None. Raises `UnknownName`."""
    for name in asked or ():
        if name not in known:
            raise UnknownName(kind, name, known)
    return tuple(name for name in known if name in (asked or known))
