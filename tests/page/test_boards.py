"""Rows of the page's leaderboards lead to what lies behind them."""

import pytest
from page_inputs import REAL, RECORDS

from zsar.page import payload
from zsar.page.groups import groups
from zsar.results import Results
from zsar.results.table import Cell


def test_every_row_names_its_entry_and_the_records_behind_it(content):
    assert len(content["groups"]) == len(REAL)
    for group in content["groups"]:
        methods = [source["configuration"].split("name: ")[1].splitlines()[0] for source in group["sources"]]
        rows = [row for board in group["boards"] for row in board["rows"]]
        assert {row["key"] for row in rows} == set(group["entries"])
        for row in rows:
            number, mode, rule = row["key"].split(".")
            assert (methods[int(number)], mode, rule) == (row["method"], row["mode"], row["rule"])
            assert set(group["entries"][row["key"]]["splits"]) == set(row["cells"])


def test_boards_have_the_numbers_of_the_leaderboards(content):
    tables = Results.read(*REAL).tables(["last", "val", "oracle"])
    boards = [board for group in content["groups"] for board in group["boards"]]
    for table, board in zip(tables, boards, strict=True):
        for row, shown in zip(table.rows, board["rows"], strict=True):
            assert (shown["rank"], shown["title"], shown["group"]) == (row.rank, row.title, row.group)
            assert shown["average"]["main"] == [row.average.main.mean, row.average.main.half]
            assert ("gap" in shown["average"]) == isinstance(row.average, Cell)


def test_configurations_of_one_method_have_numbers_of_their_own():
    records = [r.content for r in Results.read(RECORDS / "pku-sim") if r.method.name == "dvta"]
    other = [r | {"run": f"{r['run'][:-1]}x", "method": r["method"] | {"keywords": {"lr": 1.0}}} for r in records]
    results = Results([*records, *other])
    [group] = groups(results, results.tables(["last"]))
    assert [len(runs) for runs in group.configurations] == [len(records)] * 2
    keys = group.keys(group.any_table)
    assert len(keys) == len(set(keys)) == 2
    for row, key in zip(group.any_table.rows, keys, strict=True):
        [rate] = {r.method.keywords["lr"] for r in group.configurations[int(key.split(".")[0])]}
        assert f"lr={rate}" in row.configuration


@pytest.mark.parametrize("rules", [["last"], ["oracle", "val"]])
def test_rules_that_were_not_named_have_no_rows(rules):
    [group] = payload(Results.read(RECORDS / "nw-ucla"), features=None, rules=rules)["groups"]
    assert {row["rule"] for board in group["boards"] for row in board["rows"]} == set(rules)
