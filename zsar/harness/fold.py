"""A fold: a dataset under a split, a protocol, an encoder and a text, as training and judging get it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zsar.data import partition as partitions
from zsar.data.cards import card
from zsar.data.clip_sets import ClipSet, clips_of, finite
from zsar.data.datasets import open_dataset
from zsar.data.partition import Subsets, partition
from zsar.data.splits import choose_one
from zsar.encoders.feature_maps import MapFile, subset_maps
from zsar.encoders.features import EncoderChoice, class_numbers, subset_features
from zsar.errors import DataError, ZsarError
from zsar.harness.plan import Job, encoder_choice, released_encoder, text_choice, text_vectors
from zsar.harness.recipes import default_recipe
from zsar.learning.contract import Seen
from zsar.plugins import find
from zsar.text.vectors import ClassVectors


@dataclass(frozen=True)
class Train:
    """All that a method may see: ``method.train(*fold.train)``.

    ``x`` are clips [N, 3, T, V, M], maps [N, T', V, D] or features [N, D] of seen classes, ``y`` [N] int64 the rows of
    ``text`` [S, P, D], ``classes`` the ids of the S rows.
    """

    x: Tensor | ClipSet
    y: Tensor
    text: Tensor
    classes: tuple[str, ...]

    def __iter__(self) -> Iterator[Any]:
        return iter((Seen(self.x, self.y), self.text))

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Test:
    """Test clips and the classes among which they are placed; for the judge.

    ``text`` [C, P, D] are the candidates ``classes``, ``labels`` [n] int64 its rows; ``samples`` and ``subjects`` [n]
    name the clips. A method is handed ``x`` and ``text`` between epochs, and never a label.
    """

    text: Tensor
    classes: tuple[str, ...]
    labels: np.ndarray
    samples: np.ndarray
    subjects: np.ndarray
    load: Callable[[], Tensor | ClipSet] = field(repr=False)

    __test__ = False  # pytest takes the name for a test's

    @cached_property
    def x(self) -> Tensor | ClipSet:
        """Clips, maps or features [n, ...], loaded when first asked for."""
        return self.load()

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, repr=False)
class Fold:
    """What training (`train`) and judging (`test`, `seen_test`, `expert_logits`) get, apart from one another.

    Nothing is loaded or computed before it is asked for. ``encoder`` None: the method learns from clips of ``frames``
    frames and the layout ``joints``; with ``maps``, from the encoder's maps in place of its features. Clips and maps
    are read from disk where they are large and it ``streams``.
    """

    name: str
    dataset: Any
    subsets: Subsets
    vectors: ClassVectors
    encoder: EncoderChoice | None = None
    expert: EncoderChoice | None = None
    """Whose seen classifier gives `expert_logits`."""
    frames: int = 50
    joints: str = "kinect_v2"
    streams: bool = False
    maps: bool = False
    settings: tuple[str, ...] = ("zsl",)
    """Those in which training takes scores."""
    seed: int = 0
    device: str = "cpu"

    @cached_property
    def train(self) -> Train:
        """Training clips of seen classes. Raises `DataError` for NaN or infinite values."""
        subsets = self.subsets
        x = self._load("train", subsets.seen_train)
        if not finite(x):
            raise DataError(
                f"{self.name}: training data with NaN or infinite values",
                f"Import the dataset again: zsar data import {self.dataset.id}",
            )
        y = class_numbers(self.dataset.labels[subsets.seen_train], subsets.classes)
        return Train(x, self._to_device(y), self._text(subsets.classes), subsets.classes)

    @cached_property
    def test(self) -> Test:
        """Test clips of unseen classes, among the unseen classes."""
        return self._test("unseen_test", self.subsets.candidates)

    @cached_property
    def seen_test(self) -> Test | None:
        """Test clips of seen classes, among the seen classes; None where there are none."""
        if not len(self.subsets.seen_test):
            return None
        return self._test("seen_test", self.subsets.classes)

    @cached_property
    def expert_logits(self) -> np.ndarray:
        """The seen expert's logits [m + n, S] of seen and unseen test clips. Raises `DataError` where it has none."""
        arrays = self._arrays
        if not {"seen_test_logits", "unseen_test_logits"} <= arrays.keys():
            raise DataError(
                f"{self.name}: the bundle has no outputs of a seen classifier (gtest_out, val_out, ztest_out)",
                "The generalized setting needs them as its seen expert; run --setting zsl.",
            )
        return np.concatenate([arrays["seen_test_logits"], arrays["unseen_test_logits"]])

    @property
    def seen(self) -> tuple[str, ...]:
        """The ids of the classes that are trained on."""
        return self.subsets.classes

    @property
    def unseen(self) -> tuple[str, ...]:
        """The ids of the classes that are judged on; in a companion, those that play the unseen ones."""
        return self.subsets.candidates

    @property
    def sizes(self) -> dict[str, int]:
        """The number of clips in each subset."""
        return self.subsets.counts

    def __repr__(self) -> str:
        s = self.subsets
        counts = f"{len(s.seen_train)} to train on, {len(s.seen_test)} seen and {len(s.unseen_test)} unseen to test on"
        return f"Fold({self.name}: {len(s.classes)} seen and {len(s.candidates)} unseen classes; clips: {counts})"

    def _test(self, subset: str, classes: tuple[str, ...]) -> Test:
        rows = getattr(self.subsets, subset)
        return Test(
            self._text(classes),
            classes,
            class_numbers(self.dataset.labels[rows], classes),
            self.dataset.samples[rows],
            self.dataset.subjects[rows],
            lambda: self._load(subset, rows),
        )

    def _load(self, key: str, rows: np.ndarray) -> Tensor | ClipSet:
        if self.encoder is not None and self.maps:
            return clips_of(self._maps[key], np.arange(len(rows)), 0, "", self.device, self.streams)
        if self.encoder is not None:
            return self._to_device(self._arrays[key])
        return clips_of(self.dataset, rows, self.frames, self.joints, self.device, self.streams)

    @cached_property
    def _arrays(self) -> dict[str, np.ndarray]:
        """Features and logits by subset: a bundle's own, or the encoder's, computed now unless they are cached."""
        if self.dataset.divisions:
            return dict(self.dataset.arrays(self.subsets))
        choice = self.encoder or self.expert
        if choice is None:
            raise ZsarError(f"{self.name}: neither an encoder nor a seen expert is named, so it lacks features")
        return subset_features(self.dataset, self.subsets, choice, self.seed, self.device)

    @cached_property
    def _maps(self) -> dict[str, MapFile]:
        return subset_maps(self.dataset, self.subsets, self.encoder, self.seed, self.device)

    def _text(self, classes: tuple[str, ...]) -> Tensor:
        return self._to_device(self.vectors.of(classes))

    def _to_device(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)


def fold(job: Job, *, companion: int | None = None, device: str = "cpu") -> Fold:
    """The fold of a job, or the companion of that number: some of its seen classes then play the unseen ones.

    Raises `DataError` where a class lacks the clips that it needs, and in the setting gzsl without seen test clips.
    """
    result = _divide(
        job.label,
        job.dataset,
        job.card,
        job.split,
        job.protocol,
        companion,
        vectors=job.vectors,
        encoder=job.encoder,
        expert=job.expert,
        frames=job.frames,
        joints=job.joints,
        streams=find("method", job.method).streams,
        maps=find("method", job.method).input == "maps",
        settings=job.settings,
        seed=job.seed,
        device=device,
    )
    if "gzsl" in job.settings and result.seen_test is None:
        raise DataError(f"{job.label}: no test clip of a seen class, so nothing to judge the generalized setting on")
    return result


def fold_of(
    dataset: str,
    split: str,
    *,
    encoder: str | EncoderChoice | None = None,
    frames: int | None = None,
    text: str | None = None,
    prompts: Sequence[str] = ("label", "description"),
    seed: int = 0,
    protocol: str | None = None,
    device: str = "cpu",
    settings: Sequence[str] = ("zsl",),
    companion: int | None = None,
    clips: bool = False,
) -> Fold:
    """A fold without a method: what is not named is the default recipe's of the dataset and split.

    ``encoder`` and ``text`` are names, ``prompts`` the kinds that make up the rows of the text; with ``clips``, x are
    clips and no encoder is fitted. Raises `UnknownName`, `DataError` and `ZsarError` for what does not exist.
    """
    dataset_card = card(dataset)
    its_split = choose_one(dataset_card, split, "a fold")
    its = default_recipe(dataset_card, its_split)
    its = replace(its, frames=frames or its.frames, text={**its.text, "prompts": list(prompts)})
    text_model, kinds = text_choice(its, dataset_card, text)
    if dataset_card.features:
        choice = released_encoder(dataset_card, its_split, encoder)
    elif isinstance(encoder, EncoderChoice):
        choice = encoder
    else:
        choice = encoder_choice(its, dataset_card, encoder)
    return _divide(
        its_split.id(dataset_card),
        open_dataset(dataset).of(its_split),
        dataset_card,
        its_split,
        dataset_card.protocol(protocol),
        companion,
        vectors=text_vectors(dataset_card, text_model, kinds),
        encoder=None if clips else choice,
        expert=choice,
        frames=its.frames,
        settings=tuple(settings),
        seed=seed,
        device=device,
    )


def _divide(name: str, dataset, dataset_card, split, protocol, companion: int | None, **keywords: Any) -> Fold:
    subsets = partition(dataset, dataset_card, split, protocol)
    if companion is not None:
        subsets = partitions.companion(dataset, split, subsets, companion)
    return Fold(name, dataset, subsets, **keywords)
