"""The quick way to a text's vector gives what sentence-transformers gives."""

import numpy as np
import pytest

from zsar.recognition import sentences
from zsar.text import models, vectors

TEXTS = ["drink water", "Wave both hands above the head!", "喝水", "naïve café", " ".join(["again"] * 400), "x"]


def test_vectors_are_those_of_sentence_transformers():
    expected = models.encode(models.DEFAULT, TEXTS)
    encode = sentences._small(models.locate(models.DEFAULT))
    assert np.abs(np.stack([encode(t) for t in TEXTS]) - expected).max() < 1e-5


def test_shipped_texts_are_not_encoded(monkeypatch):
    monkeypatch.setattr(models, "locate", lambda model: pytest.fail("looked for the text model"))
    from zsar.text.prompts import prompt_set

    texts = [entry["description"] for entry in prompt_set("utd27").values()][:3]
    made, notes = sentences.text_vectors(texts, models.DEFAULT)
    assert np.array_equal(made, vectors.encode_cached(texts)) and notes == []


def test_a_model_of_another_kind_goes_to_sentence_transformers(monkeypatch):
    monkeypatch.setattr(sentences, "_small", lambda folder: None)
    monkeypatch.setattr(models, "encode", lambda model, texts: np.full((len(texts), 4), 0.5, np.float32))
    made, _ = sentences.text_vectors(["juggle", "whistle"], models.DEFAULT)
    assert np.array_equal(made, np.full((2, 4), 0.5))


@pytest.mark.parametrize("broken", ["{", '{"model_type": "roberta"}', "[]"])
def test_a_folder_that_is_not_understood_is_left_to_sentence_transformers(tmp_path, broken):
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "config.json").write_text(broken)
    assert sentences._small(tmp_path) is None
