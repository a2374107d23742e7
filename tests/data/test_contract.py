"""What an opened dataset answers, in the same words for clips and for released features."""

import numpy as np
import pytest
import released_bundle

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
