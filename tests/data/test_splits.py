"""Class splits: the 43 of the literature, and what is refused."""

import dataclasses
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from zsar import configuration
from zsar.data.cards import card, classes
from zsar.data.splits import Split, by_default, choose, family, random_split, splits_of
from zsar.errors import UnknownName, ZsarError

EVERY = [s for name in configuration.names("splits") for s in family(name)]
REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference" / "splits.yaml"
VOCABULARIES = {
    "NTU-60": "ntu60",
    "NTU-120": "ntu120",
    "PKU-MMD": "pku51",
    "UTD-MHAD": "utd27",
    "NW-UCLA": "ucla10",
}


@pytest.mark.parametrize("split", EVERY, ids=lambda s: f"{s.vocabulary}.{s.family}.{s.name}")
def test_every_split_divides_its_class_list(split):
    known = list(classes(split.vocabulary))
    assert not set(split.seen) & set(split.unseen)
    assert sorted(split.seen + split.unseen, key=known.index) == known
    assert [c for c in known if c in split.unseen] == list(split.unseen)
    assert not set(split.defined_pseudo_unseen) & set(split.unseen)
    assert set(split.defined_pseudo_unseen) <= set(split.seen) and split.source
    if "-" in split.name and split.name.replace("-", "").isdigit():
        assert split.sizes == split.name.replace("-", "/")


def test_the_43_reference_splits_are_all_here_and_the_same():
    if not REFERENCE.is_file():
        pytest.skip("the reference list of splits (reference/splits.yaml) is not at hand")
    reference = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))["splits"]
    assert len(reference) == 43
    ours: dict[tuple, list] = {}
    for split in EVERY:
        ours.setdefault((split.family, split.vocabulary, split.unseen), []).append(split)
        if split.defined_pseudo_unseen:
            ours.setdefault(("synse_val", split.vocabulary, split.defined_pseudo_unseen), []).append(split)
    for entry in reference:
        vocabulary = VOCABULARIES[entry["dataset"]]
        known = list(classes(vocabulary))
        assert len(known) == entry["num_classes"] and entry["index_base"] == 0
        unseen = tuple(known[i] for i in entry["unseen"])
        assert [classes(vocabulary)[c].lower() for c in unseen] == [n.lower() for n in entry["unseen_names"]]
        name = entry["name"]
        source = (
            "synse_val"
            if name.startswith("synse_val")
            else "pgfa-one-shot"
            if name.startswith("pgfa")
            else name.split("_")[0]
        )
        matches = ours.pop((source, vocabulary, unseen))
        assert len(matches) == 1, name
        digits = [part for part in name.split("_") if part.isdigit()]
        if len(digits) == 2:  # named by its sizes
            assert f"{int(digits[0])}-{int(digits[1])}" == matches[0].name
    assert not ours, f"not in the reference: {ours}"


def test_names_are_unique_and_hashes_tell_splits_apart():
    assert len({(s.family, s.vocabulary, s.name) for s in EVERY}) == len(EVERY)
    sides = {(s.vocabulary, s.unseen) for s in EVERY}
    assert len({s.hash for s in EVERY}) == len(sides) < len(EVERY)  # two families share some splits
    smie, star = choose(card("pku"), ["smie.split-7", "star.46-5"])
    assert smie.hash == star.hash and smie != star
    assert smie.id(card("pku-sim")) == "pku-sim.smie.split-7"


FILE = """
family: mine
title: Mine
version: 1
source: nobody
splits:
  - name: a
    classes: utd27
    unseen: {utd/a01: swipe left, utd/a03: wave}
"""


def test_a_split_of_ones_own(configure):
    configure("splits", "mine", FILE)
    (split,) = family("mine")
    assert split.unseen == ("utd/a01", "utd/a03") and len(split.seen) == 25
    assert [s.family for s in splits_of(card("utd-mhad"))] == ["mine"]


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("utd/a03: wave", "utd/a99: wave", "unknown class 'utd/a99'"),
        ("utd/a03: wave", "pku/03: wave", "unknown class 'pku/03'"),
        ("utd/a03: wave", "utd/a02: wave", r"utd/a02 is 'swipe right', not 'wave'[^\x00]*1-based"),
        ("utd/a03: wave", "utd/a01: swipe left", "key given twice: utd/a01"),
        ("version: 1", "version: 1\nversion: 2", "key given twice: version"),
        ("version: 1", "version: one", "'version' should be"),
        ("family: mine", "family: other", "holds the family 'other'"),
        (
            "    unseen:",
            "    pseudo_unseen: {utd/a01: swipe left}\n    unseen:",
            "overlapping split: utd/a01",
        ),
        ("{utd/a01: swipe left, utd/a03: wave}", "{}", "0 unseen classes of 27"),
        ("    unseen:", "    unsen:", "unknown key 'unsen'"),
        ("classes: utd27", "classes: utd28", "unknown class list 'utd28'[^\x00]*utd27"),
        ("  - name: a", "  - nothing\n  - name: a", "should hold keys and values"),
        ("source: nobody", "", "lacks the key 'source'"),
        ("title: Mine", "title: [Mine", "not valid YAML"),
    ],
)
def test_a_wrong_split_is_refused_with_its_file(configure, old, new, complaint):
    assert old in FILE
    configure("splits", "mine", FILE.replace(old, new))
    with pytest.raises(ZsarError, match=complaint) as error:
        family("mine")
    assert "splits/mine.yaml" in str(error.value)


def test_two_splits_of_one_name_and_all_classes_unseen_are_refused(configure):
    entry = FILE[FILE.index("  - name") :]
    configure("splits", "mine", FILE + entry)
    with pytest.raises(ZsarError, match="mine.yaml holds two splits of one class list with the same name"):
        family("mine")
    everything = yaml.safe_load(FILE)
    everything["splits"][0]["unseen"] = classes("utd27")
    configure("splits", "mine", yaml.safe_dump(everything))
    with pytest.raises(ZsarError, match="27 unseen classes of 27"):
        family("mine")


def names(dataset, selectors=None):
    return [f"{s.family}.{s.name}" for s in choose(card(dataset), selectors)]


def test_selectors():
    assert names("utd-mhad") == ["purls.22-5", "purls.18-9", "purls.14-13"]
    assert names("pku-sim") == ["smie.split-7", "smie.split-8", "smie.split-9"]
    for selector in ("purls.18-9", "18-9", "18/9", "utd-mhad.purls.18-9", "utd-mhad.purls.18/9"):
        assert names("utd-mhad", [selector]) == ["purls.18-9"]
    assert names("pku", ["star.39-12", "smie"]) == [
        "star.39-12",
        "smie.split-7",
        "smie.split-8",
        "smie.split-9",
    ]
    assert names("nw-ucla", ["5-5", "purls", "8-2"]) == ["purls.5-5", "purls.8-2"]  # each once


def test_wrong_selectors_are_answered():
    with pytest.raises(UnknownName, match="split 'purls.22-6' in dataset utd-mhad\nDid you mean purls.22-5"):
        choose(card("utd-mhad"), ["purls.22-6"])
    with pytest.raises(UnknownName, match="smie.split-7"):
        choose(card("pku"), ["smie.split-1"])  # a split of NTU-60
    with pytest.raises(ZsarError, match="could be (sadvae.split-1 or smie|smie.split-1 or sadvae)"):
        choose(card("ntu60"), ["split-1"])


@given(st.sampled_from(EVERY), st.integers(0, 20))
def test_pseudo_unseen_classes_are_seen_ones(split, fold):
    pseudo = split.pseudo_unseen(fold)
    assert pseudo == split.pseudo_unseen(fold)
    assert set(pseudo) <= set(split.seen) and not set(pseudo) & set(split.unseen)
    assert len(set(pseudo)) == len(pseudo) >= 2 and len(split.seen) - len(pseudo) >= 2
    assert list(pseudo) == [c for c in split.seen if c in pseudo]


def test_pseudo_unseen_is_the_familys_own_list_or_a_fixed_draw():
    synse = choose(card("ntu60"), ["synse.55-5"])[0]
    assert synse.pseudo_unseen() == synse.defined_pseudo_unseen and len(synse.pseudo_unseen()) == 5
    assert synse.pseudo_unseen(1) != synse.defined_pseudo_unseen
    utd = choose(card("utd-mhad"), ["22-5"])[0]
    assert len({utd.pseudo_unseen(fold) for fold in range(5)}) > 1
    same = Split("other", "name", utd.vocabulary, utd.seen, utd.unseen)
    assert same.pseudo_unseen() == utd.pseudo_unseen()  # drawn from the classes, not from what the split is called


def test_random_splits_follow_from_their_seed():
    pku = card("pku-sim")
    one, other = choose(pku, ["random.5-0", "random.5-0", "random.5-1"])  # one that is named twice is one
    (again,) = choose(pku, ["random.5-0"])
    assert one == again and one.unseen != other.unseen
    assert len(one.unseen) == 5 and set(one.seen) | set(one.unseen) == set(pku.classes)
    assert not set(one.seen) & set(one.unseen)
    assert one.hash != other.hash
    with pytest.raises(ZsarError, match="can't have 51 unseen classes of 51"):
        choose(pku, ["random.51-0"])


def few_classes(count: int):
    pku = card("pku")
    names = dict(list(pku.classes.items())[:count])
    return dataclasses.replace(pku, classes=names, vocabulary="few", family="random")


@pytest.mark.parametrize("count, number", [(3, 3), (4, 3), (5, 3), (51, 3)])
def test_random_splits_by_default_are_distinct(count, number):
    splits = by_default(few_classes(count))
    assert len({split.hash for split in splits}) == len(splits) == number


def test_of_many_classes_they_are_those_of_seeds_0_to_2():
    many = few_classes(51)
    assert by_default(many) == [random_split(many, 10, seed) for seed in range(3)]


def test_two_seeds_that_draw_one_split_are_refused():
    few = few_classes(4)
    drawn = [random_split(few, 2, seed) for seed in range(7)]  # there are six
    first, again = next((a, b) for b in drawn for a in drawn if a.hash == b.hash and a.key < b.key)
    with pytest.raises(ZsarError, match=f"{again.key} is the same split of pku as {first.key}") as error:
        choose(few, [first.key, again.key])
    assert "there are 6 such splits" in error.value.hint
    assert choose(few, [first.key, first.key]) == [first]
