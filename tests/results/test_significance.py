"""Groups of rows that can't be told apart, from made-up scores."""

import re
from itertools import combinations

import numpy as np
import pytest
from made_up import leaderboards
from scipy.stats import binomtest

from zsar.errors import RecordError
from zsar.report.data import csv
from zsar.report.latex import latex
from zsar.report.markdown import markdown
from zsar.report.terminal import print_tables
from zsar.results import Results, write_record
from zsar.results.scores import Scores

SPLITS = {"22/5": 5, "18/9": 9}
CLIPS, SUBJECTS, SEEDS = 120, 12, 3
CHANCES = {"best": 0.9, "twin": 0.88, "middle": 0.6, "blurred": 0.52, "worst": 0.2}


def arrays_of(right: np.ndarray, classes: int) -> dict:
    """Scores whose largest is the label exactly where ``right``."""
    labels = np.arange(len(right)) % classes
    scores = np.zeros((len(right), classes), np.float32)
    scores[np.arange(len(right)), np.where(right, labels, (labels + 1) % classes)] = 1
    samples = np.array([f"clip{i}" for i in range(len(right))])
    subjects = np.array([f"s{i % SUBJECTS}" for i in range(len(right))])
    return {"inductive/last": scores, "labels": labels, "samples": samples, "subjects": subjects}


@pytest.fixture
def judged(record):
    """Records and their scores: five methods, two splits, three seeds, over the same clips."""
    rng, records, arrays = np.random.default_rng(0), [], {}
    for method, chance in CHANCES.items():
        for split, classes in SPLITS.items():
            for seed in range(SEEDS):
                right = rng.random(CLIPS) < chance
                one = record(method, split=split, seed=seed, top1=float(right.mean()))
                records.append(one)
                arrays[one["run"]] = arrays_of(right, classes)
    return records, arrays


def brute_force(records, arrays) -> set[frozenset]:
    """Pairs that both tests tell apart, in loops."""
    right = {}
    for method in CHANCES:
        for seed in range(SEEDS):
            runs = [
                next(
                    r["run"]
                    for r in records
                    if (r["method"]["name"], r["split"]["name"], r["seed"]) == (method, split, seed)
                )
                for split in SPLITS
            ]
            right[method, seed] = [
                bool(a["inductive/last"][i].argmax() == a["labels"][i])
                for a in (arrays[run] for run in runs)
                for i in range(CLIPS)
            ]
    subjects = [i % SUBJECTS for _ in SPLITS for i in range(CLIPS)]
    pairs, p, apart = list(combinations(CHANCES, 2)), {}, {}
    rng = np.random.default_rng(7)
    for a, b in pairs:
        of_seeds = []
        for seed in range(SEEDS):
            both = list(zip(right[a, seed], right[b, seed], strict=True))
            only = [sum(x and not y for x, y in both), sum(y and not x for x, y in both)]
            of_seeds.append(binomtest(only[0], sum(only), 0.5).pvalue if sum(only) else 1.0)
        p[a, b] = min(1.0, 2 * float(np.median(of_seeds)))
        drawn = []
        for _ in range(400):
            whose = rng.integers(0, SUBJECTS, SUBJECTS)
            mine, theirs = rng.integers(0, SEEDS, SEEDS), rng.integers(0, SEEDS, SEEDS)
            chosen = [i for w in whose for i in range(len(subjects)) if subjects[i] == w]
            drawn.append(
                np.mean([[right[a, s][i] for i in chosen] for s in mine])
                - np.mean([[right[b, s][i] for i in chosen] for s in theirs])
            )
        low, high = np.quantile(drawn, [0.025, 0.975])
        apart[a, b] = low > 0 or high < 0
    told, highest = set(), 0.0
    for i, pair in enumerate(sorted(pairs, key=lambda pair: p[pair])):
        highest = max(highest, min(1.0, (len(pairs) - i) * p[pair]))
        if highest <= 0.05 and apart[pair]:
            told.add(frozenset(pair))
    return told


def test_rows_share_a_letter_exactly_when_brute_force_cannot_tell_them_apart(judged):
    records, arrays = judged
    (table,) = leaderboards(records, arrays=arrays)
    marks = {r.method: r.group for r in table.rows}
    told = brute_force(records, arrays)
    assert frozenset(("best", "worst")) in told and frozenset(("best", "twin")) not in told
    for a, b in combinations(CHANCES, 2):
        assert (not set(marks[a]) & set(marks[b])) == (frozenset((a, b)) in told), (a, b)
    assert table.rows[0].group == "a" and table.remarks == ()


def test_the_same_in_any_order_and_shown_in_every_format(judged, capsys):
    records, arrays = judged
    tables = leaderboards(records, arrays=arrays)
    assert leaderboards(records[::-1], arrays=arrays) == tables
    worst = tables[0].rows[-1].group
    assert "| group |" in markdown(tables) and f"| 3 | {worst} |" in markdown(tables)
    assert re.search(rf"& {worst} (&|\\\\)", latex(tables)) and f",{worst},worst," in csv(tables)
    print_tables(tables)
    shown = capsys.readouterr().out
    assert re.search(rf"^ *{worst} .*±", shown, re.M) and "can't be told" in " ".join(shown.split())


def test_without_scores_there_are_no_groups_and_a_note(judged):
    records, arrays = judged
    (table,) = leaderboards(records)
    assert {r.group for r in table.rows} == {None} and table.remarks == ()
    missing = records[4]["run"]
    some = {run: a for run, a in arrays.items() if run != missing}
    (table,) = leaderboards(records, arrays=some)
    assert {r.group for r in table.rows} == {None}
    assert f"run {missing} has no .npz" in table.remarks[0]
    assert "| group |" not in markdown([table]) and "are left out" in markdown([table])


def test_other_clips_and_foreign_seeds_are_not_compared(judged, record):
    records, arrays = judged
    run = records[0]["run"]
    arrays[run] = {**arrays[run], "samples": arrays[run]["samples"][::-1]}
    (table,) = leaderboards(records, arrays=arrays)
    assert "on other clips of" in table.remarks[0]
    one, other = (record(m, seed=s, top1=1.0) for m, s in (("a", 0), ("b", 1)))
    right = {r["run"]: arrays_of(np.ones(20, bool), 5) for r in (one, other)}
    (table,) = leaderboards([one, other], arrays=right)
    assert "no seed in common" in table.remarks[0] and table.rows[0].group is None


def test_scores_that_contradict_their_record_are_refused(judged):
    records, arrays = judged
    run = records[0]["run"]
    arrays[run] = arrays_of(np.zeros(CLIPS, bool), 5)
    with pytest.raises(RecordError, match=f"scores of run {run} .*don't belong together"):
        leaderboards(records, arrays=arrays)


def test_scores_are_read_from_beside_the_records(judged, tmp_path):
    records, arrays = judged
    for run, content in arrays.items():
        np.savez(tmp_path / f"{run}.npz", **content)
    for record in records:
        write_record(tmp_path, record)
    assert Results.read(tmp_path).tables() == leaderboards(records, arrays=arrays)
    run = records[0]["run"]
    read = Scores({run: tmp_path, "0" * 16: tmp_path}).read
    assert read("0" * 16, ("labels",)) is None
    with pytest.raises(RecordError, match=f"{run}.npz lacks an array"):
        read(run, ("inductive/val",))
    whole = (tmp_path / f"{run}.npz").read_bytes()
    for damaged in (whole[:200], b"", b"nonsense"):
        (tmp_path / f"{run}.npz").write_bytes(damaged)
        with pytest.raises(RecordError, match=f"{run}.npz is damaged"):
            read(run, ("labels",))


def told_apart(record, outcomes) -> list[str]:
    """The letters of methods with one seed on one split, best first."""
    made = {m: record(m, top1=float(right.mean())) for m, right in outcomes.items()}
    arrays = {made[m]["run"]: arrays_of(right, 5) for m, right in outcomes.items()}
    (table,) = leaderboards(list(made.values()), arrays=arrays)
    return [row.group for row in table.rows]


def test_holm_makes_a_pair_of_many_harder_to_tell_apart(record):
    better, worse = np.ones(CLIPS, bool), np.ones(CLIPS, bool)
    worse[:6] = False  # six clips of six subjects: p is 2 / 2^6, 0.03 alone and 0.09 of three pairs
    assert told_apart(record, {"a": better, "b": worse}) == ["a", "b"]
    assert told_apart(record, {"a": better, "b": worse, "c": worse}) == ["a", "a", "a"]


def test_clips_of_a_single_subject_tell_nothing_apart(record):
    better, spread, same = (np.ones(CLIPS, bool) for _ in range(3))
    spread[:10] = False  # ten subjects
    same[::SUBJECTS] = False  # ten clips of one subject, about whom the bootstrap is in doubt
    assert told_apart(record, {"a": better, "b": spread}) == ["a", "b"]
    assert told_apart(record, {"a": better, "b": same}) == ["a", "a"]
