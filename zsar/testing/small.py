"""A tiny simulated dataset, so that tests of the harness train and judge real methods in a second.

The clips take the place of ``pku-sim`` in a folder of the test's own: set ``$ZSAR_HOME`` to it (in
the environment, so that worker processes and commands started by the test find it too) and
everything that opens ``pku-sim`` gets them.
"""

import dataclasses
from pathlib import Path

from zsar.data.cards import DatasetCard, card
from zsar.data.datasets import open_dataset
from zsar.data.splits import Split
from zsar.data.store import Prepared, write_store
from zsar.encoders.features import EncoderChoice
from zsar.harness.plan import Job
from zsar.harness.recipes import Recipe
from zsar.protocol import RULES
from zsar.simulation import generate

SEEN = ("pku/07", "pku/10", "pku/11", "pku/17", "pku/32", "pku/34")
UNSEEN = ("pku/08", "pku/14", "pku/33")
"""Drinking, handshaking (two bodies) and sitting down; the seen ones eat and stand up."""


@dataclasses.dataclass(frozen=True)
class Small:
    """``card`` and ``split`` know only the few classes that ``dataset`` holds."""

    card: DatasetCard
    split: Split
    dataset: Prepared


def small_dataset(
    home: Path,
    classes: tuple[str, ...] | None = SEEN + UNSEEN,
    clips_per_class: int = 6,
    subjects: int = 2,
    seed: int = 0,
) -> Prepared:
    """Write a few simulated clips where ``pku-sim`` belongs in ``home``; None takes all 51 classes.

    Half of the ``subjects`` train, so two are the fewest. With all classes, `zsar.harness.plan.plan`
    and the command line work on it as they do on the whole dataset.
    """
    description = card("pku-sim")
    clips = generate.generate(classes, clips_per_class, subjects, seed)
    path = Path(home) / "data" / f"{description.id}-v{generate.VERSION}"
    open_dataset.cache_clear()  # it remembers by name, not by folder
    return write_store(path, description.id, description.layout, description.bodies, clips)


def small(
    home: Path,
    seen: tuple[str, ...] = SEEN,
    unseen: tuple[str, ...] = UNSEEN,
    clips_per_class: int = 6,
    subjects: int = 2,
    seed: int = 0,
) -> Small:
    """A dataset of a few classes in ``home`` with the card and the split that fit it."""
    description = card("pku-sim")
    chosen = {c: name for c, name in description.classes.items() if c in seen + unseen}
    sides = [tuple(c for c in chosen if c in side) for side in (seen, unseen)]
    split = Split("small", f"{len(seen)}-{len(unseen)}", description.vocabulary, *sides)
    dataset = small_dataset(home, tuple(chosen), clips_per_class, subjects, seed)
    return Small(dataclasses.replace(description, classes=chosen), split, dataset)


def job(
    of: Small,
    method: str = "sadvae",
    seed: int = 0,
    rules: tuple[str, ...] = tuple(RULES),
    frames: int = 12,
    settings: tuple[str, ...] = ("zsl",),
    **keywords,
) -> Job:
    """A job on a small dataset: eight trajectory components, maps of a tiny ST-GCN, or clips, as the method wants.

    ``keywords`` are the method's; give few epochs. Raises `UnknownName` for a method or keyword.
    """
    from zsar.plugins import find, keywords_of

    cls = find("method", method)
    encoder = None
    if cls.input == "features":
        encoder = EncoderChoice.of("trajectory", {"frames": 6, "components": 8}, frames)
    elif cls.input == "maps":
        encoder = EncoderChoice.of("stgcn", {"hidden": 2, "width": 8, "epochs": 2, "batch": 16}, frames)
    recipe = Recipe(method, of.card.id, {}, {}, frames, keywords, "for a test")
    return Job(
        method,
        keywords_of(cls, keywords, f"method {method}"),
        of.card,
        of.card.default_protocol,
        of.split,
        encoder,
        frames,
        "all-MiniLM-L6-v2",
        tuple(cls.prompts),
        seed,
        rules,
        settings,
        recipe,
        encoder or EncoderChoice.of("trajectory", {"frames": 6, "components": 8}, frames),
    )
