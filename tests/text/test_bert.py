"""The quick way to a text's vector gives what sentence-transformers gives."""

import numpy as np
import pytest

from zsar.text import bert, models, vectors

TEXTS = ["drink water", "Wave both hands above the head!", "喝水", "naïve café", " ".join(["again"] * 400), "x"]


def test_vectors_are_those_of_sentence_transformers(real_model):
    expected = models.encode(models.DEFAULT, TEXTS)
    model = bert.load(models.locate(models.DEFAULT))
    assert np.abs(np.stack([model.encode(t) for t in TEXTS]) - expected).max() < 1e-5


def test_what_is_not_read_is_told(real_model):
    model = bert.load(models.locate(models.DEFAULT))
    assert model.caveats("drink water") == []
    assert "254 word pieces of 400" in model.caveats(TEXTS[4])[0]
    assert "characters that the text model doesn't know" in model.caveats("\U00012000")[0]


def test_shipped_texts_are_not_encoded(monkeypatch):
    monkeypatch.setattr(models, "locate", lambda model: pytest.fail("looked for the text model"))
    from zsar.text.prompts import prompt_set

    texts = [entry["description"] for entry in prompt_set("utd27").values()][:3]
    rows, notes = vectors.label_vectors(texts)
    assert np.array_equal(rows, vectors.encode_cached(texts)) and notes == []


def test_shipped_and_new_texts_keep_their_order(real_model, home):
    from zsar.text.prompts import prompt_set

    label = prompt_set("utd27")["utd/a01"]["label"]
    rows, _ = vectors.label_vectors(["juggle", label, "whistle"])
    assert np.array_equal(rows[1], vectors.encode_cached([label])[0])
    expected = models.encode(models.DEFAULT, ["juggle", "whistle"])
    assert np.abs(rows[[0, 2]] - expected).max() < 1e-3 and not home.exists()


def test_a_model_of_another_kind_goes_to_sentence_transformers(monkeypatch, real_model):
    monkeypatch.setattr(bert, "load", lambda folder: None)
    monkeypatch.setattr(models, "encode", lambda model, texts: np.full((len(texts), 4), 0.5, np.float32))
    rows, _ = vectors.label_vectors(["juggle", "whistle"], models.DEFAULT)
    assert np.array_equal(rows, np.full((2, 4), 0.5))


@pytest.mark.parametrize("broken", ["{", '{"model_type": "roberta"}', "[]"])
def test_a_folder_that_is_not_understood_is_left_to_sentence_transformers(tmp_path, broken):
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "config.json").write_text(broken)
    assert bert.load(tmp_path) is None
