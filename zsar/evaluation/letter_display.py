"""Sets of methods that can't be told apart: a compact letter display."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from zsar.errors import ZsarError
from zsar.evaluation.comparison import PairedComparison, compare, holm


def groups(names: Sequence[str], distinguishable: Iterable[Iterable[str]]) -> list[tuple[str, ...]]:
    """The largest sets of methods no two of which can be told apart, best first.

    ``names`` go from best to worst; ``distinguishable`` holds pairs of names in either order. Two
    methods are in a common group exactly when their pair isn't among them. A method may be in
    several groups: not being distinguishable isn't transitive. Groups whose pairs are all in other
    groups are left out. A method that differs from all others is a group of its own.
    Raises `ZsarError` for a name given twice and a pair of unknown or equal names.
    Source: Piepho, An Algorithm for a Letter-Based Representation of All-Pairwise Comparisons,
    2004.

    Examples:
        >>> groups(["best", "middle", "worst"], [("best", "worst")])
        [('best', 'middle'), ('middle', 'worst')]
    """
    names = list(names)
    if len(set(names)) < len(names):
        raise ZsarError(f"a name was given twice: {', '.join(names)}")
    place = {name: i for i, name in enumerate(names)}
    apart = set()
    for pair in map(tuple, distinguishable):
        if len(set(pair)) != 2 or not set(pair) <= place.keys():
            raise ZsarError(f"{pair} is not a pair of two of the methods {', '.join(names)}")
        apart.add(frozenset(place[name] for name in pair))
    # One pair at a time: a set with both members is split in two, each without one of them.
    sets = [frozenset(range(len(names)))] if names else []
    for both in sorted(apart, key=sorted):
        split = [part for s in sets for part in ((s - {i} for i in both) if both <= s else (s,))]
        unique = set(split)
        sets = [s for s in unique if s and not any(s < other for other in unique)]
    sets.sort(key=sorted)
    for s in sorted(sets, key=lambda s: (len(s), [-i for i in sorted(s)])):
        rest = [other for other in sets if other != s]
        pairs = combinations(s, 2) if len(s) > 1 else [tuple(s)]
        if all(any(set(pair) <= other for other in rest) for pair in pairs):
            sets = rest
    return [tuple(names[i] for i in sorted(s)) for s in sets]


def letters(names: Sequence[str], sets: Sequence[Sequence[str]]) -> dict[str, str]:
    """Each method's letters, "ab" for one in the first two of the groups ``sets``: {name: letters}.

    Methods that share a letter can't be told apart. After z come "(27)", "(28)" and so on.

    Examples:
        >>> letters(["best", "middle", "worst"], [("best", "middle"), ("middle", "worst")])
        {'best': 'a', 'middle': 'ab', 'worst': 'b'}
    """
    marks = [chr(ord("a") + i) if i < 26 else f"({i + 1})" for i in range(len(sets))]
    return {n: "".join(m for m, g in zip(marks, sets, strict=True) if n in g) for n in names}


def compare_all(
    right: Mapping[str, ArrayLike], clusters: ArrayLike, *, level: float = 0.95, **bootstrap: Any
) -> tuple[dict[tuple[str, str], PairedComparison], dict[tuple[str, str], float], list[tuple[str, ...]]]:
    """All pairs of a table: comparisons, Holm-corrected McNemar p values, and the groups.

    ``right`` {method: bool [N] or [S, N]} on the same samples; the rest as for `compare`. Two
    methods are distinguishable when the corrected p is at most 1 - ``level`` *and* the clustered
    interval of their difference leaves out zero (`PairedComparison.distinguishable`). Groups go
    from the best mean accuracy downwards. Raises `ZsarError` as `compare` does.

    Examples:
        >>> right = {"good": [True] * 40, "weak": [True, False, False, False] * 10}
        >>> comparisons, p_values, sets = compare_all(right, list(range(40)))
        >>> comparisons["good", "weak"].difference.value, sets
        (0.75, [('good',), ('weak',)])
    """
    names = sorted(right, key=lambda n: (-float(np.asarray(right[n]).mean()), n))
    pairs = list(combinations(names, 2))
    comparisons = {(a, b): compare(right[a], right[b], clusters, level=level, **bootstrap) for a, b in pairs}
    corrected = dict(zip(pairs, holm([comparisons[p].p for p in pairs]), strict=True))
    apart = [p for p in pairs if comparisons[p].distinguishable(corrected[p], level)]
    return comparisons, corrected, groups(names, apart)
