"""What pictures show is what the records hold."""

import json

import numpy as np
import pytest

from zsar.errors import ZsarError
from zsar.evaluation.intervals import mean_interval
from zsar.plots import words
from zsar.plots.choosing import Choice
from zsar.plots.kinds import draw
from zsar.results import Results


def committed_records(folder, **wanted):
    """The committed records of a dataset whose method and split are the ones wanted."""
    found = [json.loads(p.read_text()) for p in sorted(folder.glob("*.json"))]
    return [r for r in found if all(r[k]["name"] == v for k, v in wanted.items())]


def lines(axes, marker):
    """The lines of an axes that are drawn with a marker."""
    return [line for line in axes.get_lines() if line.get_marker() == marker]


def test_a_confusion_matrix_adds_up_the_seeds_and_names_the_classes(committed, texts):
    picture = draw("confusion", committed / "utd-mhad", Choice(methods=("dvta",), split="18-9"))
    records = committed_records(committed / "utd-mhad", method="dvta", split="18-9")
    assert len(records) == 5
    total = sum(np.array(r["results"]["inductive"]["last"]["confusion"]) for r in records)
    expected = 100 * total / total.sum(axis=1, keepdims=True)
    shown = picture.figure.axes[0].get_images()[0].get_array()
    assert np.allclose(shown, expected) and np.allclose(shown.sum(axis=1), 100)
    said = texts(picture.figure)
    assert {"basketball shoot", "tennis serve", "knock", "true class", "predicted class"} <= set(said)
    written = [t for t in picture.figure.axes[0].texts if t.get_text().isdigit()]
    assert {(t.get_position(), t.get_text()) for t in written} == {
        ((j, i), f"{expected[i, j]:.0f}") for i, j in np.ndindex(expected.shape) if round(expected[i, j])
    }
    assert "DVTA" in said[-1] and "last epoch, 5 seeds" in said[-1]
    right = 100 * np.trace(total) / total.sum()
    assert f"{total.sum()} clips, {right:.1f} % right" in picture.caption


def test_a_confusion_matrix_of_one_seed_and_of_a_transductive_result(committed, texts):
    choice = Choice(methods=("pgfa",), split="purls.5-5", seed=3, mode="transductive", rule="oracle")
    picture = draw("confusion", committed / "nw-ucla", choice)
    [record] = [r for r in committed_records(committed / "nw-ucla", method="pgfa", split="5-5") if r["seed"] == 3]
    counts = np.array(record["results"]["transductive"]["oracle"]["confusion"])
    shown = picture.figure.axes[0].get_images()[0].get_array()
    assert np.allclose(shown, 100 * counts / counts.sum(axis=1, keepdims=True))
    head = texts(picture.figure)[-1]
    assert "PGFA (T)" in head and "oracle: epoch chosen on the test labels, seed 3" in head


def test_bars_are_the_means_over_seeds(varied, folder, texts):
    records = [varied(m, seed=s, modes=modes) for m, modes in KINDS_OF_METHODS for s in range(3)]
    records[0]["results"]["inductive"]["last"]["per_class"]["c2"] = 0.0
    for record in records:
        for by_rule in record["results"].values():
            by_rule["last"]["per_class"]["c4"] = None
    picture = draw("per-class", folder(records))
    axes = picture.figure.axes[0]
    names = [t.get_text() for t in axes.get_yticklabels()]
    assert sorted(names) == ["c0", "c1", "c2", "c3", "c4"] and names[-1] == "c4"
    assert "no test clip" in texts(picture.figure)
    assert len(axes.containers) == 2 * 3  # bars and whiskers of two methods, one with two modes
    bars = {c.get_label(): c for c in axes.containers if c.get_label()[0] != "_"}
    assert set(bars) == {"PGFA", "PGFA (T)", "DVTA"}
    shares = {}
    for label, mode, method in (
        ("PGFA", "inductive", "pgfa"),
        ("PGFA (T)", "transductive", "pgfa"),
        ("DVTA", "inductive", "dvta"),
    ):
        runs = [r["results"][mode]["last"]["per_class"] for r in records if r["method"]["name"] == method]
        shares[label] = [100 * np.mean([run[c] for run in runs]) for c in names[:-1]]
        assert np.allclose([bar.get_width() for bar in bars[label]], shares[label])
    average = np.mean(list(shares.values()), axis=0)
    assert list(average) == sorted(average, reverse=True)
    assert len({bar[0].get_hatch() for bar in bars.values()}) == 3


KINDS_OF_METHODS = (("pgfa", ("inductive", "transductive")), ("dvta", ("inductive",)))


def test_whiskers_are_the_intervals(varied, folder):
    records = [varied(seed=s) for s in range(4)]
    axes = draw("per-class", folder(records)).figure.axes[0]
    names = [t.get_text() for t in axes.get_yticklabels()]
    whiskers = axes.containers[1].lines[2][0].get_segments()
    for name, ((low, _), (high, _)) in zip(names, whiskers, strict=True):
        mean, half = mean_interval([100 * r["results"]["inductive"]["last"]["per_class"][name] for r in records])
        assert (low, high) == pytest.approx((mean - half, mean + half))
    single = draw("per-class", folder(records), Choice(seed=2))
    assert len(single.figure.axes[0].containers) == 1 and "Whiskers" not in single.caption


def test_a_class_that_is_never_recognised_has_a_nought(varied, folder):
    record = varied()
    record["results"]["inductive"]["last"]["per_class"] = {"c0": 0.0, "c1": 0.5, "c2": 0.5, "c3": 1.0, "c4": 0.004}
    axes = draw("per-class", folder([record])).figure.axes[0]
    assert [t.get_text() for t in axes.texts] == ["0", "0"]


def test_more_methods_than_can_be_told_apart_are_refused(varied, folder):
    place = folder([varied(m) for m in ("pgfa", "dvta", "sadvae", "smie", "revise")])
    with pytest.raises(ZsarError, match="at most 4 methods.*5 fit.*REVISE"):
        draw("per-class", place)
    assert len(draw("per-class", place, Choice(methods=("pgfa", "dvta"))).figure.axes[0].containers) == 2


def test_every_seed_is_a_mark_and_the_mean_is_the_leaderboards(committed, texts):
    picture = draw("seeds", committed / "utd-mhad")
    records = committed_records(committed / "utd-mhad")
    [table] = [t for t in Results(records).tables(["last"]) if t.setting == "zsl"]
    axes = picture.figure.axes[0]
    marks = [line for line in axes.get_lines() if line.get_marker() in ("o", "D")]
    assert len(marks) == len(table.rows) == 12
    names = [t.get_text() for t in axes.get_yticklabels()]
    for row, name, line in zip(table.rows, names, marks, strict=True):
        assert name == row.title + (" (T)" if row.transductive else "")
        runs = [r for r in records if r["method"]["name"] == row.method]
        by_seed = [
            100 * np.mean([r["results"][row.mode]["last"]["top1"] for r in runs if r["seed"] == seed])
            for seed in row.seeds
        ]
        assert np.allclose(line.get_xdata(), by_seed)
        assert line.get_marker() == ("D" if row.transductive else "o")
        said = f"{100 * row.average.top1.mean:.1f} ± {100 * row.average.top1.half:.1f}"
        assert said in texts(picture.figure)
    chance = next(line for line in axes.get_lines() if line.get_label() == "chance")
    assert chance.get_xdata()[0] == pytest.approx(100 * np.mean([1 / 5, 1 / 9, 1 / 13]))


def test_a_row_that_lacks_a_run_is_named_and_not_drawn(varied, folder):
    records = [varied(m, split, s) for m in ("pgfa", "dvta") for split in ("22/5", "18/9") for s in range(2)]
    picture = draw("seeds", folder(records[:-1]))
    assert [t.get_text() for t in picture.figure.axes[0].get_yticklabels()] == ["PGFA"]
    assert picture.caption.endswith("Not shown, because runs are missing: DVTA.")


@pytest.mark.parametrize("rule", ["last", "val"])
def test_the_oracle_gap_is_drawn_from_the_rule_to_the_oracle(committed, texts, rule):
    picture = draw("oracle-gap", committed / "utd-mhad", Choice(rule=rule))
    records = committed_records(committed / "utd-mhad")
    table = Results(records).tables([rule])[0]
    axes = picture.figure.axes[0]
    [honest], [best] = lines(axes, "o"), lines(axes, "D")
    rows = [row for row in table.rows if row.rule == rule]
    assert np.allclose(honest.get_xdata(), [100 * row.average.top1.mean for row in rows])
    assert np.allclose(best.get_xdata() - honest.get_xdata(), [100 * row.average.gap for row in rows])
    said = texts(picture.figure)
    assert "oracle: epoch chosen on the test labels" in said and words.RULES[rule] in said
    assert {f"{100 * row.average.gap:+.1f}" for row in rows} <= set(said)
    assert "no honest evaluation can choose" in picture.caption


def test_two_configurations_of_a_method_are_told_apart(varied, folder):
    records = [varied(seed=s, keywords={"lr": lr}) for s in range(2) for lr in (0.1, 0.2)]
    names = [t.get_text() for t in draw("seeds", folder(records)).figure.axes[0].get_yticklabels()]
    assert sorted(names) == ["PGFA [lr=0.1]", "PGFA [lr=0.2]"]
    with pytest.raises(ZsarError, match="(?s)one configuration of pgfa, and 2 fit: lr=0.1.*runs.*--run"):
        draw("confusion", folder(records))
    runs = tuple(r["run"] for r in records if r["method"]["keywords"]["lr"] == 0.1)
    assert "2 runs" in draw("confusion", folder(records), Choice(runs=runs)).caption


@pytest.mark.parametrize("kind", ["confusion", "per-class", "seen-unseen", "oracle-gap", "seeds", "tsne"])
@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_data_says_so_in_the_picture(varied, folder, texts, kind, simulated):
    record = varied(simulated=simulated, settings=("zsl", "gzsl"), rules=("last", "oracle"))
    rng = np.random.default_rng(0)
    arrays = {"labels": np.arange(20) % 5, "samples": np.arange(20).astype(str)}
    place = folder([record], {record["run"]: arrays | {"inductive/last": rng.normal(size=(20, 5))}})
    more = {"space": "scores"} if kind == "tsne" else {}
    picture = draw(kind, place, **more)
    assert any("UTD-MHAD (simulated)" in text for text in texts(picture.figure)) == simulated
    assert ("simulated" in picture.caption) == simulated
    assert any("last epoch" in text for text in texts(picture.figure))


@pytest.mark.parametrize(("kind", "split"), [("confusion", "14-13"), ("per-class", "14-13"), ("seeds", None)])
def test_names_of_classes_and_methods_do_not_overlap(committed, kind, split):
    choice = Choice(methods=("dvta",) if split else (), split=split)
    figure = draw(kind, committed / "utd-mhad", choice).figure
    figure.canvas.draw()
    axes = figure.axes[0]
    named = axes.get_yticklabels() if kind != "confusion" else axes.texts[:13]
    boxes = [text.get_window_extent() for text in named]
    assert len(boxes) == (13 if split else 12)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    numbers = [text.get_window_extent() for text in axes.get_xticklabels()]
    assert not any(a.overlaps(b) for i, a in enumerate(numbers) for b in numbers[:i])
    page = figure.bbox
    assert all(page.x0 <= b.x0 and b.x1 <= page.x1 and page.y0 <= b.y0 and b.y1 <= page.y1 for b in boxes)


def test_twenty_four_long_names_still_do_not_overlap(varied, folder):
    from zsar.data.cards import card

    record, n = varied(dataset="ntu120"), 24
    record["split"]["unseen"] = list(card("ntu120").classes)[-n:]
    record["results"]["inductive"]["last"]["confusion"] = np.eye(n, dtype=int).tolist()
    figure = draw("confusion", folder([record])).figure
    figure.canvas.draw()
    axes = figure.axes[0]
    for group in (axes.get_xticklabels(), axes.get_yticklabels(), axes.texts[:n]):
        boxes = [text.get_window_extent() for text in group]
        assert len(boxes) >= 10 and not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_odd_names_of_classes_are_written_plainly_or_by_their_ids(varied, folder, monkeypatch, texts):
    record = varied()
    odd = dict(zip(record["split"]["unseen"], ["$5 $x^2$", "a\x00b\nc", "拍手", "<b>&amp;</b>", "обнять"], strict=True))
    monkeypatch.setattr(words, "card", lambda name: type("Card", (), {"classes": odd}))
    picture = draw("confusion", folder([record]))
    said = texts(picture.figure)
    assert {"$5 $x^2$", "a b c", "c2", "<b>&amp;</b>", "обнять"} <= set(said)
