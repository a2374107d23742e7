"""What an opened dataset answers, whether it holds clips (`zsar.data.store`) or features (`zsar.data.bundles`)."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from zsar.data import cards
from zsar.data.splits import Split, splits_of

if TYPE_CHECKING:
    import numpy as np


ALL = slice(None)


@dataclass(frozen=True)
class Subsets:
    """Clip numbers [n] int64 of each subset, ascending; subsets are disjoint.

    ``classes`` and ``candidates`` are the class ids that training and testing are about, in order.
    """

    seen_train: np.ndarray
    seen_test: np.ndarray
    unseen_test: np.ndarray
    classes: tuple[str, ...]
    candidates: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """The number of clips in each subset."""
        return {name: len(getattr(self, name)) for name in ("seen_train", "seen_test", "unseen_test")}


class Dataset(abc.ABC):
    """An opened dataset of N clips.

    ``labels``, ``subjects``, ``views`` and ``samples`` [N] are arrays of strings: class ids, who performs, from where
    it was recorded, and a name for every clip. ``version`` changes when any clip does.
    """

    id: str
    version: str
    labels: np.ndarray
    subjects: np.ndarray
    views: np.ndarray
    samples: np.ndarray
    left_out: Sequence[dict[str, str]] = ()
    """Files that were skipped when it was imported, each {file, reason}."""
    divisions: Mapping[str, Subsets] = MappingProxyType({})
    """The ``main`` and ``companion`` subsets that it was released with; empty where a protocol divides the clips."""
    texts: Mapping[str, list[str]] = MappingProxyType({})
    """The kinds of prompts that class vectors were released for, by text model."""

    @property
    def card(self) -> cards.DatasetCard:
        """What is known of the dataset."""
        return cards.card(self.id)

    @property
    def classes(self) -> dict[str, str]:
        """Class ids and names, in order."""
        return self.card.classes

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of its splits, such as "smie.split-7"."""
        return tuple(split.key for split in splits_of(self.card))

    @property
    def protocols(self) -> tuple[str, ...]:
        """The names of its protocols, the default one first."""
        return tuple(self.card.protocols)

    @abc.abstractmethod
    def __len__(self) -> int:
        """The number of clips."""

    def of(self, split: Split) -> Dataset:
        """What serves a split: clips serve all of them, features were made for one. Raises `DataError` for none."""
        return self

    def has_companion(self, split: Split) -> bool:
        """Whether some seen classes can play the unseen ones, which choosing epochs and calibrating need."""
        return split.has_companion

    @abc.abstractmethod
    def clips(
        self,
        indices: np.ndarray | slice = ALL,
        length: int = 50,
        joints: str = "kinect_v2",
        centred: bool = True,
        aligned: bool = False,
    ) -> np.ndarray:
        """Clips [N, 3, T, V, M] float32 metres of the clip numbers ``indices`` [N], in their order.

        Resampled to T = ``length`` frames, in the layout ``joints``; ``centred`` on the first frame's spine, and
        ``aligned``: turned to face the camera. Raises `ZsarError` for a layout that can't be made of the dataset's own,
        `DataError` where there are features only.
        """

    @abc.abstractmethod
    def frames(self, i: int) -> np.ndarray:
        """One clip at native length and layout, [T, M, V, 3] float32 metres. Raises `DataError` for features."""

    @abc.abstractmethod
    def verify(self) -> None:
        """Read all that was prepared and hold it against its checksums. Raises `DataError` naming a damaged file."""

    def arrays(self, subsets: Subsets) -> dict[str, np.ndarray]:
        """Released features [n, D] and logits [n, S] by subset, as `zsar.encoders.features.subset_features`; no others
        than released ones are known here."""
        return {}

    def text(self, model: str) -> dict[str, np.ndarray]:
        """Released class vectors [C, D] of a text model by kind of prompt; empty where none were released."""
        return {}
