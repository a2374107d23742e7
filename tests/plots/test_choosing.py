"""Which runs a picture is about."""

import pytest
from from_folder import draw_folder

from zsar.errors import RecordError, UnknownName, ZsarError
from zsar.plots import draw
from zsar.plots.choosing import choose
from zsar.results import Results


@pytest.fixture
def results(varied):
    """Two methods on two splits with three seeds."""
    return Results(varied(m, split, s) for m in ("pgfa", "dvta") for split in ("22/5", "18/9") for s in range(3))


def names_of(results, **names):
    return {(r.method.name, r.split.name, r.seed) for r in choose(results, names, "last", None).records}


@pytest.mark.parametrize("seeds", [[0, 2], "0,2", ("0", 2), range(0, 3, 2)])
def test_names_come_alone_in_lists_and_with_commas(results, seeds):
    expected = {(m, "22/5", s) for m in ("pgfa", "dvta") for s in (0, 2)}
    assert names_of(results, seed=seeds, split="22-5") == expected
    assert names_of(results, seed=seeds, split=["purls.22-5"], method=["dvta", "pgfa"]) == expected
    assert names_of(results, seed=1, split="22/5", method="dvta") == {("dvta", "22/5", 1)}
    assert len(names_of(results)) == len(names_of(results, split="purls")) == 12


def test_what_is_not_there_is_said_with_what_is(results):
    with pytest.raises(UnknownName, match="(?s)unknown method 'pfga' in the results.*Did you mean pgfa"):
        choose(results, {"method": "pfga"}, "last", None)
    with pytest.raises(UnknownName, match="(?s)seed '7' in the results, among the 6 of 12 runs that fit.*0, 1, 2"):
        choose(results, {"method": "dvta", "seed": [1, 7]}, "last", None)
    with pytest.raises(UnknownName, match="unknown rule 'val'"):
        choose(Results([results.records[0].content | {"results": only_last(results.records[0])}]), {}, "val", None)
    with pytest.raises(ZsarError, match="no results to draw"):
        choose(Results([]), {}, "last", None)


def only_last(record) -> dict:
    return {mode: {"last": by_rule["last"]} for mode, by_rule in record.results.items()}


def test_results_without_a_folder_are_drawn_where_no_scores_are_needed(results, varied):
    assert "3 seeds" in draw("confusion", results, method="dvta", split="22-5").caption
    with pytest.raises(RecordError, match="no scores beside its record"):
        draw("tsne", results, method="dvta", split="22-5", space="scores")
    generalized = Results([varied(settings=("zsl", "gzsl"))])
    assert "No curve for PGFA" in draw("seen-unseen", generalized).caption


def test_the_folder_is_named_where_there_is_one(committed):
    with pytest.raises(UnknownName, match="unknown run '0123' in .*pku-sim"):
        draw_folder("seeds", committed / "pku-sim", run="0123")
