"""The generalized setting through the harness: what is calibrated never looks at unseen test labels."""

import numpy as np
import pytest

from zsar.harness.execute import execute
from zsar.harness.fold import fold
from zsar.testing.small import job

KEYWORDS = {
    "sadvae": {"cycles": 4, "passes": 2},
    "pgfa": {"epochs": 4, "hidden": 4, "width": 16, "batch": 8},
    "nearest": {},
}


def chosen(record):
    """Everything that calibration and selection chose, apart from what is named oracle."""
    found = {}
    for mode, rules in record["results"].items():
        found[mode, "val"] = rules["val"]["epoch"]
        for rule in ("last", "val"):
            for name, numbers in rules[rule]["gzsl"]["strategies"].items():
                if name not in ("none", "oracle"):
                    found[mode, rule, name] = numbers["parameters"]
    return found


def oracles(record):
    return [
        (rules["oracle"]["epoch"], rules["last"]["gzsl"]["strategies"]["oracle"]["parameters"])
        for rules in record["results"].values()
    ]


@pytest.mark.parametrize("method", KEYWORDS)
def test_permuting_unseen_test_labels_changes_only_the_oracles(nine, tmp_path, monkeypatch, method):
    asked = job(nine, method, settings=("zsl", "gzsl"), **KEYWORDS[method])
    (honest,) = execute([asked], tmp_path / "honest")
    assert honest["status"] == "done", honest["error"]

    def permuted(job, **keywords):
        divided = fold(job, **keywords)
        if divided.test.classes == job.split.unseen:
            divided.test.labels[:] = np.roll(divided.test.labels, len(divided.test.labels) // 2 + 1)
        return divided

    monkeypatch.setattr("zsar.harness.run.fold", permuted)
    (other,) = execute([asked], tmp_path / "permuted")
    assert other["status"] == "done", other["error"]
    assert chosen(other) == chosen(honest)
    assert len(chosen(honest)) == len(honest["results"]) * 5
    labels = [np.load(tmp_path / where / f"{honest['run']}.npz")["gzsl/labels"] for where in ("honest", "permuted")]
    assert (labels[0] != labels[1]).any()
    if method == "sadvae":
        assert oracles(other) != oracles(honest)


def test_generalized_numbers_are_those_of_the_kept_scores(nine, tmp_path):
    from zsar.evaluation import gzsl_metrics

    (record,) = execute([job(nine, "sadvae", settings=("zsl", "gzsl"), cycles=2, passes=1)], tmp_path)
    scores = np.load(tmp_path / f"{record['run']}.npz")
    classes = record["split"]["seen"] + record["split"]["unseen"]
    mask = np.arange(len(classes)) < len(record["split"]["seen"])
    again = gzsl_metrics(scores["gzsl/inductive/last"], scores["gzsl/labels"], classes, mask)
    numbers = record["results"]["inductive"]["last"]["gzsl"]
    assert numbers["ausuc"] == again["ausuc"]
    assert numbers["strategies"]["none"]["harmonic"] == again["harmonic"]
    counts = record["counts"]
    assert len(scores["gzsl/labels"]) == counts["seen_test"] + counts["unseen_test"]


def test_asking_for_the_generalized_setting_later_keeps_what_was_there(nine, tmp_path):
    (first,) = execute([job(nine, "nearest")], tmp_path)
    (both,) = execute([job(nine, "nearest", settings=("gzsl",))], tmp_path)
    assert first["run"] == both["run"] and both["settings"] == ["zsl", "gzsl"]
    assert first["results"]["inductive"]["last"]["top1"] == both["results"]["inductive"]["last"]["top1"]
    assert "gzsl" in both["results"]["inductive"]["last"]


def test_another_seen_expert_is_judged_anew(nine, tmp_path):
    import dataclasses

    from zsar.encoders.features import EncoderChoice

    asked = job(nine, "pgfa", settings=("zsl", "gzsl"), **KEYWORDS["pgfa"])
    (first,) = execute([asked], tmp_path)
    assert first["seen_expert"]["keywords"]["components"] == 8
    other = EncoderChoice.of("trajectory", {"frames": 6, "components": 2}, 12)
    (second,) = execute([dataclasses.replace(asked, expert=other)], tmp_path)
    assert second["run"] == first["run"] and second["seen_expert"]["keywords"]["components"] == 2
    zsl = [r["results"]["inductive"]["last"]["top1"] for r in (first, second)]
    assert zsl[0] == zsl[1]
    gates = [r["results"]["inductive"]["last"]["gzsl"]["strategies"]["gate"]["parameters"] for r in (first, second)]
    assert gates[0] != gates[1]


def test_more_rules_keep_the_generalized_numbers_of_an_end_to_end_method(nine, tmp_path):
    execute([job(nine, "pgfa", rules=("last",), settings=("zsl", "gzsl"), **KEYWORDS["pgfa"])], tmp_path)
    (later,) = execute([job(nine, "pgfa", rules=("val",), **KEYWORDS["pgfa"])], tmp_path)
    assert later["status"] == "done" and later["settings"] == ["zsl", "gzsl"]
    assert set(later["results"]["inductive"]) == {"last", "val"}
    assert "gzsl" in later["results"]["inductive"]["last"]


def test_a_plan_names_the_expert_of_end_to_end_methods():
    from zsar.harness.plan import plan

    (asked,) = plan("pgfa", "utd-mhad", splits="22-5")
    assert asked.encoder is None and asked.seen_expert["name"] == "trajectory"


def test_evaluate_says_what_a_trained_method_is_worth_in_each_mode(nine):
    from zsar.evaluation.gzsl import accuracies
    from zsar.harness.fold import fold
    from zsar.harness.judge import evaluate
    from zsar.harness.train import train
    from zsar.plugins import find

    planned = job(nine, "pgfa", settings=("zsl", "gzsl"), **KEYWORDS["pgfa"])
    divided, method = fold(planned), find("method", "pgfa")(**planned.keywords)
    history = train(method, divided, seed=0)
    numbers = evaluate(method, divided)
    assert set(numbers) == {"inductive", "transductive"}
    for mode, of_mode in numbers.items():
        assert of_mode["top1"] == history.accuracy[mode][-1] and of_mode["chance"] == 1 / 3
        among_all = history.generalized[mode][history.epochs][:, :9]
        labels = np.concatenate([divided.seen_test.labels, 6 + divided.test.labels])
        expected = accuracies(among_all.argmax(1), labels, np.arange(9) < 6)
        assert {name: of_mode[name] for name in ("seen", "unseen", "harmonic")} == {
            name: expected[name] for name in ("seen", "unseen", "harmonic")
        }
