"""The screen's table and the written ones come from the same records: all that lie in the results folder."""

import csv
import re

from command_line import command

from zsar.testing.small import small_dataset


def test_what_is_written_is_what_is_shown_of_the_whole_folder(empty_home, tmp_path, capsys):
    small_dataset(empty_home, classes=None, clips_per_class=2)
    bench = ["bench", "--dataset", "pku-sim", "--splits", "smie.split-7", "--rule", "last", "--jobs", "1"]
    for methods in ("nearest", "eszsl"):  # the second finds the first one's record
        code, screen, _ = command(capsys, *bench, "--methods", methods, "--out", str(tmp_path))
        assert code == 0
    rows = list(csv.DictReader((tmp_path / "leaderboard.csv").read_text().splitlines()))
    assert {row["method_title"] for row in rows} == {"Nearest", "ESZSL"}
    written = (tmp_path / "leaderboard.md").read_text()
    for row in rows:
        top1 = f"{float(row['top1']):.1f}"
        assert re.search(rf"{row['method_title']}\s+{top1}\s", screen)
        assert re.search(rf"\| {row['method_title']} \| last \| {top1} ", written)
