"""Datasets of three to five classes: what needs a companion run is left out, or refused before anything runs."""

import numpy as np
import pytest
from command_line import command
from raw_files import own_arrays

from zsar.data.cards import card
from zsar.data.splits import random_split
from zsar.simulation.generate import generate

CLASSES = ("pku/01", "pku/14", "pku/40", "pku/08", "pku/33")
TRAIN = ("train", "--method", "nearest", "--dataset", "few", "--split", "random.2-0", "--folds", "2")


@pytest.fixture(params=[3, 4, 5])
def few(request, empty_home, tmp_path, capsys):
    """A dataset of so few classes, whose names zsar has vectors of."""
    clips = list(generate(CLASSES[: request.param], clips_per_class=4, subjects=4))
    ids = sorted({clip.label for clip in clips})
    np.savez(tmp_path / "few.npz", **own_arrays(clips, [card("pku-sim").classes[c] for c in ids]))
    code, _, err = command(capsys, "data", "import", "few", "--source", tmp_path / "few.npz")
    assert code == 0, err
    return request.param


def bench(capsys, tmp_path, *options):
    arguments = ("bench", "--methods", "nearest,eszsl", "--dataset", "few", "--splits", "random.2-0", "--jobs", "1")
    return command(capsys, *arguments, "--out", tmp_path / "results", *options)


def test_few_classes_are_benchmarked_without_val(few, tmp_path, capsys):
    assert bench(capsys, tmp_path, "--rule", "last")[0] == 0
    code, out, err = bench(capsys, tmp_path)
    assert code == 0, err
    assert "The rule val is left out" in out and "failed" not in out
    for options in (["--rule", "val"], ["--setting", "zsl,gzsl", "--rule", "last"]):
        code, out, err = bench(capsys, tmp_path, *options)
        assert code == 2 and "too few seen ones" in err and "--rule last,oracle" in err and not out


def test_few_classes_are_trained_on_without_calibration(few, tmp_path, capsys):
    code, out, err = command(capsys, *TRAIN, "--save", tmp_path / "model")
    assert code == 0, err
    assert "Not calibrated for all labels: " in out and "too few seen ones for a companion run" in out
    code, _, err = command(
        capsys, "tune", "--method", "nearest", "--dataset", "few", "--grid", "ridge=1", "--jobs", "1"
    )
    assert code == 2 and "too few seen ones for a companion run" in err


def test_who_has_four_seen_classes_has_a_companion():
    ucla = card("nw-ucla")
    assert [random_split(ucla, unseen, 0).has_companion for unseen in (2, 6, 7, 9)] == [True, True, False, False]
