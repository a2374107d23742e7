"""From what was asked for to a list of jobs, each fully resolved before anything runs."""

from dataclasses import dataclass

from zsar import storage
from zsar.bench.recipes import Recipe, default_recipe, recipe
from zsar.data.cards import DatasetCard, Protocol, card
from zsar.data.splits import Split, choose
from zsar.encoders.features import EncoderChoice
from zsar.errors import UnknownName, ZsarError
from zsar.methods.registry import checked, find
from zsar.records import EVALUATOR_VERSION

RULES = ("last", "val", "oracle")
"""Selection rules: the last epoch; the epoch chosen on pseudo-unseen classes; the best on the test set."""


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
        return self.expert and self.expert.described()

    @property
    def label(self) -> str:
        """How the job is named on screen."""
        return f"{self.method} · {self.split.id(self.card)} · seed {self.seed}"

    def determined_by(self) -> dict:
        """What the run id is made from, besides the versions of data and text."""
        return {
            "method": self.method,
            "keywords": self.keywords,
            "dataset": self.card.id,
            "protocol": self.protocol.name,
            "split": self.split.hash,
            "prompts": self.prompts,
            "text_model": self.text_model,
            "frames": self.frames,
            "seed": self.seed,
            "encoder": None if self.encoder is None else [self.encoder.name, self.encoder.keywords],
            "evaluator": EVALUATOR_VERSION,
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
) -> list[Job]:
    """The jobs of a benchmark, splits outermost, then methods, then seeds.

    ``settings`` maps a method's or encoder's name to keywords that override its recipe. Raises `UnknownName` and
    `ZsarError` for anything that doesn't exist, before anything runs.
    """
    settings = settings or {}
    rules = chosen_of("rule", rules, RULES)
    setting = chosen_of("setting", setting or ["zsl"], SETTINGS)
    description = card(dataset)
    if not methods:
        raise ZsarError("no method given", "For example: --methods pgfa,dvta,sadvae")
    classes = {name: find(name) for name in methods}
    jobs, encoders = [], set()
    for split in choose(description, splits):
        for name, cls in classes.items():
            r = recipe(name, description, split)
            keywords = checked(cls, {**r.keywords, **settings.get(name, {})}, f"method {name}")
            choice = expert = None
            if cls.input == "features":
                choice = expert = _encoder(r, encoder, settings, description)
                encoders.add(choice.name)
            elif "gzsl" in setting or default_recipe(description).encoder:
                # Named even where it isn't asked for: an earlier record's generalized numbers may have to be kept.
                expert = _encoder(default_recipe(description), None, {}, description)
            jobs += [
                Job(
                    name,
                    keywords,
                    description,
                    description.protocol(protocol),
                    split,
                    choice,
                    r.frames,
                    r.text["model"],
                    tuple(r.text["prompts"]),
                    seed,
                    rules,
                    setting,
                    r,
                    expert,
                )
                for seed in dict.fromkeys(seeds)
            ]
    for name in settings:
        if name not in set(methods) | encoders:
            raise UnknownName("method or encoder", name, set(methods) | encoders, "--set")
    return jobs


def _encoder(r: Recipe, override: str | None, settings: dict, description: DatasetCard) -> EncoderChoice:
    chosen = dict(r.encoder) if override is None or override == r.encoder.get("name") else {"name": override}
    name = chosen.pop("name", None)
    if name is None:
        where = f" Its recipe asks for: {r.features}." if r.features else ""
        raise ZsarError(
            f"no encoder is named for {r.method} on {description.id}.{where}",
            "Name one: --encoder stgcn or --encoder trajectory",
        )
    return EncoderChoice.of(name, {**chosen, **settings.get(name, {})}, r.frames)


def chosen_of(kind: str, asked: list[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """Those asked for, in the order known; all of them for None. Raises `UnknownName`."""
    for name in asked or ():
        if name not in known:
            raise UnknownName(kind, name, known)
    return tuple(name for name in known if name in (asked or known))
