"""``zsar train encoder``: what it writes, what ``zsar bench`` finds of it, and what it refuses."""

import argparse
import json

import numpy as np
import pytest
from command_line import command
from safetensors.torch import load_file

from zsar import plugins
from zsar.commands import train, train_encoder
from zsar.data.cards import card
from zsar.data.datasets import open_dataset
from zsar.data.partition import companion, partition
from zsar.data.splits import choose
from zsar.encoders import features
from zsar.encoders.features import EncoderChoice, cache_path
from zsar.harness.plan import plan
from zsar.testing.small import small_dataset
from zsar.text.vectors import class_vectors

SPLIT = "smie.split-7"
TRAIN = ("train", "encoder", "--dataset", "pku-sim", "--split", SPLIT, "--device", "cpu")
TINY = {
    "stgcn": {"hidden": 4, "width": 8, "epochs": 2, "batch": 32},
    "shiftgcn": {"hidden": 4, "epochs": 2, "batch": 32, "absent_bodies": "skip"},
}
BENCH = ("bench", "--methods", "sadvae", "--dataset", "pku-sim", "--splits", SPLIT, "--jobs", "1", "--device", "cpu")
FEW_CYCLES = ("--set", "sadvae.cycles=2", "--set", "sadvae.draws=5", "--set", "sadvae.classifier_steps=5")


@pytest.fixture(scope="module")
def subjects_home(tmp_path_factory):
    """A ``$ZSAR_HOME`` with all 51 classes, two training subjects and so a companion with clips set aside."""
    home = tmp_path_factory.mktemp("home-4")
    small_dataset(home, classes=None, clips_per_class=4, subjects=4)
    open_dataset.cache_clear()
    return home


@pytest.fixture
def home(subjects_home, monkeypatch):
    """`subjects_home` in force, without features of earlier tests."""
    monkeypatch.setenv("ZSAR_HOME", str(subjects_home))
    open_dataset.cache_clear()
    yield subjects_home
    open_dataset.cache_clear()
    for file in (subjects_home / "features").glob("*"):
        file.unlink()


def settings(name, **more) -> list[str]:
    return [part for k, v in {**TINY[name], **more}.items() for part in ("--set", f"{name}.{k}={v}")]


def cached(name, frames=50):
    """The dataset, the subsets of the main run and of its companion, and what is in the cache for either."""
    description = card("pku-sim")
    (split,) = choose(description, [SPLIT])
    dataset = open_dataset("pku-sim")
    subsets = partition(dataset, description, split, description.default_protocol)
    choice = EncoderChoice.of(name, TINY[name], frames)
    both = subsets, companion(dataset, split, subsets)
    return dataset, split, both, [features.subset_features(dataset, s, choice, 0) for s in both], choice


@pytest.mark.parametrize("name", TINY)
def test_the_bench_finds_what_was_trained(name, home, tmp_path, monkeypatch, capsys):
    out = tmp_path / "encoder"
    code, printed, err = command(capsys, *TRAIN, "--encoder", name, *settings(name), "--as", "synse", "--out", out)
    assert code == 0, err
    assert "epoch 1/2  loss " in printed and "companion: epoch 2/2" in printed and "clips/s" in printed

    def compute(*_):
        raise AssertionError("the features are there already")

    monkeypatch.setattr(features, "_compute", compute)
    results = tmp_path / "results"
    code, _, err = command(
        capsys, *BENCH, *FEW_CYCLES, "--encoder", name, *settings(name), "--setting", "zsl,gzsl", "--out", results
    )
    (record,) = (json.loads(p.read_text()) for p in results.rglob("*.json") if "results" in json.loads(p.read_text()))
    assert code == 0 and record["status"] == "done", err
    assert record["encoder"] == json.loads((out / "encoder.json").read_text())["encoder"]


def test_the_encoder_and_what_it_was_made_of(home, tmp_path, capsys):
    out = tmp_path / "encoder"
    options = ("--encoder", "shiftgcn", *settings("shiftgcn"), "--frames", "12", "--seed", "0", "--out", out)
    code, printed, _ = command(capsys, *TRAIN, *options)
    dataset, split, (subsets, _), (arrays, _), choice = cached("shiftgcn", 12)
    content = json.loads((out / "encoder.json").read_text())
    assert code == 0 and sorted(p.name for p in out.iterdir()) == ["encoder.json", "encoder.safetensors"]
    assert content["encoder"] == choice.description() and content["encoder"]["frames"] == 12
    assert content["dataset"] == {"id": "pku-sim", "version": dataset.version, "protocol": "cross-subject"}
    assert content["split"]["id"] == f"pku-sim.{SPLIT}" and content["split"]["seen"] == list(split.seen)
    truth = features.class_numbers(dataset.labels[subsets.seen_test], split.seen)
    accuracy = (arrays["seen_test_logits"].argmax(1) == truth).mean()
    assert content["seen_test_accuracy"] == pytest.approx(accuracy) and f"{accuracy:.1%}" in printed
    assert content["features"] == cache_path(dataset, subsets, choice, 0).stem
    encoder = plugins.find("encoder", content["encoder"]["name"])(**choice.keywords)
    encoder.restore(load_file(out / "encoder.safetensors"), bodies=2)
    import torch

    again = encoder.encode(torch.from_numpy(dataset.clips(subsets.unseen_test, 12)))
    np.testing.assert_array_equal(again.numpy(), arrays["unseen_test"])


def test_the_same_command_again_trains_nothing(home, tmp_path, capsys):
    options = ("--encoder", "stgcn", *settings("stgcn"), "--frames", "8")
    first = command(capsys, *TRAIN, *options, "--out", tmp_path / "a")
    second = command(capsys, *TRAIN, *options, "--out", tmp_path / "b")
    assert first[0] == second[0] == 0 and "epoch 1/2" in first[1] and "epoch" not in second[1]
    for name in ("encoder.json", "encoder.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("dataset, split", [("pku-sim", SPLIT), ("ntu60", "synse.55-5"), ("ntu60", "smie.split-1")])
@pytest.mark.parametrize("name", TINY)
def test_keywords_and_frames_are_those_of_the_bench(dataset, split, name):
    parser = argparse.ArgumentParser()
    train.configure(parser)
    options = ["--encoder", name, "--dataset", dataset, "--split", split, "--set", f"{name}.epochs=7"]
    task = train_encoder.resolve(parser.parse_args(["encoder", *options]))
    (job,) = plan("dvta", dataset, splits=split, encoder=name, keywords={name: {"epochs": 7}})
    assert task.choice == job.encoder and (task.protocol, task.split, task.card) == (job.protocol, job.split, job.card)


def test_it_goes_to_results_unless_told_otherwise(home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command(capsys, *TRAIN, "--encoder", "stgcn", *settings("stgcn"), "--frames", "8", "--seed", "3")[0] == 0
    assert (tmp_path / "results" / "encoders" / f"stgcn-pku-sim.{SPLIT}-seed-3" / "encoder.json").is_file()


@pytest.fixture
def bundle(home, tmp_path, capsys):
    """A bundle of Shift-GCN's features, and where it lies."""
    options = ("--encoder", "shiftgcn", *settings("shiftgcn"), "--frames", "8", "--as", "synse")
    code, _, err = command(capsys, *TRAIN, *options, "--out", tmp_path / "out")
    assert code == 0, err
    folder = tmp_path / "out" / "synse"
    return folder, {str(p.relative_to(folder)): np.load(p, allow_pickle=False) for p in sorted(folder.rglob("*.npy"))}


def test_a_bundle_has_the_released_folders_shapes_and_types(bundle):
    _, files = bundle
    main_folder, companion_folder = "sk_feats/shift_pkusim_5_r", "sk_feats/shift_pkusim_val_5_r"
    assert set(files) == {
        *(
            f"{main_folder}/{k}.npy"
            for k in ("train", "train_label", "ztest", "z_label", "ztest_out", "gtest", "g_label")
        ),
        f"{main_folder}/gtest_out.npy",
        *(f"{companion_folder}/{k}.npy" for k in ("train", "train_label", "ztest", "z_label", "ztest_out", "val")),
        *(f"{companion_folder}/{k}.npy" for k in ("val_label", "val_out")),
        *(f"label_splits/pkusim/{k}.npy" for k in ("ru5", "rs46", "rv5_0", "rs41_0")),
        "text_feats/pkusim/all-MiniLM-L6-v2/lb_51.npy",
    }
    for name, array in files.items():
        integral = name.startswith("label_splits") or "label" in name.rsplit("/", 1)[1]
        assert array.dtype == (np.int64 if integral else np.float32), name
        assert array.ndim == (1 if integral else 2) and np.isfinite(array).all() and array.flags.c_contiguous, name
        if name.endswith("_out.npy"):
            assert array.shape[1] == 51
        elif name.startswith("sk_feats") and not integral:
            assert array.shape[1] == 16


def test_a_bundle_holds_what_is_in_the_cache(bundle):
    _, files = bundle
    dataset, split, (main_subsets, tuning), (arrays, tuned), _ = cached("shiftgcn", 8)
    classes = list(card("pku-sim").classes)
    number = lambda rows: [classes.index(c) for c in dataset.labels[rows]]
    at = lambda name: files[f"sk_feats/shift_pkusim_5_r/{name}.npy"]
    seen = [classes.index(c) for c in split.seen]
    unseen = [classes.index(c) for c in split.unseen]
    np.testing.assert_array_equal(at("train"), arrays["train"])
    np.testing.assert_array_equal(at("ztest"), arrays["unseen_test"])
    assert at("train_label").tolist() == number(main_subsets.seen_train)
    assert at("z_label").tolist() == number(main_subsets.unseen_test)
    tests = np.sort(np.concatenate([main_subsets.seen_test, main_subsets.unseen_test]))
    assert at("g_label").tolist() == number(tests)
    for key, rows in (("seen_test", main_subsets.seen_test), ("unseen_test", main_subsets.unseen_test)):
        np.testing.assert_array_equal(at("gtest")[np.isin(tests, rows)], arrays[key])
        np.testing.assert_array_equal(at("gtest_out")[np.isin(tests, rows)][:, seen], arrays[f"{key}_logits"])
    # A softmax over all columns, which their gate takes, gives untrained columns nothing, at its highest temperature.
    odds = np.exp(at("gtest_out") / 9)
    assert (odds[:, unseen].sum(1) / odds.sum(1) < 1e-4).all()

    at = lambda name: files[f"sk_feats/shift_pkusim_val_5_r/{name}.npy"]
    assert len(tuned["seen_test"]) > 0
    for name, key, rows in (
        ("train", "train", tuning.seen_train),
        ("ztest", "unseen_test", tuning.unseen_test),
        ("val", "seen_test", tuning.seen_test),
    ):
        np.testing.assert_array_equal(at(name), tuned[key])
        assert at({"train": "train_label", "ztest": "z_label", "val": "val_label"}[name]).tolist() == number(rows)
    assert not np.isin(at("train_label"), files["label_splits/pkusim/rv5_0.npy"]).any()
    lists = {k: files[f"label_splits/pkusim/{k}.npy"].tolist() for k in ("ru5", "rs46", "rv5_0", "rs41_0")}
    assert lists["ru5"] == unseen and lists["rs46"] == seen
    assert sorted(lists["rv5_0"] + lists["rs41_0"]) == seen and sorted(set(at("z_label").tolist())) == lists["rv5_0"]
    vectors = class_vectors("pku51", ("label",), tuple(classes), "all-MiniLM-L6-v2").values[:, 0]
    np.testing.assert_array_equal(files["text_feats/pkusim/all-MiniLM-L6-v2/lb_51.npy"], vectors)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--encoder": "stgnc"}, ["unknown encoder 'stgnc'", "stgcn"]),
        ({"--encoder": "trajectory"}, ["trajectory has no weights", "stgcn"]),
        ({"--dataset": "pku-smi"}, ["unknown dataset", "pku-sim"]),
        ({"--split": "split-77"}, ["unknown split", "split-7"]),
        ({"--split": "smie"}, ["names 3 splits", "smie.split-7"]),
        ({"--protocol": "cross-subjct"}, ["unknown protocol", "cross-subject"]),
        ({"--set": "stgcn.epoch=3"}, ["unknown keyword 'epoch'", "epochs"]),
        ({"--set": "shiftgcn.epochs=3"}, ["unknown encoder 'shiftgcn' in --set"]),
        ({"--set": "stgcn.stream=bones"}, ["unknown value 'bones'", "bone"]),
        ({"--set": "stgcn.absent_bodies=hide"}, ["unknown value 'hide'"]),
        ({"--frames": "0"}, ["--frames should be at least 1"]),
        ({"--device": "gpu0"}, ["unknown device"]),
        ({"--as": "smie"}, ["invalid choice: 'smie'"]),
        ({"--seed": "one"}, ["invalid int value"]),
    ],
)
def test_what_makes_no_sense_is_refused(home, tmp_path, monkeypatch, capsys, changes, words):
    monkeypatch.chdir(tmp_path)
    options = {
        "--encoder": "stgcn",
        "--dataset": "pku-sim",
        "--split": SPLIT,
        "--frames": "8",
        "--set": "stgcn.epochs=0",
    }
    arguments = [part for pair in {**options, **changes}.items() for part in pair]
    code, _, err = command(capsys, "train", "encoder", *arguments)
    assert code == 2 and all(word in err for word in words), err
    assert not list(tmp_path.rglob("*.json"))


def test_no_data_says_what_to_do(empty_home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = command(capsys, "train", "encoder", "--encoder", "stgcn", "--dataset", "pku", "--split", SPLIT)
    assert code == 2 and "not on this machine" in err and not list(tmp_path.rglob("*.json"))


def test_the_module_runs_as_a_command(zsar):
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-m", "zsar", "train", "--help"], capture_output=True, text=True, check=True)
    assert "encoder" in done.stdout
