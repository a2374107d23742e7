"""Opening a dataset by name: what is here, what is made, and what to do where it is neither."""

from pathlib import Path

import numpy as np
import pytest

from zsar.data.cards import card, cards, store_path
from zsar.data.datasets import open_dataset
from zsar.data.importing import import_recordings
from zsar.data.partition import partition
from zsar.data.splits import choose, splits_of
from zsar.errors import DataError, UnknownName
from zsar.simulation import generate
from zsar.testing.small import UNSEEN, small, small_dataset

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
UTD = SHARED / "utd_mhad" / "Skeleton.zip"
UCLA = SHARED / "nw_ucla" / "all_sqe.zip"


@pytest.mark.parametrize("name", [c.id for c in cards() if not c.simulated])
def test_a_dataset_that_is_not_here_says_what_to_get_and_what_to_run_meanwhile(name, home):
    with pytest.raises(DataError) as error:
        open_dataset(name)
    message = str(error.value)
    assert str(home / "data" / name) in message and card(name).title in message
    assert card(name).get in message and "zsar bench --methods pgfa,dvta,sadvae --dataset pku-sim" in message


def test_typos_are_answered():
    with pytest.raises(UnknownName, match="Did you mean .*utd-mhad"):
        open_dataset("utd-mhd")


def test_the_simulated_dataset_is_made_once(home, monkeypatch):
    made = []
    real = generate.generate
    monkeypatch.setattr(generate, "generate", lambda: made.append(1) or real(["pku/08", "pku/21"], 2))
    first = open_dataset("pku-sim")
    assert (len(first), first.id, first.layout) == (4, "pku-sim", "kinect_v2") and open_dataset("pku-sim") is first
    open_dataset.cache_clear()
    assert open_dataset("pku-sim").version == first.version and made == [1]
    monkeypatch.setattr(generate, "VERSION", generate.VERSION + 1)  # a new generator doesn't take old clips
    open_dataset.cache_clear()
    open_dataset("pku-sim")
    assert made == [1, 1] and len(list((home / "data").iterdir())) == 2


def test_a_damaged_store_is_named(home):
    small_dataset(home, ("pku/08",), 1)
    (path,) = (home / "data").iterdir()
    (path / "index.npz").write_bytes(b"")
    with pytest.raises(DataError, match="index.npz is damaged"):
        open_dataset("pku-sim")


def test_the_small_dataset_stands_in_for_the_simulated_one(home):
    few = small(home)
    assert open_dataset("pku-sim").version == few.dataset.version
    assert set(few.dataset.labels) == set(few.card.classes) == set(few.split.seen) | set(UNSEEN)
    subsets = partition(few.dataset, few.card, few.split, few.card.default_protocol)
    assert [len(subsets.seen_train), len(subsets.seen_test), len(subsets.unseen_test)] == [18, 18, 9]
    two = few.dataset.labels == "pku/14"  # handshaking
    assert few.dataset.clips(two, 5)[..., 1].any() and not few.dataset.clips(~two, 5)[..., 1].any()


def real(name: str, source: Path, folder: Path):
    if not source.is_file():
        pytest.skip(f"the makers' archive of {name} is not at hand ({source.name})")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSAR_HOME", str(folder))
        return import_recordings(card(name), source)


def sizes(dataset, name: str, split: str, protocol: str | None = None) -> list[int]:
    description = card(name)
    subsets = partition(dataset, description, choose(description, [split])[0], description.protocol(protocol))
    return [len(subsets.seen_train), len(subsets.seen_test), len(subsets.unseen_test)]


@pytest.mark.parametrize("name, source", [("utd-mhad", UTD), ("nw-ucla", UCLA)])
def test_every_split_of_the_real_archives_has_all_the_clips_that_it_needs(name, source, tmp_path):
    data, description = real(name, source, tmp_path), card(name)
    for protocol in description.protocols.values():
        tests = int((~protocol.trains(data)).sum())
        assert 0 < tests < len(data)
        for split in splits_of(description):
            train, seen, unseen = sizes(data, name, f"{split.family}.{split.name}", protocol.name)
            assert seen + unseen == tests
            assert train == int((protocol.trains(data) & np.isin(data.labels, split.seen)).sum())
    if name == "utd-mhad":
        assert sizes(data, name, "22-5") == [351, 350, 80]


def test_a_store_is_looked_for_at_home(home, monkeypatch, tmp_path):
    assert store_path("x") == home / "data" / "x"
    monkeypatch.delenv("ZSAR_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store_path("x") == tmp_path / "zsar" / "data" / "x"
