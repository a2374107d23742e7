"""Class vectors: shipped, cached or fresh, and always the same."""

import csv
from pathlib import Path

import numpy as np
import pytest

from zsar import configuration, storage
from zsar.errors import UnknownName, ZsarError
from zsar.text import models, prompts, vectors
from zsar.text.vectors import class_vectors, encode_cached, shipped

REGISTERED = sorted(
    {
        text
        for name in configuration.names("prompts")
        for row in prompts.prompt_set(name).values()
        for text in row.values()
    }
)
WIDTHS = {"all-MiniLM-L6-v2": 384, "all-mpnet-base-v2": 768}
HALF = 2**-11
"""A unit vector's components are at most one, where float16 is exact to this much."""


@pytest.fixture
def counted(monkeypatch, tmp_path):
    """A model that counts its calls and whose vectors follow from the texts' letters."""
    calls = []

    def encode(model, texts):
        calls.append(list(texts))
        return np.array([np.bincount(list(t.encode()), minlength=256)[:256] / len(t) for t in texts], np.float32)

    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"one")
    monkeypatch.setattr(models, "locate", lambda model, fetch=False: folder)
    monkeypatch.setattr(models, "encode", encode)
    return calls


@pytest.mark.parametrize("model", WIDTHS)
def test_every_registered_prompt_is_shipped_and_nothing_else(model):
    assert set(vectors.SHIPPED) == set(WIDTHS)
    assert set(shipped(model)) == {storage.fingerprint(text) for text in REGISTERED}
    assert {v.shape for v in shipped(model).values()} == {(WIDTHS[model],)}
    assert {v.dtype for v in shipped(model).values()} == {np.dtype("f2")}
    assert vectors.SHIPPED[model].stat().st_size < 2**21


@pytest.mark.parametrize(
    "file, texts, column, least",
    [
        ("ntu120_label.npy", "purls_gpt3_ntu120.csv", "Action Labels", 17),
        ("pku51_label.npy", "sadvae_pku51.csv", "label", 8),
    ],
)
def test_shipped_vectors_are_those_of_released_labels_in_the_same_words(file, texts, column, least):
    folder = Path(__file__).parents[3] / "shared" / "data" / "text"
    if not folder.is_dir():
        pytest.skip("the vectors made from the papers' released words are not at hand")
    expected = np.load(folder / "all_mpnet_base_v2" / file)
    with open(folder / "descriptions" / texts, encoding="utf-8", newline="") as f:
        labels = [row[column] for row in csv.DictReader(f)]
    ours = shipped("all-mpnet-base-v2")
    same = [i for i, label in enumerate(labels) if storage.fingerprint(label) in ours]
    assert len(labels) == len(expected) and len(same) == least
    mine = encode_cached([labels[i] for i in same], "all-mpnet-base-v2")
    np.testing.assert_allclose(mine, expected[same], atol=1e-3, rtol=0)


def test_shipped_vectors_are_the_real_models(real_model):
    fresh = models.encode(models.DEFAULT, REGISTERED)
    np.testing.assert_allclose(encode_cached(REGISTERED), fresh, atol=HALF, rtol=0)


@pytest.mark.parametrize("model", WIDTHS)
def test_shipped_vectors_need_no_model(no_model, home, model):
    found = class_vectors("pku51", ("label", "description"), ("pku/08", "pku/01"), model)
    assert found.values.shape == (2, 2, WIDTHS[model]) and found.values.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found.values, axis=2), 1, atol=2e-3)
    assert not home.exists()


def test_the_rows_are_the_classes_and_the_prompts():
    both = class_vectors("pku51", ("label", "description"), ("pku/08", "pku/01", "pku/51"))
    label = class_vectors("pku51", ("label",), ("pku/01",))
    np.testing.assert_array_equal(both.values[1, 0], label.values[0, 0])
    np.testing.assert_array_equal(both.of(["pku/51", "pku/08"]), both.values[[2, 0]])
    turned = class_vectors("pku51", ("description", "label"), ("pku/08", "pku/01", "pku/51"))
    np.testing.assert_array_equal(turned.values, both.values[:, ::-1])
    assert len({both.hash, label.hash, turned.hash}) == 3
    assert both.hash == class_vectors("pku51", ("label", "description"), ("pku/08", "pku/01", "pku/51")).hash


def test_typos_are_answered():
    with pytest.raises(UnknownName, match="Did you mean label"):
        class_vectors("pku51", ("labels",), ("pku/08",))
    with pytest.raises(UnknownName, match="class 'pku/8'"):
        class_vectors("pku51", ("label",), ("pku/8",))


def test_new_text_needs_the_model(no_model):
    with pytest.raises(ZsarError, match="is not on this machine"):
        encode_cached(["a text that nobody registered"])


def test_new_text_is_encoded_once(counted, home):
    texts = ["swim", "dive", "swim"]
    first = encode_cached(texts)
    assert counted == [["swim", "dive"]] and first.shape == (3, 256) and first.dtype == np.float32
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(first, first.astype(np.float16))  # as a cached vector would be
    np.testing.assert_array_equal(encode_cached(texts), first)
    np.testing.assert_array_equal(encode_cached(["dive", "swim"]), first[:2][::-1])
    assert len(counted) == 1 and len(list((home / "text").iterdir())) == 1


def test_other_text_and_other_weights_are_encoded_anew(counted, tmp_path):
    encode_cached(["swim"], "mine")
    encode_cached(["dive"], "mine")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"two")
    encode_cached(["swim"], "mine")
    encode_cached(["swim"], "mine")
    assert counted == [["swim"], ["dive"], ["swim"]]


def test_another_model_does_not_get_the_shipped_vectors(counted):
    assert encode_cached(REGISTERED[:2], "mine").shape == (2, 256) and len(counted) == 1


@pytest.mark.parametrize("damage", [b"", b"PK\3\4 nonsense"])
def test_a_damaged_cache_file_is_encoded_anew(counted, home, damage):
    first = encode_cached(["swim"])
    (path,) = (home / "text").iterdir()
    path.write_bytes(damage)
    with pytest.warns(UserWarning, match="is damaged"):
        np.testing.assert_array_equal(encode_cached(["swim"]), first)
    assert len(counted) == 2
    np.testing.assert_array_equal(encode_cached(["swim"]), first)
    assert len(counted) == 2


def test_fresh_and_shipped_vectors_are_the_same(real_model, monkeypatch):
    texts = REGISTERED[:5]
    from_package = encode_cached(texts)
    monkeypatch.setattr(vectors, "shipped", lambda model: {})
    fresh = encode_cached(texts)
    np.testing.assert_allclose(fresh, from_package, atol=HALF, rtol=0)
    np.testing.assert_array_equal(encode_cached(texts), fresh)


def test_shipping_a_new_text_changes_no_vector_that_is_shipped(monkeypatch, tmp_path):
    model, encoded = "all-MiniLM-L6-v2", []
    kept = dict(shipped(model))
    left_out = storage.fingerprint(REGISTERED[5])
    monkeypatch.setattr(vectors, "shipped", lambda model: {k: v for k, v in kept.items() if k != left_out})
    monkeypatch.setattr(vectors, "SHIPPED", {model: tmp_path / "new.npz"})
    monkeypatch.setattr(models, "locate", lambda model: tmp_path)
    monkeypatch.setattr(models, "require_weights", lambda *_: None)
    monkeypatch.setattr(models, "encode", lambda model, texts: encoded.extend(texts) or np.ones((len(texts), 384)))
    assert vectors.ship(model) == len(kept) and encoded == [REGISTERED[5]]
    rows = vectors._cached(tmp_path / "new.npz")
    assert all(np.array_equal(rows[k], v if k != left_out else np.ones(384)) for k, v in kept.items())
