import shutil
from pathlib import Path

import numpy as np
import pytest
import released_bundle

from zsar.data.cards import card, own_card
from zsar.data.importing import formats
from zsar.data.importing.formats import synse
from zsar.data.splits import choose
from zsar.errors import DataError
from zsar.skeletons.readers.source import Source

REAL = Path(__file__).parents[5] / "shared" / "data" / "bundles"


@pytest.fixture
def bundle(tmp_path):
    return released_bundle.write(tmp_path / "resources")


def change(bundle, name, value):
    file = bundle / "sk_feats" / name
    array = np.load(file)
    np.save(file, value(array))
    return bundle


def test_a_bundle_is_recognised_by_its_folders(bundle, tmp_path):
    assert formats.recognise(bundle) is synse
    assert formats.recognise(bundle / "sk_feats" / "tiny_utd_5_r") is synse
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", bundle)
    assert formats.recognise(Path(packed)) is synse
    (tmp_path / "other").mkdir()
    assert not synse.recognises(Source(tmp_path / "other"))


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("outputs", ["all", "seen"])
def test_subsets_are_those_of_the_files_whatever_the_index_base(tmp_path, base, outputs):
    root = released_bundle.write(tmp_path / "r", base=base, outputs=outputs)
    found = synse.examine(root, "my-bundle", None)
    split, folder, phases = found.splits["purls.22-5"]
    assert (split.family, split.name, folder) == ("purls", "22-5", "tiny_utd_5_r")
    sizes = {phase: {k: len(x) for k, x in p.subsets.items()} for phase, p in phases.items()}
    assert sizes == {
        "main": {"train": 88, "seen_test": 66, "unseen_test": 15},
        "companion": {"train": 68, "seen_test": 51, "unseen_test": 20},
    }
    main = phases["main"]
    assert main.classes == split.seen and main.candidates == split.unseen
    assert set(main.labels["unseen_test"]) == set(split.unseen)
    # The outputs were made so that the nearest seen class is the clip's own, whatever the columns were.
    right = np.array(main.classes)[main.logits["seen_test"].argmax(1)] == main.labels["seen_test"]
    assert right.all()
    assert phases["companion"].logits["unseen_test"].shape == (20, 17)
    assert np.array_equal(main.subsets["train"], np.load(root / "sk_feats/tiny_utd_5_r/train.npy"))


def test_outputs_of_gtest_serve_ztest_where_that_has_none(bundle):
    (bundle / "sk_feats/tiny_utd_5_r/ztest_out.npy").unlink()
    main = synse.examine(bundle, "my-bundle", None).splits["purls.22-5"][2]["main"]
    assert main.logits["unseen_test"].shape == (15, 22)


def test_the_card_has_the_classes_of_the_dataset_that_the_features_are_of(bundle):
    found = synse.examine(bundle, "my-bundle", None)
    made = own_card("my-bundle", found.card, "card.yaml")
    assert made.base == made.stands_for == "utd-mhad"
    assert made.classes == card("utd-mhad").classes
    assert made.features == {"purls.22-5": "tiny"}
    assert [s.name for s in choose(made)] == ["22-5"]
    assert list(found.text) == ["all-MiniLM-L6-v2"] and found.text["all-MiniLM-L6-v2"]["label"].shape == (27, 8)


def test_what_was_found_is_said(bundle):
    said = "\n".join(synse.examine(bundle, "my-bundle", None).lines)
    assert "tiny_utd_5_r: split purls.22-5 of utd-mhad" in said
    assert "88 train, 66 seen_test, 15 unseen_test" in said
    assert "companion: 68 train" in said


def test_a_split_of_no_family_becomes_the_dataset_s_own(tmp_path):
    root = released_bundle.write(tmp_path / "r", companion=False)
    shutil.rmtree(root / "label_splits")
    swap = {4: 0, 0: 4}
    for stem in ("train_label", "z_label", "g_label"):
        change(root, f"tiny_utd_5_r/{stem}.npy", lambda y: np.array([swap.get(c, c) for c in y]))
    found = synse.examine(root, "my-bundle", None)
    assert found.card["own_splits"] == {"utd-5": ["utd/a01", "utd/a15", "utd/a18", "utd/a24", "utd/a25"]}
    assert [f"{s.family}.{s.name}" for s in choose(own_card("my-bundle", found.card, "card.yaml"))] == ["own.utd-5"]
    assert any("nothing to choose epochs or calibrate on" in line for line in found.lines)


@pytest.mark.parametrize(
    "file, value, said",
    [
        ("tiny_utd_5_r/train_label.npy", lambda y: np.where(y == 0, 4, y), "contradicts label_splits/utd/rs22.npy"),
        ("tiny_utd_5_r/train.npy", lambda x: x[:-1], "87 rows and 88 labels"),
        ("tiny_utd_5_r/train.npy", lambda x: np.where(x == x[0, 0], np.nan, x), "NaN or infinite"),
        ("tiny_utd_5_r/gtest.npy", lambda x: x[:, :8], "different widths"),
        ("tiny_utd_5_r/gtest_out.npy", lambda x: x[:, :9], "gtest_out.npy of shape (81, 9)"),
        ("tiny_utd_5_r/train_label.npy", lambda y: y.astype(float), "expected whole numbers"),
        ("tiny_utd_5_r/train_label.npy", lambda y: y + 100, "class number 100"),
        ("tiny_utd_5_r/g_label.npy", lambda y: y + 7, "counts classes from 7"),
        ("tiny_utd_val_5_r/z_label.npy", lambda y: np.where(y == y[0], 1, y), "pseudo-unseen classes: utd/a02"),
        ("tiny_utd_val_5_r/train_label.npy", lambda y: np.where(y == 1, 4, y), "unseen classes: utd/a05 (throw)"),
    ],
)
def test_what_contradicts_the_lists_or_itself_is_refused(bundle, file, value, said):
    change(bundle, file, value)
    with pytest.raises(DataError) as e:
        synse.examine(bundle, "my-bundle", None)
    assert said in str(e.value)


def test_train_clips_of_unseen_classes_are_refused_without_lists_too(bundle):
    shutil.rmtree(bundle / "label_splits")
    change(bundle, "tiny_utd_5_r/train_label.npy", lambda y: np.where(y == 0, 4, y))
    with pytest.raises(DataError, match="train.npy holds clips of unseen classes: utd/a05"):
        synse.examine(bundle, "my-bundle", None)


def test_features_of_two_datasets_need_a_name(bundle):
    for name in ("tiny_utd_5_r", "tiny_utd_val_5_r"):
        shutil.copytree(bundle / "sk_feats" / name, bundle / "sk_feats" / name.replace("utd", "other"))
    with pytest.raises(DataError, match="of one split"):
        synse.examine(bundle, "my-bundle", None)


@pytest.mark.skipif(not REAL.is_dir(), reason="the bundles at hand are not beside this checkout")
@pytest.mark.parametrize(
    "of, split, sizes", [("utd-mhad", "purls.22-5", (351, 350, 80)), ("nw-ucla", "purls.8-2", (817, 367, 96))]
)
def test_real_bundles_are_matched_to_their_split(of, split, sizes):
    found = synse.examine(REAL, "my-bundle", card(of))
    main = found.splits[split][2]["main"]
    assert tuple(len(x) for x in main.subsets.values()) == sizes
    with pytest.raises(DataError, match="--of nw-ucla or --of utd-mhad"):
        synse.examine(REAL, "my-bundle", None)
