"""Prompt sets of vectors that others computed: read as authors release them, used as they are, named in records."""

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from zsar.cli import main
from zsar.data.cards import card, classes
from zsar.data.datasets import open_dataset
from zsar.errors import UnknownName, ZsarError
from zsar.harness.plan import plan
from zsar.harness.preview import preview
from zsar.harness.record import identity
from zsar.results.record import read_records
from zsar.text.prompt_files import import_prompts
from zsar.text.prompts import outline, prompt_set, require, user_sets
from zsar.text.vector_files import import_vectors, read_vectors, shared_vectors
from zsar.text.vector_sets import vector_set, vectors_path

RELEASED = Path(__file__).parents[2].parent / "shared" / "data" / "text" / "clip_vit_b32"
PKU = list(classes("pku51"))
MODEL = "clip-ViT-B-32"


def vectors(count=51, width=8, dtype="f4", seed=0):
    """Vectors that are far from unit length, as CLIP's are."""
    return (9 * np.random.default_rng(seed).normal(size=(count, width))).astype(dtype)


@pytest.fixture
def file(tmp_path):
    def write(array, name="lb_51.npy"):
        path = tmp_path / "released" / name
        path.parent.mkdir(exist_ok=True)
        np.save(path, array)
        return path

    return write


def read(path, dataset="pku", kind=None, model=MODEL):
    return read_vectors(path, card(dataset), model, kind)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_vectors_are_read_as_they_are(file, dtype, order):
    array = np.asarray(vectors(dtype=dtype), order=order)
    its = read(file(array))
    assert list(its.ids) == PKU and its.vocabulary == "pku51" and its.width == 8
    assert its.values["label"].dtype == np.float32
    np.testing.assert_array_equal(its.of(["label"], ["pku/51", "pku/02"])[:, 0], array[[50, 1]].astype("f4"))


def test_a_folder_holds_a_file_for_each_kind_and_number_of_classes(file):
    for kind, seed in (("lb", 1), ("ad", 2), ("md", 3), ("chat", 4)):
        file(vectors(60, seed=seed), f"{kind}_60.npy")
        folder = file(vectors(120, seed=seed), f"{kind}_120.npy").parent
    (folder / "README.txt").write_text("words")
    its = read(folder, "ntu60")
    assert set(its.values) == {"label", "description", "motion", "chat"} and its.vocabulary == "ntu60"
    np.testing.assert_array_equal(its.values["motion"], vectors(60, seed=3))
    sha256 = hashlib.sha256((folder / "md_60.npy").read_bytes()).hexdigest()
    assert its.source["motion"] == f"{sha256} md_60.npy"
    assert read(folder, "ntu120").values["label"].shape == (120, 8)
    with pytest.raises(ZsarError, match="no vectors of pku51's 51 classes; its files: README.txt, ad_120.npy"):
        read(folder)
    with pytest.raises(ZsarError, match="is a folder, whose files' names say"):
        read(folder, "ntu60", kind="label")
    file(vectors(60, 9), "md_60.npy")
    with pytest.raises(ZsarError, match="different widths: .*md_60.npy 9"):
        read(folder, "ntu60")


def test_a_file_for_ntu120_serves_ntu60(file):
    assert read(file(vectors(120), "lb_120.npy"), "ntu60").vocabulary == "ntu120"


def test_a_file_of_another_name_needs_its_kind(file):
    path = file(vectors(), "mine.npy")
    with pytest.raises(ZsarError, match="mine.npy is not named like lb_60.npy.*\nSay so: --kind label"):
        read(path)
    assert set(read(path, kind="description").values) == {"description"}
    assert set(read(file(vectors()), kind="description").values) == {"description"}


def test_classes_that_share_a_vector_are_remarked_upon(file):
    assert shared_vectors(read(file(vectors()))) == []
    assert shared_vectors(read(file(vectors()[[0, *range(50)]]))) == ["label: 51 classes have 50 different vectors"]


def test_a_models_name_is_zsars_own_spelling_of_it(file):
    assert read(file(vectors()), model="CLIP-vit-b-32").model == MODEL
    assert read(file(vectors()), model="somebody/else").model == "somebody/else"
    for name in ("", "two words", "released:x", "\x1b[31m"):
        with pytest.raises(ZsarError, match="can't name a text model"):
            read(file(vectors()), model=name)


class Hostile:
    def __reduce__(self):
        return os.system, ("touch hostile",)


def broken(**rows):
    array = vectors()
    for row, value in rows.items():
        array[int(row[1:])] = value
    return array


WRONG = [
    (vectors(50), "has 50 rows, but pku51 has 51 classes"),
    (np.float32(1), r"has the shape \[\], expected 2 axes"),
    (vectors().reshape(51, 2, 4), r"has the shape \[51, 2, 4\], expected 2 axes"),
    (vectors()[:, 0], r"has the shape \[51\], expected 2 axes"),
    (vectors()[:, :0], "has 0 bytes"),
    (vectors(dtype="i4"), "holds whole numbers, expected floating-point numbers"),
    (vectors().astype("c8"), "holds complex64, expected floating-point numbers"),
    (vectors().astype("U8"), "holds strings, expected"),
    (np.array([Hostile()] * 51, dtype=object), "holds Python objects, which are not unpickled"),
    (broken(_3=np.nan), "row 4 has NaN or infinite values"),
    (broken(_50=np.inf), "row 51 has NaN or infinite values"),
    (broken(_7=0), "row 8 has only zeros"),
    (1e300 * vectors(dtype="f8"), "row 1 has NaN or infinite values"),
    (np.zeros((51, 2**17), "f4"), "too many"),
]


@pytest.mark.parametrize(("array", "complaint"), WRONG, ids=range(len(WRONG)))
def test_what_is_not_a_vector_a_class_is_refused_with_the_files_name(
    file, capsys, monkeypatch, tmp_path, array, complaint
):
    monkeypatch.chdir(tmp_path)
    path = file(array)
    assert main(["text", "import", "v", "--dataset", "pku", "--source", str(path), "--model", MODEL]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and str(path) in err and user_sets() == [] and not Path("hostile").exists()
    with pytest.raises(ZsarError, match=complaint):
        read(path)


def test_what_is_not_an_array_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "lb_51.npy"
    for content in (b"", b"words", pickle.dumps(Hostile()), b"\x93NUMPY\x01\x00v\x00" + b"{" * 118):
        path.write_bytes(content)
        with pytest.raises(ZsarError, match="lb_51.npy is not a .npy array"):
            read(path)
    path.unlink()
    with pytest.raises(ZsarError, match="can't read .*lb_51.npy: No such file"):
        read(path)
    os.mkfifo(path)
    with pytest.raises(ZsarError, match="lb_51.npy is not a plain file"):
        read(path)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(ZsarError, match="lb_51.npy is not a plain file"):
        read(path)


def test_the_command_says_what_it_needs(file, capsys):
    path = file(vectors())
    for arguments, complaint in (
        ((str(path),), "needs --model, the text model that computed them\nFor example: --model clip-ViT-B-32"),
        ((str(path.parent),), "needs --model"),
        ((str(path.parent / "lb.txt"), "--model", MODEL), "lb.txt is neither a .npy file nor a folder"),
    ):
        assert main(["text", "import", "v", "--dataset", "pku", "--source", *arguments]) == 2
        assert complaint in capsys.readouterr().err
    assert main(["text", "pku", "--model", MODEL]) == 2 and "is for importing" in capsys.readouterr().err
    assert main(["text", "import", "../v", "--dataset", "pku", "--source", str(path), "--model", MODEL]) == 2
    assert "can't name a prompt set" in capsys.readouterr().err


def test_an_imported_set_is_listed_and_shown_and_texts_of_that_name_replace_it(file, tmp_path, capsys):
    command = ["text", "import", "clip", "--dataset", "pku", "--source", str(file(vectors())), "--model", MODEL]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert f"51 classes of pku51 by {MODEL}, 8 wide" in out and "label, whose wording is not known: lb_51.npy" in out
    assert "to use it: zsar bench --dataset pku --prompts clip" in out
    assert user_sets() == ["clip"] and outline("clip").kinds == ("label",)
    assert main(["text", "pku", "--prompts", "clip"]) == 0 and "clip-ViT-B-32, 8 wide" in capsys.readouterr().out
    assert main(["text", "list"]) == 0 and "vectors by" in capsys.readouterr().out
    assert main(["text", "ntu60", "--prompts", "clip"]) == 2
    assert "for the class list pku51 and has no text for 60 of 60 classes" in capsys.readouterr().err
    with pytest.raises(ZsarError, match=f"'clip' holds vectors by {MODEL} and no texts"):
        prompt_set("clip")
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(f"motion {i}" for i in range(51)))
    import_prompts("clip", "pku", texts)
    assert vector_set("clip") is None and prompt_set("clip")["pku/01"]["description"] == "motion 0"
    assert main(command) == 0 and user_sets() == ["clip"] and vector_set("clip").model == MODEL


def test_a_damaged_set_is_named(file, home):
    path = vectors_path(import_vectors("clip", "pku", file(vectors()), MODEL)[1].stem)
    whole = path.read_bytes()
    for spoilt in (whole[:-5], whole[:-5] + bytes([whole[-5] ^ 255]) + whole[-4:], b"", b"words"):
        path.write_bytes(spoilt)
        with pytest.raises(ZsarError, match="clip.safetensors is damaged.*\nImport it again: zsar text import"):
            require("clip", ("label",), PKU, "nearest")


def test_a_benchmark_is_planned_with_it_without_the_model(file, home, no_model, capsys):
    import_vectors("clip", "pku", file(vectors()), MODEL)
    (job,) = plan(["sadvae"], "pku", splits="smie.split-7", prompts="clip")
    assert (job.text_model, job.prompts, job.card.prompts) == (f"released:{MODEL}", ("label",), "clip")
    np.testing.assert_array_equal(job.vectors.of(["pku/08"])[0, 0], vectors()[7])
    for name in ("released", MODEL):
        (same,) = plan(["sadvae"], "pku", splits="smie.split-7", prompts="clip", text=name)
        assert same.determined_by() == job.determined_by()
    with pytest.raises(ZsarError, match="holds vectors by clip-ViT-B-32 and no texts for all-mpnet-base-v2"):
        plan(["sadvae"], "pku", splits="smie.split-7", prompts="clip", text="all-mpnet-base-v2")
    with pytest.raises(
        ZsarError, match="pgfa reads the prompt 'description', but the prompt set 'clip' has only label"
    ):
        plan(["pgfa"], "pku", splits="smie.split-7", prompts="clip")
    with pytest.raises(UnknownName, match="prompt set 'clop'\nDid you mean clip"):
        plan(["sadvae"], "pku", prompts="clop")
    preview([job], Path("results"))
    out = " ".join(capsys.readouterr().out.split())
    assert "label, the prompt set clip's vectors by clip-ViT-B-32" in out and "is needed for a run" not in out


def test_without_it_the_recipe_and_the_error_say_what_to_do(home, no_model, capsys):
    (job,) = plan(["sadvae"], "pku", splits="sadvae.split-1")
    preview([job], Path("results"))
    out = " ".join(capsys.readouterr().out.split())
    assert "zsar text import NAME --dataset pku --source lb_51.npy --model clip-ViT-B-32" in out
    with pytest.raises(ZsarError, match="clip-ViT-B-32.*\n.*can be imported: zsar text import --help"):
        _ = job.vectors


def test_a_run_records_model_prompts_and_source(file, home, made_home, no_model, tmp_path):
    home.mkdir(exist_ok=True)
    (home / "data").symlink_to(made_home / "data")
    open_dataset.cache_clear()
    path = file(vectors(width=16), "ad_51.npy")
    file(vectors(width=16, seed=1), "lb_51.npy")
    import_vectors("clip", "pku-sim", path.parent, MODEL)
    out = tmp_path / "results"
    command = ["bench", "--methods", "nearest", "--dataset", "pku-sim", "--splits", "smie.split-7", "--rule", "last"]
    assert main([*command, "--prompts", "clip", "--out", str(out), "--jobs", "1"]) == 0
    (record,) = read_records(out)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    text = {"model": f"released:{MODEL}", "prompt_set": "clip", "prompts": ["description"], "hash": record.text["hash"]}
    assert record.is_done and record.text == text | {"source": {"description": f"{sha256} ad_51.npy"}}
    file(vectors(width=16, seed=2), "ad_51.npy")
    import_vectors("clip", "pku-sim", path.parent, MODEL)
    (job,) = plan(["nearest"], "pku-sim", splits="smie.split-7", rules="last", prompts="clip")
    assert job.id != record.run
    (plain,) = plan(["nearest"], "pku-sim", splits="smie.split-7", rules="last")
    assert "source" not in identity(plain, plain.id, "", "")["text"]
    open_dataset.cache_clear()


@pytest.mark.skipif(not RELEASED.is_dir(), reason=f"the released vectors are not on this machine: no {RELEASED}")
@pytest.mark.parametrize("dataset", ["ntu60", "ntu120"])
def test_the_released_vectors_are_read(dataset):
    its, stored = import_vectors("clip", dataset, RELEASED, MODEL)
    count = int(dataset[3:])
    assert set(its.values) == {"label", "description", "motion"} and stored.is_file()
    released = np.load(RELEASED / f"lb_{count}.npy")
    (job, *_) = plan(["sadvae"], dataset, splits="sadvae", prompts="clip")
    np.testing.assert_array_equal(job.vectors.values[:, 0], released)
    assert job.vectors.values.shape == (count, 1, 512) and job.recipe.text["model"] == MODEL
    # The rows are in the order of zsar's class list: classes whose names share a word are near each other.
    unit = released / np.linalg.norm(released, axis=1, keepdims=True)
    names = [set(name.lower().split()) for name in card(dataset).classes.values()]
    shared = np.array([[len(a & b) / len(a | b) for a in names] for b in names])
    pairs = np.triu_indices(count, 1)
    right = np.corrcoef((unit @ unit.T)[pairs], shared[pairs])[0, 1]
    wrong = [np.random.default_rng(seed).permutation(unit) for seed in range(99)]
    assert right > max(np.corrcoef((w @ w.T)[pairs], shared[pairs])[0, 1] for w in wrong)
