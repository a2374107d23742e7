import random
from statistics import fmean

import pytest
from made_up import leaderboards
from scipy import stats

from zsar.errors import RecordError, UnknownName

SPLITS = ("22/5", "18/9", "14/13")


def rows_of(table, **wanted):
    return [r for r in table.rows if all(getattr(r, k) == v for k, v in wanted.items())]


def test_numbers_are_those_recomputed_from_the_records(records):
    (table,) = leaderboards(records)
    assert [s.name for s in table.splits] == list(SPLITS)
    assert [s.chance for s in table.splits] == [1 / 5, 1 / 9, 1 / 13]
    assert len(table.rows) == 4
    for row in table.rows:

        def values(split, metric, rule="last", row=row):
            return [
                r["results"][row.mode][rule][metric]
                for r in sorted(records, key=lambda r: r["seed"])
                if r["method"]["name"] == row.method and r["split"]["name"] == split
            ]

        for split in SPLITS:
            found = values(split, "top1")
            low, high = stats.t.interval(0.95, 2, loc=fmean(found), scale=stats.sem(found))
            cell = row.cells[split]
            assert cell.top1.mean == pytest.approx(fmean(found))
            assert (cell.top1.mean - cell.top1.half, cell.top1.mean + cell.top1.half) == (
                pytest.approx(low),
                pytest.approx(high),
            )
            assert cell.per_class.mean == pytest.approx(fmean(values(split, "mean_per_class")))
            assert cell.gap == pytest.approx(fmean(values(split, "top1", "oracle")) - fmean(found))
        by_seed = [fmean(of_seed) for of_seed in zip(*(values(s, "top1") for s in SPLITS), strict=True)]
        assert row.average.top1.mean == pytest.approx(fmean(by_seed))
        assert row.average.top1.half == pytest.approx(
            stats.sem(by_seed) * stats.t.ppf(0.975, 2)
        )  # over seeds, not over splits


def test_ranked_by_last_and_never_by_oracle(record):
    made = [
        record(m, seed=s, top1=accuracy, oracle_adds=adds)
        for s in (0, 1)
        for m, accuracy, adds in (("good", 0.5, 0.0), ("lucky", 0.3, 0.4), ("worst", 0.2, 0.6))
    ]
    (table,) = leaderboards(made)
    assert [(r.rank, r.method, r.rule) for r in table.rows] == [
        (1, "good", "last"),
        (2, "lucky", "last"),
        (3, "worst", "last"),
    ]
    (table,) = leaderboards(made, rules=("last", "oracle"))
    assert [r.rank for r in table.rows] == [1, 2, 3, None, None, None]
    assert {r.rule for r in table.rows[3:]} == {"oracle"}
    assert all(r.average.gap is None for r in table.rows[3:])


def test_equal_means_share_a_rank(record):
    (table,) = leaderboards([record(m, top1=a) for m, a in (("a", 0.5), ("b", 0.5), ("c", 0.25))])
    assert [(r.method, r.rank) for r in table.rows] == [("a", 1), ("b", 1), ("c", 3)]


def test_rules_are_ranked_apart(record):
    made = [
        record("a", top1=0.3, rules=("last", "val", "oracle")),
        record("b", top1=0.4, rules=("last", "oracle")),
    ]
    (table,) = leaderboards(made)
    assert [(r.rank, r.method, r.rule) for r in table.rows] == [
        (1, "b", "last"),
        (2, "a", "last"),
        (1, "a", "val"),
    ]
    (table,) = leaderboards(made, rules=["val"])
    assert [(r.rank, r.method, r.rule) for r in table.rows] == [(1, "a", "val")]
    (table,) = leaderboards([record("a", rules=("oracle",))])
    assert [(r.rank, r.rule) for r in table.rows] == [(None, "oracle")]
    with pytest.raises(UnknownName, match="Did you mean last"):
        leaderboards(made, rules=["lst"])


def test_order_of_the_records_does_not_matter(records):
    expected = leaderboards(records)
    for seed in range(5):
        shuffled = random.Random(seed).sample(records, len(records))
        assert leaderboards(shuffled) == expected


def test_modes_are_rows_of_their_own(records):
    (table,) = leaderboards(records)
    assert {r.mode for r in rows_of(table, method="pgfa")} == {"inductive", "transductive"}
    assert [r.mode for r in table.rows if r.transductive] == ["transductive"]
    assert {r.encoder for r in rows_of(table, method="pgfa")} == {"end-to-end"}


def test_configurations_are_told_apart_by_what_differs(record):
    made = [record("dvta", keywords={"lr": lr, "epochs": 9, "gamma": 0.01}) for lr in (0.1, 0.02)]
    made += [record("pgfa", keywords={"lr": 5})]
    (table,) = leaderboards(made)
    assert sorted(r.configuration for r in rows_of(table, method="dvta")) == ["lr=0.02", "lr=0.1"]
    assert [r.configuration for r in rows_of(table, method="pgfa")] == [""]
    same_name = [record("dvta", method_class=c) for c in ("zsar.methods.dvta:DVTA", "other:DVTA")]
    (table,) = leaderboards(same_name)
    assert sorted(r.configuration for r in table.rows) == [
        "class=other:DVTA",
        "class=zsar.methods.dvta:DVTA",
    ]


def test_encoders_and_texts_make_rows(record):
    made = [record("dvta", encoder=e, text=t) for e in ("stgcn", "trajectory") for t in ("one", "two")]
    (table,) = leaderboards(made)
    assert sorted((r.encoder, r.text.split(",")[0]) for r in table.rows) == [
        ("stgcn", "one"),
        ("stgcn", "two"),
        ("trajectory", "one"),
        ("trajectory", "two"),
    ]


def test_an_incomplete_row_is_not_ranked(record):
    made = [record(m, split=s, seed=seed, top1=0.4) for m in ("a", "b") for s in SPLITS for seed in (0, 1)]
    missing = [r for r in made if not (r["method"]["name"] == "b" and r["split"]["name"] == "18/9" and r["seed"])]
    (table,) = leaderboards(missing)
    a, b = table.rows
    assert (a.method, a.rank, a.complete) == ("a", 1, True)
    assert (b.method, b.rank, b.average) == ("b", None, None)
    assert b.cells["18/9"].seeds == (0,) and b.cells["18/9"].top1.half is None


def test_a_seed_that_failed_everywhere_is_still_missed(record):
    error = {"type": "RuntimeError", "message": "out of luck\nsecond line"}
    made = [record("a", seed=0), record("a", seed=1, error=error)]
    (table,) = leaderboards(made)
    assert table.rows[0].rank is None and table.rows[0].seeds == (0, 1)
    assert [(f.seed, f.error) for f in table.failures] == [(1, "RuntimeError: out of luck")]
    assert table.runs == 2


def test_only_failures_make_a_table_without_rows(record):
    (table,) = leaderboards([record("a", error={"type": "X", "message": ""})])
    assert table.rows == () and [f.error for f in table.failures] == ["X"]


def test_datasets_protocols_families_and_versions_do_not_mix(record):
    other_version = record("a", seed=7)
    other_version["dataset"] = {**other_version["dataset"], "version": "99" * 8}
    made = [
        record("a"),
        record("a", dataset="nw-ucla"),
        record("a", protocol="cross-view"),
        record("a", family="smie"),
        other_version,
    ]
    tables = leaderboards(made)
    assert len(tables) == 5 and all(t.runs == 1 for t in tables)


def test_evaluator_versions_never_share_a_table(record):
    with pytest.raises(RecordError, match=r"version 1 \(run .*version 2 \(run"):
        leaderboards([record("a", evaluator=1), record("b", evaluator=2)])
    assert len(leaderboards([record("a"), record("b", evaluator=2, dataset="nw-ucla")])) == 2


def test_a_seed_counts_once(record):
    twice = record("a")
    twice["run"], twice["text"] = "f" * 16, {**twice["text"], "hash": "other"}
    with pytest.raises(RecordError, match=r"both a on 22/5 with seed 0; they differ in text\.hash"):
        leaderboards([record("a"), twice])


def test_a_split_that_changed_is_refused(record):
    other = record("b")
    other["split"] = {**other["split"], "hash": "0" * 16}
    with pytest.raises(RecordError, match="other classes"):
        leaderboards([record("a"), other])


def test_an_unknown_setting_and_a_missing_number_are_named(record):
    with pytest.raises(RecordError, match="setting 'nonsense'"):
        leaderboards([{**record("a"), "settings": ["zsl", "nonsense"]}])
    broken = record("a")
    del broken["results"]["inductive"]["last"]["top1"]
    with pytest.raises(RecordError, match="lacks 'top1' in results.inductive.last"):
        leaderboards([broken])


def test_published_numbers_stand_beside_and_never_for_simulated_data(record):
    (table,) = leaderboards([record("revise", "ReViSE"), record("pgfa")])
    assert [(r.method, [n.value for n in r.numbers["22/5"]]) for r in table.references] == [("revise", [29.37])]
    assert 0.2937 not in {c.top1.mean for r in table.rows for c in r.cells.values()}
    (table,) = leaderboards([record("revise", simulated=True)])
    assert table.references == () and table.title.endswith("(simulated)")


def test_titles_that_differ_between_records_are_chosen_the_same_way(record):
    made = [record("a", "One title"), record("a", "Another", split="18/9"), record("b", "B")]
    made[2]["dataset"] = {**made[2]["dataset"], "title": "Renamed"}
    assert leaderboards(made) == leaderboards(made[::-1])
