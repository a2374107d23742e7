"""Prompt sets: every dataset's classes have their texts; typos and gaps are answered."""

import pytest

from zsar import configuration
from zsar.data.cards import cards
from zsar.errors import UnknownName, ZsarError
from zsar.text import prompts
from zsar.text.prompts import prompt_set, texts


@pytest.mark.parametrize("card", cards(), ids=lambda c: c.id)
def test_every_class_of_every_dataset_has_a_label_and_a_description(card):
    for kind in ("label", "description"):
        found = texts(card.prompts, kind, card.classes)
        assert len(found) == len(card.classes) and len(set(found)) == len(found)
        assert all(t == " ".join(t.split()) and t for t in found)


def test_texts_come_in_the_order_asked_for():
    assert texts("utd27", "label", ["utd/a03", "utd/a01"]) == texts("utd27", "label", ["utd/a01", "utd/a03"])[::-1]


def test_typos_are_answered():
    with pytest.raises(UnknownName, match="prompt set 'utd72'\nDid you mean utd27"):
        prompt_set("utd72")
    with pytest.raises(UnknownName, match="class 'utd/a1' in prompt set utd27\nDid you mean .*utd/a1"):
        texts("utd27", "label", ["utd/a1"])
    with pytest.raises(UnknownName, match="prompt 'lable' in prompt set utd27\nDid you mean label"):
        texts("utd27", "lable", ["utd/a01"])


@pytest.mark.parametrize(
    "entry, complaint",
    [
        ("{label: wave}", "x/2 should have a text for each of description, label"),
        ("{label: wave, description: ' '}", "x/2 should have a text"),
        ("{label: wave, description: 3}", "x/2 should have a text"),
        ("{label: wave, description: b, more: c}", "x/2 should have a text"),
        ("wave", "x/2 should have a text"),
    ],
)
def test_gaps_are_refused(monkeypatch, tmp_path, entry, complaint):
    (tmp_path / "mine.yaml").write_text(
        f"id: mine\nclasses: x\nprompts:\n  x/1: {{label: clap, description: a}}\n  x/2: {entry}\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(configuration, "folder", lambda kind, package="": tmp_path)
    monkeypatch.setattr(configuration, "read", configuration.read.__wrapped__)
    with pytest.raises(ZsarError, match=f"configs/prompts/mine.yaml: {complaint}"):
        prompts.prompt_set("mine")


def test_a_set_without_prompts_is_refused(monkeypatch, tmp_path):
    (tmp_path / "mine.yaml").write_text("id: mine\nclasses: x\nprompts: {}\n", encoding="utf-8")
    monkeypatch.setattr(configuration, "folder", lambda kind, package="": tmp_path)
    monkeypatch.setattr(configuration, "read", configuration.read.__wrapped__)
    with pytest.raises(ZsarError, match="configs/prompts/mine.yaml holds no prompts"):
        prompts.prompt_set("mine")


def test_parts_and_phases_are_further_kinds_of_a_set():
    first = prompt_set("utd27")["utd/a01"]
    assert list(first) == ["label", "description", "head", "hands", "torso", "legs", "start", "middle", "end"]
    assert texts("utd27", "legs", ["utd/a22"])[0].startswith("The legs ")


def test_parts_of_other_classes_are_refused(monkeypatch):
    read = configuration.read
    parts = {"id": "ucla10", "classes": "ucla10", "prompts": {"ucla/a01": {"head": "The head nods."}}}
    monkeypatch.setattr(configuration, "read", lambda kind, name: parts if "parts" in kind else read(kind, name))
    with pytest.raises(ZsarError, match="configs/prompts/parts/ucla10.yaml should have the classes of"):
        prompts._registered.__wrapped__("ucla10")
