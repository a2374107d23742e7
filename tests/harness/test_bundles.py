"""Datasets of released features: methods run on them with the subsets, text and outputs that they came with."""

import json
from pathlib import Path

import numpy as np
import pytest
import released_bundle

from zsar.data.datasets import open_dataset
from zsar.data.importing import import_dataset
from zsar.data.partition import companion, partition
from zsar.encoders.recorded import unseen_test_features
from zsar.errors import DataError, UnknownName, ZsarError
from zsar.harness.execute import execute
from zsar.harness.plan import plan
from zsar.page import payload
from zsar.results import Results
from zsar.results.record import read_records


@pytest.fixture
def imported(tmp_path, empty_home):
    """Import a bundle with options of `released_bundle.write` as the dataset ``tiny``."""

    def bring(**options):
        import_dataset("tiny", released_bundle.write(tmp_path / "resources", **options))
        return open_dataset("tiny")

    return bring


FAST = {"pgfa-fixed": {"epochs": 2}, "dvta": {"epochs": 2}, "sadvae": {"cycles": 2, "passes": 1}}


def run(folder, **options):
    return execute(plan("pgfa,dvta,sadvae", "tiny", keywords=FAST, **options), folder)


def test_every_method_runs_and_the_records_say_whose_features_they_are(imported, tmp_path):
    imported()
    records = run(tmp_path / "out", settings=["zsl", "gzsl"])
    assert [r["status"] for r in records] == ["done"] * 3, [r["error"] for r in records]
    assert [r["method"]["title"] for r in records] == ["PGFA (fixed encoder)", "DVTA", "SA-DVAE"]
    for record in records:
        assert record["encoder"]["name"] == "released tiny"
        assert record["dataset"]["base"] == "utd-mhad" and record["dataset"]["id"] == "tiny"
        counts = {"seen_train": 88, "seen_test": 66, "unseen_test": 15}
        assert record["counts"].items() >= counts.items() and record["counts"]["parameters"] >= 0
        assert set(record["results"]["inductive"]["val"]["gzsl"]["strategies"]) >= {"stacking", "gate"}


def test_the_page_says_that_there_are_no_skeletons_and_maps_the_released_features(imported, tmp_path):
    imported()
    execute(plan(["nearest", "eszsl"], "tiny"), tmp_path)
    [group] = payload(Results.read(tmp_path), features=unseen_test_features)["groups"]
    [split] = group["splits"]
    assert split["clipsSaid"] == "The dataset holds features only, so there are no skeletons here." and split["clips"]
    assert all(len(places) == 2 * len(split["maps"]["labels"]) for places in split["maps"]["features"].values())


def test_the_subsets_are_the_bundle_s_own(imported):
    imported()
    job = plan(["nearest"], "tiny")[0]
    dataset = job.dataset
    main = partition(dataset, job.card, job.split, job.protocol)
    assert dataset.arrays(main)["train"].shape == (88, 16)
    held = companion(dataset, job.split, main)
    assert held is not main and len(held.unseen_test) == 20 and not set(held.candidates) & set(job.split.unseen)
    assert dataset.arrays(held)["seen_test_logits"].shape == (51, 17)


def test_released_text_is_used_as_it_is_and_stands_in_the_record(imported):
    bundle = imported()
    job = plan(["nearest"], "tiny", text="released")[0]
    vectors = job.vectors
    assert (job.text_model, job.prompts) == ("released:all-MiniLM-L6-v2", ("label",))
    assert np.array_equal(vectors.values[:, 0], bundle.text("all-MiniLM-L6-v2")["label"])
    other = plan(["nearest"], "tiny")[0].vectors
    assert other.hash != vectors.hash and other.values.shape[-1] == 384


def test_a_bundle_without_a_companion_is_judged_without_calibration_only(imported, tmp_path):
    imported(companion=False)
    records = run(tmp_path / "out", rules=["last", "oracle"])
    assert [r["status"] for r in records] == ["done"] * 3
    for options in ({}, {"rules": ["last"], "settings": ["gzsl"]}):
        with pytest.raises(ZsarError, match="has no companion") as e:
            plan(["dvta"], "tiny", **options)
        assert "--rule last,oracle --setting zsl" in str(e.value)


def test_outputs_that_are_missing_keep_the_generalized_setting_from_being_judged(imported, tmp_path):
    imported(outputs="none")
    records = run(tmp_path / "out", settings=["zsl", "gzsl"])
    assert {r["status"] for r in records} == {"failed"} and "gtest_out" in records[0]["error"]["message"]


def test_what_a_bundle_cannot_do_is_said(imported, install):
    imported()
    with pytest.raises(ZsarError, match="no encoder can be chosen"):
        plan(["dvta"], "tiny", encoder="stgcn")
    with pytest.raises(UnknownName, match="18-9"):
        plan(["dvta"], "tiny", splits=["purls.18-9"])
    install(
        "from zsar.learning.contract import Method\n"
        "class Clips(Method):\n"
        "    title = 'Clips'\n    input = 'clips'\n"
        "    def train(self, seen, text):\n        yield {'loss': 0.0}\n"
        "    def score(self, x, text):\n        return x\n",
        "clips_only_methods",
        clipsonly="Clips",
    )
    with pytest.raises(ZsarError, match="learns from clips, and tiny holds features only"):
        plan(["clipsonly"], "tiny")


def test_a_damaged_bundle_is_named(imported):
    bundle = imported()
    split = plan(["nearest"], "tiny")[0].split
    (bundle.path / "purls.22-5.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"purls\.22-5\.npz is missing or damaged"):
        open_dataset("tiny").of(split)
    (bundle.path / "manifest.json").write_text(json.dumps({"kind": "features"}))
    open_dataset.cache_clear()
    with pytest.raises(DataError, match=r"manifest\.json is missing or damaged"):
        open_dataset("tiny")


def test_importing_twice_gives_the_same_version_and_under_a_known_name_is_refused(imported, tmp_path):
    first = imported().version
    root = tmp_path / "resources"
    assert import_dataset("tiny", root).version == first
    with pytest.raises(ZsarError, match="utd-mhad is a dataset that zsar knows"):
        import_dataset("utd-mhad", root)
    with pytest.raises(ZsarError, match="can't be called"):
        import_dataset("../tiny", root)


REAL = Path(__file__).parents[3] / "shared" / "data" / "bundles"


@pytest.mark.skipif(not REAL.is_dir(), reason="the bundles at hand are not beside this checkout")
@pytest.mark.parametrize("of, chance", [("utd-mhad", 1 / 5), ("nw-ucla", 1 / 2)])
def test_bundles_made_from_real_skeletons_are_imported_and_run(zsar, empty_home, tmp_path, of, chance):
    brought = zsar("data", "import", "real", "--of", of, "--source", REAL, cwd=tmp_path)
    assert brought.returncode == 0, brought.stderr
    few = ("--set", "dvta.epochs=5", "--set", "dvta.warmup=1")
    ran = zsar("bench", "--methods", "pgfa,dvta,sadvae", "--dataset", "real", "--jobs", "1", *few, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "PGFA (fixed encoder)" in ran.stdout
    best = [r["results"]["inductive"]["oracle"]["top1"] for r in read_records(tmp_path / "results" / "real")]
    assert len(best) == 3 and min(best) > chance
