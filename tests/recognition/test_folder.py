"""A model's folder: whole or not at all, and refused with the file's name when it is damaged or of another version."""

import hashlib
import json
import os
import re
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

import zsar
from zsar.cli import main
from zsar.errors import DataError, ZsarError
from zsar.recognition.folder import MANIFEST, write_folder
from zsar.recognition.model import Model

TENSORS = ("method.safetensors", "encoder.safetensors", "text.safetensors")


@pytest.fixture
def copy(trained, tmp_path):
    return shutil.copytree(trained.folder, tmp_path / "copy")


def edited(folder, **changes):
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def damages():
    yield MANIFEST, "is of format 9", lambda f: edited(f, format=9, zsar="9.9.0")
    yield MANIFEST, "is damaged", lambda f: (f / MANIFEST).write_bytes((f / MANIFEST).read_bytes()[:300])
    yield MANIFEST, "is damaged", lambda f: (f / MANIFEST).write_bytes(b"\xff\xfe\x00")
    yield MANIFEST, "is damaged", lambda f: (f / MANIFEST).write_text("[" * 100000)
    yield MANIFEST, "missing", lambda f: (f / MANIFEST).unlink()
    yield MANIFEST, "is of format 2", lambda f: edited(f, format=2)
    yield MANIFEST, "is of format None", lambda f: (f / MANIFEST).write_text("{}")
    yield MANIFEST, "is of format None", lambda f: (f / MANIFEST).write_text("[1, 2]")
    yield MANIFEST, "classes should be a list", lambda f: edited(f, classes=None)
    yield MANIFEST, "lists other files", lambda f: edited(f, files={"../../etc/passwd": "0" * 64})
    yield MANIFEST, "classes.name should be a text", lambda f: edited(f, classes=[{"id": "a"}])
    yield MANIFEST, "unknown method", lambda f: edited(f, method={**read(f)["method"], "name": "nearset"})
    yield MANIFEST, "unknown keyword", lambda f: edited(f, method={**read(f)["method"], "keywords": {"rdige": 1.0}})
    for epochs in ("many", 0, -1, 10**30, None):
        yield (
            MANIFEST,
            "method.epochs should be",
            lambda f, epochs=epochs: edited(f, method={**read(f)["method"], "epochs": epochs}),
        )
    yield MANIFEST, "unknown encoder", lambda f: edited(f, encoder={**read(f)["encoder"], "name": "gone"})
    yield MANIFEST, "version 7 of the encoder", lambda f: edited(f, encoder={**read(f)["encoder"], "version": 7})
    yield (
        MANIFEST,
        "not a positive number",
        lambda f: edited(f, calibration={"new": {**read(f)["calibration"]["new"], "temperature": 0}}),
    )
    yield (
        MANIFEST,
        "new.temperature should be a number",
        lambda f: edited(f, calibration={"new": {**read(f)["calibration"]["new"], "temperature": "x"}}),
    )
    for name in TENSORS:
        yield name, "missing", lambda f, name=name: (f / name).unlink()
        yield name, "is damaged", lambda f, name=name: (f / name).write_bytes((f / name).read_bytes()[:-5])
        yield name, "is damaged", lambda f, name=name: flip(f / name)


def read(folder):
    return json.loads((folder / MANIFEST).read_text())


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("number", range(len(list(damages()))))
def test_damage_is_told_with_the_file(copy, number, clip_file, capsys):
    name, words, damage = list(damages())[number]
    damage(copy)
    with pytest.raises(DataError) as told:
        zsar.load(copy)
    assert str(copy / name) in told.value.message and words in told.value.message
    assert main(["predict", str(copy), str(clip_file), "--labels", "sit", "stand"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_tensor_file_of_another_kind_is_refused(copy):
    """Its checksum is right, what it holds isn't."""
    import hashlib

    (copy / "method.safetensors").write_bytes(b"not safetensors")
    files = read(copy)["files"] | {"method.safetensors": hashlib.sha256(b"not safetensors").hexdigest()}
    edited(copy, files=files)
    with pytest.raises(DataError, match="method.safetensors is damaged"):
        zsar.load(copy)


def test_what_is_no_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "nowhere", tmp_path):
        with pytest.raises(DataError, match="model|doesn't exist"):
            zsar.load(path)


def test_a_failure_leaves_the_earlier_model(trained, copy, monkeypatch):
    before = {p.name: p.read_bytes() for p in copy.iterdir()}

    def wrong(*_):
        raise ZsarError("read back, it is another model")

    monkeypatch.setattr(Model, "_compare", wrong)
    with pytest.raises(ZsarError, match="read back"):
        trained.fresh.save(copy)
    assert {p.name: p.read_bytes() for p in copy.iterdir()} == before
    with pytest.raises(ZsarError, match="read back"):
        trained.fresh.save(copy.parent / "new")
    assert [p.name for p in copy.parent.iterdir() if "model" in p.name or p.name.startswith(".")] == []


def test_something_else_is_not_overwritten(tmp_path, trained):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "thesis", tmp_path / "file"):
        with pytest.raises(ZsarError, match="--save"):
            trained.fresh.save(path)
        with pytest.raises(ZsarError, match="--save"):
            write_folder(path, {}, {})
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "mine"


@pytest.mark.parametrize("absent", ["--method", "--dataset", "--split", "--save"])
def test_training_says_what_it_needs(absent, tmp_path, capsys):
    given = {"--method": "nearest", "--dataset": "pku-sim", "--split": "smie.split-7", "--save": str(tmp_path / "m")}
    arguments = [word for key, value in given.items() if key != absent for word in (key, value)]
    assert main(["train", *arguments]) == 2
    assert absent in capsys.readouterr().err and not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--split", "smie"], "names 3 splits of pku-sim, and a model is of one"),
        (["--method", "sadve"], "sadvae"),
        (["--set", "nearest.rigde=1"], "ridge"),
        (["--folds", "-1"], "--folds"),
    ],
)
def test_what_makes_no_sense_is_refused(trained, more, words, tmp_path, capsys):
    arguments = ["train", "--method", "nearest", "--dataset", "pku-sim", "--split", "smie.split-7"]
    assert main([*arguments, "--save", str(tmp_path / "m"), *more]) == 2
    assert re.search(words, capsys.readouterr().err) and not (tmp_path / "m").exists()


def changed(folder, place, value):
    """The manifest with another value at a place such as "input.frames"."""
    content = read(folder)
    *blocks, last = place.split(".")
    block = content
    for name in blocks:
        block = block[int(name) if isinstance(block, list) else name]
    block[last] = value
    (folder / MANIFEST).write_text(json.dumps(content))


HOSTILE = [
    ("input.frames", 10**9),
    ("input.frames", 0),
    ("input.frames", "50"),
    ("input.bodies", 10**6),
    ("seed", 10**30),
    ("seed", -1),
    ("seed", True),
    ("method.keywords.draws", 10**9),
    ("method.keywords.draws", 0),
    ("method.keywords.classifier_steps", 10**9),
    ("encoder.keywords.frames", 10**9),
    ("encoder.version", "1"),
    ("method.x", [10**12]),
    ("method.title", None),
    ("classes.0.texts", {"label": 1}),
    ("text.prompts", "label"),
    ("metrics.inductive.calibration_error", "small"),
    ("counts.unseen_test", []),
    ("counts.unseen_test", None),
    ("calibration.reason", 1),
    ("files", {"method.safetensors": 1}),
]


@pytest.mark.parametrize(("place", "value"), HOSTILE, ids=lambda v: str(v)[:40])
def test_a_strangers_numbers_are_bounded_and_named(copy, clip_file, capsys, place, value):
    changed(copy, place, value)
    assert main(["predict", str(copy), str(clip_file), "--labels", "sit", "stand"]) == 2
    err = capsys.readouterr().err
    field = place.partition(".keywords.")[2] or place.split(".")[-1]
    assert err.startswith(f"error: {copy / MANIFEST} is damaged: ") and field in err.splitlines()[0]


def test_a_strangers_files_are_plain_ones(copy, clip_file, capsys):
    for name in (MANIFEST, "method.safetensors"):
        kept = (copy / name).read_bytes()
        for make in (lambda path: path.symlink_to("/dev/zero"), os.mkfifo):
            (copy / name).unlink()
            make(copy / name)
            assert main(["predict", str(copy), str(clip_file), "--labels", "sit", "stand"]) == 2
            assert f"{copy / name} is not a plain file" in capsys.readouterr().err
        (copy / name).unlink()
        (copy / name).write_bytes(kept)
    assert zsar.load(copy)


def rewritten(folder, name, tensors):
    """A file of tensors with its checksum."""
    data = save(tensors)
    (folder / name).write_bytes(data)
    edited(folder, files=read(folder)["files"] | {name: hashlib.sha256(data).hexdigest()})


def test_a_strangers_tensors_are_numbers_in_their_places(copy, clip_file, capsys):
    method = load((copy / "method.safetensors").read_bytes())
    name = next(iter(method))
    for tensors, words in (
        ({name: torch.full_like(method[name], float("nan"))}, "holds NaN or infinite values"),
        ({**method, "embed": torch.zeros(1)}, "holds a tensor 'embed'"),
        ({**method, "__class__": torch.zeros(1)}, "holds a tensor '__class__'"),
        ({name: torch.zeros(3, 2)}, "tensors don't belong together"),
        ({k: v if k == name else torch.zeros(3, 2) for k, v in method.items()}, "tensors don't belong together"),
    ):
        rewritten(copy, "method.safetensors", tensors)
        assert main(["predict", str(copy), str(clip_file), "--labels", "sit down", "stand up"]) == 2
        assert words in capsys.readouterr().err


def test_a_text_model_in_the_folder_itself_is_not_used(copy):
    changed(copy, "text.model", str(copy / "text-model"))
    with pytest.raises(DataError, match="a folder of the model's own"):
        zsar.load(copy)


def test_a_strangers_words_are_printed_as_text(copy, trained, tmp_path, capsys):
    """Names of clips and files, titles and labels: shown as they are, and in JSON as JSON writes them."""
    codes = "[/] [red]\x1b[2J\x9b31m\u202e"
    names = [f"{codes} {i}" for i in range(2)]
    for i, name in enumerate(names):
        changed(copy, f"classes.{i}.name", name)
    changed(copy, "method.title", codes)
    changed(copy, "dataset.title", codes)
    frames = trained.dataset.frames(0)
    clips = tmp_path / "[red]\x1b[2J.npz"
    np.savez(clips, frames=frames, offsets=[0, len(frames)], samples=[codes])
    for options in ((), ("--json",)):
        assert main(["predict", str(copy), str(clips), *options, "--labels", *names]) == 0
        printed = capsys.readouterr().out
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", printed)
        assert "[/] [red]\\u001b[2J\\u009b31m\\u202e 1" in printed
    assert json.loads(printed)["labels"] == names
