"""Labels in any words: what is the same, what is refused, what is new."""

import numpy as np
import pytest

from zsar.cli import main
from zsar.errors import ZsarError
from zsar.recognition.labels import LONGEST, MOST, ModelClass, candidates_of, plain

KNOWN = (
    ModelClass("d/1", "sit down", {"label": "sit down", "description": "Lowering the body onto a seat."}, True),
    ModelClass("d/2", "stand up", {"label": "stand up", "description": "Rising from a seat."}, False),
)
VECTORS = np.arange(12, dtype=np.float32).reshape(2, 2, 3)


def encode(texts):
    return np.stack([np.full(3, 100 + len(t) + ord(t[0]), np.float32) for t in texts]), [f"{len(texts)} new"]


def chosen(*labels):
    return candidates_of(labels, KNOWN, VECTORS, encode)


@pytest.mark.parametrize("label", ["Sit down", " sit-down ", "SIT  DOWN!", "d/1", "lowering the body onto a seat"])
def test_a_class_is_known_by_its_name_and_by_its_prompts(label):
    found = chosen("wave", label)
    assert found.classes == (None, "d/1") and found.trained.tolist() == [False, True]
    assert np.array_equal(found.vectors[1], VECTORS[0])


def test_new_words_stand_for_all_prompts_of_a_class():
    found = chosen("stand up", "wave both hands")
    assert found.labels == ("stand up", "wave both hands") and found.notes == ("1 new",)
    assert np.array_equal(found.vectors[0], VECTORS[1])
    assert np.array_equal(found.vectors[1], np.tile(encode(["wave both hands"])[0], (2, 1)))


def test_known_labels_need_no_text_model():
    def never(texts):
        raise AssertionError("asked for the text model")

    assert candidates_of(["sit down", "stand up"], KNOWN, VECTORS, never).trained.tolist() == [True, False]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], "there is none"),
        (["wave"], "only 'wave'"),
        (["wave", ""], "label 2, '', holds no word"),
        (["wave", " \t\u200b "], "holds no word"),
        (["wave", "?!"], "holds no word"),
        (["wave", "Wave"], "'wave' and 'Wave' are the same label"),
        (["drink_water", "Drink  water."], "are the same label"),
        (["ﬁne", "fine"], "are the same label"),
        (["sit down", "Lowering the body onto a seat"], "are both the class d/1"),
        (["wave", 3], "should be texts, not 3"),
        ("wave", "should be a list"),
        (["wave", "x" * (LONGEST + 1)], "characters"),
        ([str(i) for i in range(MOST + 1)], "too many"),
        (["ab", "ac"], "can't be told apart by the text model"),
    ],
)
def test_what_is_refused(labels, words):
    with pytest.raises(ZsarError) as told:
        candidates_of(labels, KNOWN, VECTORS, encode)
    assert words in told.value.message


def test_scripts_are_kept_apart():
    assert plain("की") != plain("का") and plain("喝水") != plain("喝茶") and plain("ÉTÉ") == plain("été")


@pytest.mark.parametrize(
    "labels",
    [
        ["喝水", "wave both hands"],
        ["أشرب الماء", "पानी पीना", "пить воду", "🙋"],
        [" ".join(f"word{i}" for i in range(500)), "sit"],
        ["<script>alert(1)</script>", "'; DROP TABLE clips; --"],
    ],
)
def test_any_words_work_or_are_told(labels, trained, clip_file, capsys):
    import json

    code = main(["predict", str(trained.folder), str(clip_file), "--json", "--labels", *labels])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    found = json.loads(printed.out)
    assert sorted(e["label"] for e in found["clips"][0]["predictions"]) == sorted(labels)
    assert sum(e["probability"] for e in found["clips"][0]["predictions"]) == pytest.approx(1)
    if len(labels[0]) > 500:
        assert any("longer than the text model reads (254 word pieces" in line for line in found["about"])


def test_two_texts_of_unknown_characters_are_told_apart_or_refused(trained, clip_file, capsys):
    """Both are one unknown word to the model: there is nothing to choose between."""
    assert main(["predict", str(trained.folder), str(clip_file), "--labels", "\U00012000", "\U00012001"]) == 2
    assert "can't be told apart by the text model" in capsys.readouterr().err


@pytest.mark.parametrize("labels", [[], ["--labels", "one"], ["--labels", "a", "A"], ["--labels", "a", " "]])
def test_the_command_refuses_before_it_loads_anything(labels, clip_file, capsys):
    assert main(["predict", "nowhere", str(clip_file), *labels]) == 2
    assert "label" in capsys.readouterr().err


def test_an_absent_text_model_says_how_to_get_it(model, monkeypatch):
    from zsar.text import models

    monkeypatch.setattr(models, "find", lambda name: None)
    for name, words in (("all-mpnet-base-v2", "hf download"), ("evil-org/evil-model", "the model's own classes")):
        monkeypatch.setitem(model.content["text"], "model", name)
        with pytest.raises(ZsarError, match="is not on this machine") as told:
            model.candidates(["juggle three balls", "wave"])
        assert words in told.value.hint and ("download" in told.value.hint) == (words == "hf download")
    known = [c.name for c in model.classes][:3]
    assert len(model.candidates(known).labels) == 3


def test_a_text_model_that_only_the_folder_names_is_neither_fetched_nor_advised(model, monkeypatch):
    from zsar.text import models

    monkeypatch.delenv("ZSAR_OFFLINE")
    monkeypatch.setattr(models.hub, "fetch", lambda *_: pytest.fail("fetched"))
    monkeypatch.setitem(model.content["text"], "model", "evil-org/evil-model")
    with pytest.raises(ZsarError, match="'evil-org/evil-model', which is not on this machine") as error:
        model.candidates(["juggle three balls", "wave"])
    assert "evil-org" not in error.value.hint


def test_another_text_model_of_the_same_name_is_refused(model, monkeypatch):
    monkeypatch.setattr(model, "vectors", -model.vectors)
    with pytest.raises(ZsarError, match="not the one that the model was trained with"):
        model.candidates(["juggle three balls", "wave"])
