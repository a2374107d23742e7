"""t-SNE of scores beside records, and of features that this machine can make."""

import numpy as np
import pytest
from from_folder import draw_folder

from zsar.data.cards import card
from zsar.data.datasets import open_dataset
from zsar.data.splits import choose
from zsar.errors import DataError, RecordError, ZsarError
from zsar.harness.plan import plan
from zsar.harness.run import run
from zsar.plots.tsne import features
from zsar.results.record import write_record
from zsar.testing.small import small_dataset


def clips(axes):
    """Points of all classes by their legend's name."""
    return {line.get_label(): np.stack(line.get_data(), axis=1) for line in axes.get_lines()}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A results folder with one run on a small simulated dataset, and the dataset's home."""
    home, place = tmp_path_factory.mktemp("home-maps"), tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSAR_HOME", str(home))
        small_dataset(home, classes=None, clips_per_class=4)
        [job] = plan("nearest", "pku-sim", splits="smie.split-7", rules="last,oracle")
        record, scores = run(job, place)
        write_record(place, record)
        np.savez(place / f"{record['run']}.npz", **scores)
    open_dataset.cache_clear()
    return place, home, record


@pytest.fixture
def there(ran, monkeypatch):
    """`ran`, with the dataset on this machine."""
    monkeypatch.setenv("ZSAR_HOME", str(ran[1]))
    open_dataset.cache_clear()
    yield ran
    open_dataset.cache_clear()


def test_features_are_made_again_and_every_clip_is_on_the_map(there, texts):
    place, _, record = there
    picture = draw_folder("tsne", place)
    shown = clips(picture.figure.axes[0])
    names = list(shown)
    assert len(names) == len(record["split"]["unseen"]) and all(len(points) == 2 for points in shown.values())
    assert len({(line.get_marker(), line.get_color()) for line in picture.figure.axes[0].get_lines()}) == len(names)
    assert any("features of trajectory, seed 0" in text for text in texts(picture.figure))
    assert record["run"] in picture.caption and "before any method" in picture.caption
    again = clips(draw_folder("tsne", place).figure.axes[0])
    assert all(np.array_equal(shown[name], again[name]) for name in names)


def test_without_the_data_an_error_says_what_to_do(ran, empty_home):
    place, _, _ = ran
    [split] = choose(card("utd-mhad"), ["purls.22-5"])
    record = ran[2].content | {"dataset": ran[2]["dataset"] | {"id": "utd-mhad"}}
    record["split"] = record["split"] | {"family": "purls", "name": "22-5", "hash": split.hash}
    with pytest.raises(DataError, match="(?s)UTD-MHAD.*not on this machine.*zsar data.*--space scores"):
        features(record, [])
    assert "scores of Nearest" in draw_folder("tsne", place, space="scores").caption


def test_other_data_than_the_records_is_refused(there):
    record = there[2]
    samples = open_dataset("pku-sim").samples.tolist()
    own = np.load(there[0] / f"{record['run']}.npz")["samples"].tolist()
    for changed, words in (
        ({"dataset": record["dataset"] | {"version": "0" * 16}}, "version"),
        ({"split": record["split"] | {"hash": "0" * 16}}, "other classes"),
        ({"encoder": None}, "end to end"),
        ({"encoder": record["encoder"] | {"name": "stgcn", "keywords": {}}}, "stgcn.*aren't cached"),
    ):
        with pytest.raises(DataError, match=f"(?s){words}.*--space scores"):
            features(record.content | changed, own)
    with pytest.raises(DataError, match="other ones now"):
        features(record, samples)
    assert features(record, own).shape[0] == len(own)


def test_a_map_of_scores_has_the_prototypes_and_needs_no_data(committed, empty_home, texts):
    choice = dict(method="dvta", split="18-9", seed=1)
    picture = draw_folder("tsne", committed / "utd-mhad", **choice, space="scores")
    axes = picture.figure.axes[0]
    shown = clips(axes)
    assert list(shown)[:2] == ["1 swipe left", "2 swipe right"] and len(shown) == 9
    assert [t.get_text() for t in axes.texts] == [str(i) for i in range(1, 10)]
    run_id = picture.caption.rstrip(".").split()[-1]
    labels = np.load(committed / "utd-mhad" / f"{run_id}.npz")["labels"]
    assert [len(points) for points in shown.values()] == np.bincount(labels).tolist()
    assert any("scores of DVTA, last epoch, seed 1" in text for text in texts(picture.figure))


def test_a_method_that_is_named_is_the_one_that_is_drawn(committed, empty_home):
    dvta, devise = (
        draw_folder("tsne", committed / "utd-mhad", method=name, split="18-9") for name in ("dvta", "devise")
    )
    assert "scores of DVTA" in dvta.caption and "scores of DeViSE" in devise.caption
    one, other = (np.concatenate(list(clips(p.figure.axes[0]).values())) for p in (dvta, devise))
    assert one.shape == other.shape and not np.allclose(one, other)


def test_features_are_of_an_encoder_and_not_of_a_method(there, folder):
    record = there[2].content
    nearest = np.load(there[0] / f"{record['run']}.npz")
    other = record | {"run": "0" * 16, "method": record["method"] | {"name": "other", "keywords": {}}}
    place = folder([record, other], {record["run"]: nearest, other["run"]: nearest})
    assert "features of trajectory" in draw_folder("tsne", place).caption
    other = other | {"encoder": record["encoder"] | {"name": "stgcn"}}
    place = folder([record, other], {record["run"]: nearest, other["run"]: nearest})
    with pytest.raises(ZsarError, match=r"one encoder, and 2 fit: .*stgcn \(run 0{16}\).*\n.*--run"):
        draw_folder("tsne", place)
    assert record["run"] in draw_folder("tsne", place, run=record["run"]).caption
    with pytest.raises(ZsarError, match="a method changes nothing"):
        draw_folder("tsne", place, method="nearest", space="features")


def test_maps_that_make_no_sense_are_refused(varied, folder, committed):
    record = varied()
    place = folder([record])
    with pytest.raises(RecordError, match="no scores beside its record"):
        draw_folder("tsne", place, space="scores")
    few = {"labels": np.arange(5), "samples": np.arange(5).astype(str), "inductive/last": np.eye(5)}
    with pytest.raises(ZsarError, match="8 clips or more"):
        draw_folder("tsne", folder([record], {record["run"]: few}), space="scores")
    with pytest.raises(ZsarError, match="two classes.*\n.*--space features"):
        draw_folder("tsne", committed / "nw-ucla", method="dvta", split="8-2", space="scores")
    with pytest.raises(ZsarError, match="unknown space"):
        draw_folder("tsne", place, space="score")
