"""Dataset cards: all load, typos are answered, contradictions are refused."""

import pytest
import yaml

from zsar import configuration
from zsar.data.cards import card, cards, classes
from zsar.errors import UnknownName, ZsarError
from zsar.skeletons.layouts import layout
from zsar.text.prompts import prompt_set

SIZES = {"ntu60": 60, "ntu120": 120, "pku": 51, "pku2": 51, "pku-sim": 51, "utd-mhad": 27, "nw-ucla": 10}


def test_every_card_is_whole():
    assert {c.id: len(c.classes) for c in cards()} == SIZES
    for c in cards():
        assert layout(c.layout).id == c.layout
        assert list(prompt_set(c.prompts))[: len(c.classes)] == list(c.classes), c.id
        assert c.default_protocol is next(iter(c.protocols.values())) and c.protocol(None) is c.default_protocol
        assert all(text and "  " not in text for text in (c.licence, c.citation, c.get))
        assert c.expected is None or set(c.expected) <= {"clips", "subjects", "classes"}
        assert c.expected is None or c.expected["classes"] == len(c.classes)


def test_what_is_simulated_says_so():
    simulated = [c for c in cards() if c.simulated]
    assert [c.id for c in simulated] == ["pku-sim"]
    assert "simulated" in simulated[0].title and simulated[0].note.startswith("Simulated.")


def test_protocols_are_those_of_the_papers():
    utd, ucla = card("utd-mhad"), card("nw-ucla")
    assert (utd.default_protocol.name, utd.default_protocol.train) == (
        "cross-subject",
        {"1", "3", "5", "7"},
    )
    assert (ucla.default_protocol.name, ucla.default_protocol.by) == ("cross-view", "view")
    assert ucla.default_protocol.train == {"1", "2"}
    assert len(card("ntu60").default_protocol.train) == 20 and len(card("ntu120").default_protocol.train) == 53


def test_typos_are_answered_with_the_nearest_name():
    for wrong, near in (("utd-mhda", "utd-mhad"), ("UTD-MHAD", "utd-mhad"), ("pku_sim", "pku-sim")):
        with pytest.raises(UnknownName, match=f"Did you mean .*{near}"):
            card(wrong)
    with pytest.raises(UnknownName, match="Known: .*nw-ucla.*utd-mhad"):
        card("xyzzy")
    with pytest.raises(UnknownName, match="protocol 'cross-veiw' in dataset nw-ucla\nDid you mean cross-view"):
        card("nw-ucla").protocol("cross-veiw")


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (lambda c: c.update(id="utd"), "holds the card of 'utd'"),
        (lambda c: c.pop("licence"), "lacks the key 'licence'"),
        (lambda c: c.update(licenze="x"), "unknown key 'licenze'"),
        (lambda c: c.update(bodies="one"), "'bodies' should be"),
        (
            lambda c: c["protocols"].update(extra={"by": "weather", "train": []}),
            "divides by 'weather'",
        ),
        (lambda c: c["protocols"].update(extra={"by": "view"}), "lacks the key 'train'"),
        (lambda c: c.update(protocols={}), "names no protocol"),
    ],
)
def test_a_wrong_card_is_refused_with_its_file(configure, spoil, complaint):
    content = yaml.safe_load((configuration.folder("datasets") / "utd-mhad.yaml").read_text(encoding="utf-8"))
    spoil(content)
    configure("datasets", "utd-mhad", yaml.safe_dump(content))
    with pytest.raises(ZsarError, match=complaint) as error:
        card("utd-mhad")
    assert "configs/datasets/utd-mhad.yaml" in str(error.value)


def test_two_classes_of_one_name_are_refused(configure):
    configure("classes", "twins", "classes: {x/1: Wave, x/2: wave}")
    with pytest.raises(ZsarError, match="twins.yaml names two classes alike"):
        classes("twins")
