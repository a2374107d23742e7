"""Class names in other lists' words: matched by name, never by number alone."""

from pathlib import Path

import pytest
import yaml

from zsar import configuration
from zsar.data import names as module
from zsar.data.cards import classes
from zsar.data.names import folded, index_base, match, match_all, names
from zsar.data.splits import family
from zsar.errors import DataError, UnknownName, ZsarError

VOCABULARIES = configuration.names("classes")
REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference" / "splits.yaml"
OF_DATASET = {"NTU-60": "ntu60", "NTU-120": "ntu120", "PKU-MMD": "pku51", "UTD-MHAD": "utd27", "NW-UCLA": "ucla10"}


@pytest.fixture(scope="module")
def reference():
    if not REFERENCE.is_file():
        pytest.skip(f"the reference lists are not on this machine: no {REFERENCE}")
    return yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_every_class_is_matched_by_its_own_name_and_id(vocabulary):
    known = classes(vocabulary)
    assert match_all(list(known.values()), vocabulary) == list(known)
    assert match_all(list(known), vocabulary) == list(known)
    for change in (str.upper, lambda s: s.replace(" ", "_"), lambda s: "  " + s.replace("/", " / ").replace("'", "’")):
        assert match_all([change(name) for name in known.values()], vocabulary) == list(known)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_no_alias_is_ambiguous(vocabulary):
    table = names(vocabulary)
    assert not set(table.canonical) & set(table.aliases)
    listed = module._aliases(vocabulary, "aliases")
    folds = [folded(alias) for found in listed.values() for alias in found]
    assert len(folds) == len(set(folds)) == len(table.aliases) and "" not in folds
    for class_id, found in listed.items():
        assert all(match(alias, vocabulary) == class_id for alias in found)


@pytest.mark.parametrize(
    ("name", "vocabulary", "class_id"),
    [
        ("brush hair", "ntu60", "ntu/A004"),  # SynSE
        ("touch pocket", "ntu60", "ntu/A057"),
        ("put object into bag", "ntu120", "ntu/A089"),
        ("juggle table tennis table", "ntu120", "ntu/A066"),
        ("rock-paper-scissors", "ntu120", "ntu/A120"),  # STAR
        ("kicking", "ntu60", "ntu/A051"),
        ("nod head/bow", "ntu60", "ntu/A035"),  # the makers
        ("grab other person’s stuff", "ntu120", "ntu/A109"),
        ("shoot at the basketball", "ntu120", "ntu/A063"),  # PURLS
        ("Using a fan (with hand or paper) to feel warm", "ntu60", "ntu/A049"),  # SMIE, PGFA
        ("jump up", "pku51", "pku/17"),  # SA-DVAE
        ("make a phone call/answer phone", "pku51", "pku/20"),
        ("Giving something to another person,", "pku51", "pku/12"),  # PGFA
    ],
)
def test_wordings_of_the_papers_are_known(name, vocabulary, class_id):
    assert match(name, vocabulary) == class_id


def test_a_name_of_ntu120_is_no_class_of_ntu60():
    assert match("high-five", "ntu120") == "ntu/A112"
    with pytest.raises(UnknownName, match="class name 'high-five' in class list ntu60"):
        match("high-five", "ntu60")


def test_a_typo_is_answered_with_the_nearest_name():
    with pytest.raises(UnknownName, match="class name 'drnk water' in class list pku51\nDid you mean .*Drink water"):
        match("drnk water", "pku51")
    with pytest.raises(UnknownName, match="Known: .*Bow"):
        match("quantum chromodynamics", "pku51")
    for nothing in ("", "  ", "?!"):
        with pytest.raises(UnknownName):
            match(nothing, "pku51")


def test_all_unmatched_names_and_doubles_are_reported_at_once():
    with pytest.raises(DataError) as error:
        match_all(["Bow", "bwo", "jump up", "xyzzy", "Jumping up", "JUMP_UP"], "pku51")
    said = str(error.value)
    assert said.startswith("3 of 6 names don't fit the class list pku51")
    assert "'bwo' is not a class; did you mean Bow?" in said and "'xyzzy' is not a class\n" in said
    assert "'jump up' and 'Jumping up' and 'JUMP_UP' are the same class pku/17 (Jumping up)" in said


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_the_index_base_is_decided_by_names(vocabulary, base):
    listed = dict(enumerate(classes(vocabulary).values(), base))
    assert index_base(listed, vocabulary) == base
    last = max(listed)
    assert index_base({last: listed[last].upper()}, vocabulary) == base  # one name is enough


def test_a_list_that_fits_neither_base_is_refused():
    known = list(classes("pku51").values())
    with pytest.raises(DataError, match="neither 0-based nor 1-based.*'Bow' has number 2, but would be [01]"):
        index_base({2: "Bow"}, "pku51")
    mixed = dict(enumerate(known)) | {50: "Wipe face", 49: "Writing"}
    with pytest.raises(DataError, match="counted from 0, 2 of 51 names .* counted from 1, 50;.* has number 49"):
        index_base(mixed, "pku51")
    with pytest.raises(DataError, match="'drink coffee' is not a class"):
        index_base({0: "Bow", 7: "drink coffee"}, "pku51")
    with pytest.raises(DataError, match="an empty list"):
        index_base({}, "pku51")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("sources: {a: b}\naliases: {pku/01: {clapping: [a]}}", "'clapping' of pku/01 is already a name of pku/06"),
        (
            "sources: {a: b}\naliases: {pku/01: {x: [a]}, pku/02: {X!: [a]}}",
            "'X!' of pku/02 is already a name of pku/01",
        ),
        ("sources: {a: b}\naliases: {pku/01: {'?': [a]}}", "the alias '\\?'"),
        ("sources: {a: b}\naliases: {pku/1: {x: [a]}}", "unknown class 'pku/1'"),
        ("sources: {a: b}\naliases: {pku/01: {x: [c]}}", "unknown source 'c'"),
        ("sources: {a: b}\naliases: {pku/01: [x]}", "pku/01 should map aliases"),
        ("sources: {a: b}\naliases: {pku/01: {x: []}}", "should name the lists"),
        ("aliases: {}", "lacks the key 'sources'"),
    ],
)
def test_a_wrong_table_of_aliases_is_refused(monkeypatch, content, complaint):
    real = configuration.read
    monkeypatch.setattr(
        configuration, "read", lambda kind, *rest: yaml.safe_load(content) if kind == "aliases" else real(kind, *rest)
    )
    with pytest.raises(ZsarError, match=complaint):
        names.__wrapped__("pku51")


def test_reference_splits_match_the_splits_of_every_family(reference):
    """Every list of unseen classes of the reference, by its names alone, is a split of ``configs/splits``."""
    ours = {
        (s.vocabulary, frozenset(side))
        for name in configuration.names("splits")
        for s in family(name)
        for side in (s.unseen, s.defined_pseudo_unseen)
    }
    assert len(reference["splits"]) == 43
    for split in reference["splits"]:
        vocabulary = OF_DATASET[split["dataset"]]
        ids = match_all(split["unseen_names"], vocabulary)
        assert (vocabulary, frozenset(ids)) in ours, split["name"]
        assert index_base(dict(zip(split["unseen"], split["unseen_names"], strict=True)), vocabulary) == 0
        order = list(classes(vocabulary))
        assert [order[i] for i in split["unseen"]] == ids and len(order) == split["num_classes"]


def test_reference_class_lists_match_in_order(reference):
    lists = reference["class_names"]
    for key, vocabulary in {
        "ntu120": "ntu120",
        "pku51": "pku51",
        "pku51_sadvae_spelling": "pku51",
        "utd_mhad": "utd27",
        "nw_ucla": "ucla10",
    }.items():
        assert match_all(lists[key], vocabulary) == list(classes(vocabulary))
        assert index_base(dict(enumerate(lists[key], 1)), vocabulary) == 1
