"""What an opened dataset answers, in the same words for clips and for released features."""

import json

import numpy as np
import pytest
import released_bundle

from zsar.cli import main
from zsar.data.bundles import open_bundle
from zsar.data.cards import card
from zsar.data.contract import Dataset
from zsar.data.datasets import open_dataset
from zsar.data.importing import import_dataset
from zsar.data.splits import choose
from zsar.errors import DataError
from zsar.testing.small import small_dataset


@pytest.fixture
def clips(home):
    small_dataset(home, ("pku/08", "pku/14"), 2)
    return open_dataset("pku-sim")


@pytest.fixture
def bundle(tmp_path, home):
    import_dataset("tiny", released_bundle.write(tmp_path / "resources"))
    return open_dataset("tiny")


def test_card_classes_splits_and_protocols_are_reachable_from_either(clips, bundle):
    for dataset, name in ((clips, "pku-sim"), (bundle, "tiny")):
        assert isinstance(dataset, Dataset) and dataset.card == card(name)
        assert dataset.classes == card(name).classes and dataset.protocols == tuple(card(name).protocols)
        for key in dataset.splits:
            assert [split.key for split in choose(dataset.card, [key])] == [key]
    assert "smie.split-7" in clips.splits and bundle.splits == ("purls.22-5",)


def test_clips_have_what_clips_have(clips):
    assert len(clips) == len(clips.labels) == len(clips.subjects) == len(clips.samples) == 4
    np.testing.assert_array_equal(clips.clips(length=5), clips.clips(np.arange(4), 5))
    assert clips.clips(slice(1, 3), 5).shape == (2, 3, 5, 25, 2)
    (split,) = choose(clips.card, ["smie.split-7"])
    assert clips.of(split) is clips and clips.has_companion(split)
    assert not clips.left_out and not clips.divisions and not clips.texts and not clips.text("all-MiniLM-L6-v2")


def test_features_say_what_they_lack(bundle):
    (split,) = choose(bundle.card)
    features = bundle.of(split)
    assert bundle.has_companion(split) and features.of(split) is features
    assert set(features.divisions) == {"main", "companion"} and len(features.labels) == len(features)
    assert not features.left_out and bundle.texts == {"all-MiniLM-L6-v2": ["label"]}
    for dataset in (bundle, features):
        with pytest.raises(DataError, match="tiny holds released features, so it has no clips"):
            dataset.clips()
        with pytest.raises(DataError, match="no clips"):
            dataset.frames(0)
    for name in ("labels", "subjects", "views", "samples"):
        with pytest.raises(DataError, match=r"a set of clips for each of its splits\nOpen one of them: purls\.22-5"):
            getattr(bundle, name)


def test_verifying_reads_all_of_it_and_names_what_is_damaged(clips, bundle):
    clips.verify()
    bundle.verify()
    (text,) = bundle.path.glob("text-*.npy")
    whole = text.read_bytes()
    text.write_bytes(whole[:-4] + b"\0\0\0?")
    for read in (bundle.verify, lambda: bundle.text("all-MiniLM-L6-v2")):
        with pytest.raises(DataError, match=rf"{text.name} is damaged"):
            read()
    text.write_bytes(whole)
    (features,) = bundle.path.glob("purls*.npz")
    with np.load(features) as content:
        arrays = dict(content)
    np.savez(features, **arrays | {"main/features/train": arrays["main/features/train"][::-1]})
    for read in (bundle.verify, lambda: bundle.of(choose(bundle.card)[0])):
        with pytest.raises(DataError, match=rf"{features.name} is damaged: it doesn't hold what was imported"):
            read()


def test_bundles_without_checksums_of_their_text_are_read_and_their_version_is_the_same(bundle):
    file = bundle.path / "manifest.json"
    manifest = json.loads(file.read_text())
    del manifest["checksums"]
    file.write_text(json.dumps(manifest))
    opened = open_bundle(bundle.path)
    opened.verify()
    assert opened.version == bundle.version
    file.write_text(json.dumps(manifest | {"version": "0" * 16}))
    with pytest.raises(DataError, match=r"manifest.json is damaged"):
        open_bundle(bundle.path)


def test_the_command_checks_one_or_all_and_goes_on_after_a_damaged_one(clips, bundle, capsys):
    assert main(["data", "check"]) == 0
    out = capsys.readouterr().out
    assert f"tiny: as it was written, version {bundle.version}" in out and clips.version in out
    frames = clips.path / "frames.npy"
    frames.write_bytes(frames.read_bytes()[:-4] + b"\0\0\0?")
    assert main(["data", "check"]) == 2
    out, err = capsys.readouterr()
    assert "tiny: as it was written" in out and f"{frames} is damaged: 1 of 4 clips" in err and "import" in err
    assert main(["data", "check", "pku-sim"]) == 2 and main(["data", "check", "tiny"]) == 0
    assert main(["data", "check", "utd-mhad"]) == 2
    assert "is not on this machine" in capsys.readouterr().err
