"""What lies behind a row is what the records and their scores say."""

import numpy as np
import pytest
from page_inputs import RECORDS, data_of

from zsar.evaluation.gzsl import seen_unseen_curve, standard_scores
from zsar.results import Results
from zsar.results.record import read_records


def test_numbers_behind_a_row_are_the_records(content):
    [group] = [g for g in content["groups"] if g["dataset"] == "utd-mhad"]
    records = {r["run"]: r for r in read_records(RECORDS / "utd-mhad")}
    split = next(s for s in group["splits"] if s["name"] == "22-5")
    for key, entry in group["entries"].items():
        _, mode, rule = key.split(".")
        runs = [records[run] for name, _, run in group["sources"][entry["source"]]["runs"] if name == "22-5"]
        if not runs:
            assert "22-5" not in entry["splits"]
            continue
        results = [r["results"][mode][rule] for r in runs]
        detail = entry["splits"]["22-5"]
        assert np.array_equal(detail["confusion"], np.sum([r["confusion"] for r in results], axis=0))
        means = [np.mean([r["per_class"][c] for r in results]) for c in runs[0]["split"]["unseen"]]
        assert [m for m, _ in detail["perClass"]] == pytest.approx(means, abs=1e-5)
        arrays = Results.read(RECORDS / "utd-mhad").scores.read(runs[0]["run"], (f"{mode}/{rule}", "labels", "samples"))
        predicted = dict(zip(arrays["samples"].tolist(), arrays[f"{mode}/{rule}"].argmax(1).tolist(), strict=True))
        for position, clip in enumerate(split["clips"]):
            wrong = detail["mistakes"].get(str(position))
            assert (wrong is None) == (predicted[clip["sample"]] == clip["true"])
            assert wrong is None or (wrong[0][0] == predicted[clip["sample"]] and len(wrong) == 5)
    assert {clip["true"] for clip in split["clips"]} == set(range(5))


def test_the_curve_is_the_exact_one_averaged_over_seeds(simulated):
    text = simulated.path.read_text(encoding="utf-8")
    [group] = data_of(text)["groups"]
    records = {r["run"]: r for r in simulated.records}
    for key, entry in group["entries"].items():
        _, mode, rule = key.split(".")
        curve = np.array(entry["splits"]["split-7"]["curve"])
        exact = []
        for _, _, run in group["sources"][entry["source"]]["runs"]:
            arrays = Results.read(simulated.folder).scores.read(run, (f"gzsl/{mode}/{rule}", "gzsl/labels"))
            mask = np.arange(51) < len(records[run]["split"]["seen"])
            exact.append(seen_unseen_curve(standard_scores(arrays[f"gzsl/{mode}/{rule}"]), arrays["gzsl/labels"], mask))
        assert len(exact) == 2
        for unseen, seen in curve[::7]:
            best = [c.seen[c.unseen >= unseen - 1e-5].max() for c in exact]
            assert seen == pytest.approx(np.mean(best), abs=1e-4)
        assert np.all(np.diff(curve[:, 1]) <= 1e-9)
