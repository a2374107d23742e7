"""A kept model, given files and free-form labels on the command line, is as accurate as the benchmark says."""

import json
import zipfile

import numpy as np
import pytest
from raw_files import ntu_file

from zsar.cli import main
from zsar.data.cards import card
from zsar.data.datasets import open_dataset
from zsar.data.partition import partition
from zsar.harness.execute import execute
from zsar.harness.plan import plan
from zsar.text.prompts import texts

QUICK = {"nearest": {}, "sadvae": {"cycles": 3, "passes": 1, "draws": 50, "classifier_steps": 50}}
UTD_QUICK = {"nearest": {}, "sadvae": {"passes": 4, "cycles": 4, "classifier_steps": 100}}


def benched(method, dataset, split, keywords, folder) -> dict:
    """What the benchmark reports: the record of a run with seed 3, under the rule ``last``, in both settings."""
    keywords = {method: keywords} if keywords else {}
    jobs = plan(method, dataset, splits=split, seeds=[3], keywords=keywords, settings="zsl,gzsl")
    [record] = execute(jobs, folder)
    assert record["status"] == "done", record["error"]
    return record["results"]["inductive"]["last"]


def trained(method, dataset, split, keywords, folder, capsys) -> None:
    options = [word for key, value in keywords.items() for word in ("--set", f"{method}.{key}={value}")]
    arguments = ["train", "--method", method, "--dataset", dataset, "--split", split, "--seed", "3"]
    assert main([*arguments, "--save", str(folder), "--folds", "1", "--device", "cpu", *options]) == 0
    assert "as zsar bench reports" in capsys.readouterr().out


def predicted(folder, files, labels, capsys) -> list[str]:
    """The likeliest label of each file's only clip."""
    capsys.readouterr()
    assert main(["predict", str(folder), *map(str, files), "--top", "1", "--json", "--labels", *labels]) == 0
    clips = json.loads(capsys.readouterr().out)["clips"]
    assert [clip["file"] for clip in clips] == [str(file) for file in files]
    return [clip["predictions"][0]["label"] for clip in clips]


@pytest.fixture(scope="module", params=QUICK)
def simulated(request):
    return request.param, QUICK[request.param]


def test_simulated_clips(simulated, made, tmp_path, monkeypatch, capsys):
    """As arrays, and, those of one person, as the files of NTU RGB+D."""
    monkeypatch.setenv("ZSAR_HOME", str(made.home))
    open_dataset.cache_clear()
    (method, keywords), split = simulated, "smie.split-7"
    reported = benched(method, "pku-sim", split, keywords, tmp_path / "bench")
    trained(method, "pku-sim", split, keywords, tmp_path / "model", capsys)
    open_dataset.cache_clear()
    dataset, subsets = made.dataset, made.subsets
    label_of = dict(
        zip(subsets.candidates, texts(card("pku-sim").prompts, "description", subsets.candidates), strict=True)
    )
    labels, truth = list(label_of.values())[::-1], [label_of[dataset.labels[i]] for i in subsets.unseen_test]
    arrays, skeletons = [], {}
    for place, i in enumerate(subsets.unseen_test.tolist()):
        frames = dataset.frames(i)
        arrays.append(tmp_path / f"{i}.npz")
        np.savez(arrays[-1], frames=frames)
        if not frames[:, 1].any():
            skeletons[place] = tmp_path / f"{i}.skeleton"
            skeletons[place].write_bytes(ntu_file(frames))
    found = predicted(tmp_path / "model", arrays, labels, capsys)
    right = sum(a == b for a, b in zip(found, truth, strict=True))
    assert right / len(truth) == reported["top1"]
    assert skeletons and found != [labels[0]] * len(found)
    of_skeletons = predicted(tmp_path / "model", skeletons.values(), labels, capsys)
    assert of_skeletons == [found[place] for place in skeletons]


def test_recorded_clips(utd_archive, tmp_path, monkeypatch, capsys):
    """UTD-MHAD's unseen classes, as the files in the makers' archive; names of classes do as well as descriptions."""
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "home"))
    open_dataset.cache_clear()
    assert main(["data", "import", "utd-mhad", "--source", str(utd_archive)]) == 0
    description = card("utd-mhad")
    dataset = open_dataset("utd-mhad")
    for method, keywords in UTD_QUICK.items():
        split = "purls.22-5"
        reported = benched(method, "utd-mhad", split, keywords, tmp_path / "bench")
        trained(method, "utd-mhad", split, keywords, tmp_path / method, capsys)
        [job] = plan(method, "utd-mhad", splits=split, rules="last")
        subsets = partition(dataset, description, job.split, job.protocol)
        numbers = np.concatenate([subsets.unseen_test, subsets.seen_test]).tolist()
        with zipfile.ZipFile(utd_archive) as archive:
            files = [tmp_path / dataset.sources[i].rsplit("/", 1)[-1] for i in numbers]
            for i, file in zip(numbers, files, strict=True):
                file.write_bytes(archive.read(dataset.sources[i]))
        unseen, prompted = subsets.candidates, texts("utd27", "description", subsets.candidates)
        named = [description.classes[c] for c in unseen]
        count = len(subsets.unseen_test)
        for labels in (prompted, [name.upper() for name in named]):
            found = predicted(tmp_path / method, files[:count], labels, capsys)
            truth = [labels[unseen.index(dataset.labels[i])] for i in subsets.unseen_test]
            assert np.mean(np.array(found) == truth) == reported["top1"]
        # Among all classes, with the constant of the companion run.
        found = predicted(tmp_path / method, files, list(description.classes.values()), capsys)
        right = np.array(found) == [description.classes[dataset.labels[i]] for i in numbers]
        stacking = reported["gzsl"]["strategies"]["stacking"]
        assert (right[:count].mean(), right[count:].mean()) == (stacking["unseen"], stacking["seen"])
    open_dataset.cache_clear()
