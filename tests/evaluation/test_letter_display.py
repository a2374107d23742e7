from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zsar.errors import ZsarError
from zsar.evaluation.comparison import holm
from zsar.evaluation.letter_display import compare_all, groups, letters


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 7), st.data())
def test_two_methods_share_a_letter_exactly_when_they_cannot_be_told_apart(n, data):
    names = [f"m{i}" for i in range(n)]
    apart = {p for p in combinations(names, 2) if data.draw(st.booleans())}
    sets = groups(names, apart)
    marks = letters(names, sets)
    for a, b in combinations(names, 2):
        assert bool(set(marks[a]) & set(marks[b])) == ((a, b) not in apart)
    assert all(marks.values())
    assert not any(set(x) <= set(y) for x, y in product(sets, sets) if x != y)
    assert groups(names, {(b, a) for a, b in apart}) == sets
    for one in sets:  # none can be left out
        rest = [g for g in sets if g != one]
        covered = {p for g in rest for p in combinations(g, 2)} | {n for g in rest for n in g}
        assert not {*combinations(one, 2), *one} <= covered


def test_groups_overlap_where_telling_apart_is_not_transitive():
    assert groups(["a", "b", "c"], [("c", "a")]) == [("a", "b"), ("b", "c")]
    assert letters(["a", "b", "c"], [("a", "b"), ("b", "c")]) == {"a": "a", "b": "ab", "c": "b"}
    assert groups(["a"], []) == [("a",)] and groups([], []) == []
    many = [f"m{i}" for i in range(28)]
    assert letters(many, [(m,) for m in many])["m27"] == "(28)"
    for wrong in ([("a", "z")], [("a", "a")]):
        with pytest.raises(ZsarError, match="not a pair of two"):
            groups(["a", "b"], wrong)
    with pytest.raises(ZsarError, match="given twice"):
        groups(["a", "a"], [])


def test_a_table_is_corrected_as_a_whole_and_grouped():
    rng = np.random.default_rng(4)
    who = rng.integers(0, 30, 900)
    right = {"weak": rng.random(900) < 0.3, "good": rng.random(900) < 0.7}
    right["also"] = right["good"] ^ (rng.random(900) < 0.02)
    comparisons, corrected, sets = compare_all(right, who, draws=2000)
    assert len(comparisons) == len(corrected) == 3
    assert list(corrected.values()) == holm([c.p for c in comparisons.values()])
    assert [set(s) for s in sets] == [{"good", "also"}, {"weak"}]
    assert compare_all({"alone": right["weak"]}, who) == ({}, {}, [("alone",)])
