"""How the values of shared options are read."""

import argparse

import pytest

from zsar.commands.options import numbers


@pytest.mark.parametrize(
    ("text", "listed"),
    [("0", [0]), ("0,1,2", [0, 1, 2]), ("0-4", [0, 1, 2, 3, 4]), ("7, 0-2", [7, 0, 1, 2]), ("3-3,3", [3])],
)
def test_numbers_are_listed_one_by_one_or_as_ranges(text, listed):
    assert numbers(text) == listed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.5", "not a list"),
        ("0-", "not a list"),
        ("-1", "not a list"),
        ("a-b", "not a list"),
        ("4-0", "up to"),
        ("0-999999999", "up to"),
        (",", "names nothing"),
    ],
)
def test_other_words_are_refused(text, words):
    with pytest.raises(argparse.ArgumentTypeError, match=words):
        numbers(text)


def test_seeds_as_a_range_reach_the_plan(zsar, home):
    result = zsar(
        "bench", "--methods", "nearest", "--dataset", "pku-sim", "--splits", "split-7", "--seeds", "0-4", "--dry-run"
    )
    assert result.returncode == 0 and "5 runs" in result.stdout, result.stdout
