"""The words of zsar's protocol, once: what can be requested, reported and ranked, a sentence each.

Tables' legends, help texts and error messages read them here. The order is that of tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zsar.errors import UnknownName

Names = str | Iterable[str]
"""One name, several, or several with commas between them."""

RULES = {
    "last": "the last epoch",
    "val": "the epoch chosen on pseudo-unseen classes",
    "oracle": "the epoch chosen on the test classes, which nobody can do in earnest, hence no rank",
}
"""Selection rules: which epoch's numbers count. Papers report the oracle; a companion run has pseudo-unseen classes."""

RANKING_RULES = ("last", "val")
"""Those that look at no test label, so that rows under them may be ranked."""

SETTINGS = {
    "zsl": "zero-shot: unseen test clips among the unseen classes",
    "gzsl": "generalized zero-shot: seen and unseen test clips among all classes",
}
"""Among which classes a test clip is placed."""

STRATEGIES = {
    "none": "the scores as they are",
    "stacking": "a constant is taken off the seen scores",
    "gate": "a classifier sends each clip to a seen or an unseen expert",
    "oracle": "the best constant for the test clips, which nobody knows in earnest, hence no rank",
}
"""Generalized zero-shot: how scores of seen and unseen classes are made comparable; fitted on the companion run."""

MODES = {
    "inductive": "every test clip by itself",
    "transductive": "class vectors adapted on all unlabelled test clips",
}
"""How much of the test set a method may look at; tables mark transductive rows with (T)."""

SUBSETS = {
    "seen_train": "training clips of seen classes",
    "seen_test": "test clips of seen classes",
    "unseen_test": "test clips of unseen classes",
    "pseudo_unseen": "training clips of the seen classes that play the unseen ones in a companion run",
}
"""Parts of a dataset under a split and a protocol; training clips of unseen classes are used by nobody."""

METRICS = {
    "zsl": {
        "top1": "the fraction of clips whose first class is right, each clip counted once",
        "mean_per_class": "the mean over classes of each class's top-1 accuracy",
    },
    "gzsl": {
        "seen": "S: top-1 accuracy of test clips of seen classes among all classes",
        "unseen": "U: top-1 accuracy of test clips of unseen classes among all classes",
        "harmonic": "H: the harmonic mean of S and U",
        "seen_mean_per_class": "S as the mean over classes",
        "unseen_mean_per_class": "U as the mean over classes",
        "harmonic_mean_per_class": "the harmonic mean of both per-class means",
        "ausuc": "the area under the curve of S over U for all constants",
        "ausuc_mean_per_class": "the same area, of the per-class means",
    },
}
"""What is measured in each setting; fractions in [0, 1]."""


def names_in(names: Any) -> list[str]:
    """The names of a list or of "a,b", each once and in their order; none for None. Numbers stand for their digits.

    >>> names_in("dvta, sadvae"), names_in(["dvta", "nearest,dvta"]), names_in(3)
    (['dvta', 'sadvae'], ['dvta', 'nearest'], ['3'])
    """
    if names is None:
        return []
    parts = [names] if isinstance(names, str) or not isinstance(names, Iterable) else names
    return list(dict.fromkeys(name.strip() for part in parts for name in str(part).split(",") if name.strip()))


def select(kind: str, names: Names | None, words: Iterable[str]) -> tuple[str, ...]:
    """The named ones of ``words``, in the words' order; all for None. Raises `UnknownName`.

    >>> select("rule", "oracle,last", RULES)
    ('last', 'oracle')
    """
    words, requested = tuple(words), names_in(names)
    for name in requested:
        if name not in words:
            raise UnknownName(kind, name, words)
    return tuple(word for word in words if word in (requested or words))
