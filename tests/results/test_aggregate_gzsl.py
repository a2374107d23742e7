"""Leaderboards of the generalized setting: their numbers and ranks."""

from statistics import fmean

import pytest
from made_up import leaderboards
from scipy import stats

from zsar.errors import RecordError
from zsar.report.markdown import markdown

SPLITS = ("22/5", "18/9", "14/13")
BOTH = ("zsl", "gzsl")
METRICS = {
    "harmonic": "harmonic",
    "seen": "seen",
    "unseen": "unseen",
    "harmonic_per_class": "harmonic_mean_per_class",
    "seen_per_class": "seen_mean_per_class",
    "unseen_per_class": "unseen_mean_per_class",
}


def test_numbers_are_those_recomputed_from_the_records(both):
    zsl, table = leaderboards(both)
    assert (zsl.setting, table.setting) == BOTH and zsl.rows[0].strategy is None
    assert len(table.rows) == 2 * 2 * 4  # methods, ranking rules, strategies
    for row in table.rows:

        def blocks(seed, row=row):
            return [
                r["results"]["inductive"][row.rule]["gzsl"]
                for split in SPLITS
                for r in both
                if (r["method"]["name"], r["seed"]) == (row.method, seed) and r["split"]["name"] == split
            ]

        for ours, theirs in METRICS.items():
            by_seed = [[b["strategies"][row.strategy][theirs] for b in blocks(seed)] for seed in range(3)]
            found = getattr(row.average, ours)
            over_splits = [fmean(v) for v in by_seed]
            assert found.mean == pytest.approx(fmean(over_splits))
            half = stats.sem(over_splits) * stats.t.ppf(0.975, 2)
            assert found.half == pytest.approx(half)
            one = getattr(row.cells["18/9"], ours)
            assert one.mean == pytest.approx(fmean(v[1] for v in by_seed))
        areas = [fmean(b["ausuc"] for b in blocks(seed)) for seed in range(3)]
        assert row.average.ausuc.mean == pytest.approx(fmean(areas))
        assert row.average.ausuc_per_class.mean == pytest.approx(fmean(areas) / 2)


def test_ranked_by_the_harmonic_mean_and_never_by_an_oracle(record):
    low = {"none": 0.1, "stacking": 0.2, "gate": 0.3, "oracle": 0.9}
    high = {"none": 0.05, "stacking": 0.4, "gate": 0.2, "oracle": 0.5}
    made = [record(m, harmonic=h, settings=BOTH, rules=("last", "val", "oracle")) for m, h in (("a", low), ("b", high))]
    table = leaderboards(made, rules=("last", "oracle"))[1]
    ranked = [(r.rank, r.method, r.rule, r.strategy) for r in table.rows]
    assert ranked[:6] == [
        (1, "b", "last", "stacking"),
        (2, "a", "last", "gate"),
        (3, "a", "last", "stacking"),
        (3, "b", "last", "gate"),
        (5, "a", "last", "none"),
        (6, "b", "last", "none"),
    ]
    assert ranked[6:8] == [(None, "a", "last", "oracle"), (None, "b", "last", "oracle")]
    assert len(ranked) == 16 and {r[0] for r in ranked[6:]} == {None}
    said = markdown([table])
    assert "the best constant for the test clips" in said and "never the oracle" in said


def test_runs_judged_without_it_are_in_the_other_table_only(record):
    zsl, gzsl = leaderboards([record("a", settings=BOTH), record("b"), record("b", seed=1)])
    assert {r.method for r in zsl.rows} == {"a", "b"} and zsl.runs == 3
    assert {r.method for r in gzsl.rows} == {"a"} and gzsl.runs == 1
    assert [t.setting for t in leaderboards([record("a")])] == ["zsl"]


def test_records_of_an_older_evaluator_are_never_mixed_in(record):
    made = [record("a", settings=BOTH), record("b", settings=BOTH, evaluator=2)]
    with pytest.raises(RecordError, match=r"version 1 \(run .*version 2 \(run"):
        leaderboards(made)
    # A difference that the ZSL table alone has, and one that stops before it, are both refused.
    with pytest.raises(RecordError, match="different evaluator versions"):
        leaderboards([record("a", settings=BOTH), record("b", evaluator=2)])


def test_without_seen_clips_there_is_no_harmonic_mean_rather_than_a_zero(record):
    one = record("a", settings=BOTH)
    block = one["results"]["inductive"]["last"]["gzsl"]
    block["ausuc"] = block["ausuc_mean_per_class"] = None
    for numbers in block["strategies"].values():
        for key in ("seen", "harmonic", "seen_mean_per_class", "harmonic_mean_per_class"):
            numbers[key] = None
    table = leaderboards([one])[1]
    assert table.rows == () and len(table.remarks) == 4
    assert all("no test clip of seen classes" in remark for remark in table.remarks)


def test_a_record_without_its_generalized_numbers_is_named(record):
    one = record("a", settings=BOTH)
    del one["results"]["inductive"]["last"]["gzsl"]
    with pytest.raises(RecordError, match=f"run {one['run']} lacks 'gzsl'"):
        leaderboards([one])
