"""Every seed is on the picture, and the leaderboard's mean."""

import json

import numpy as np
import pytest
from from_folder import draw_folder

from zsar.results import Results


def committed_records(folder, **wanted):
    """The committed records of a dataset whose method and split are the ones wanted."""
    found = [json.loads(p.read_text()) for p in sorted(folder.glob("*.json"))]
    return [r for r in found if all(r[k]["name"] == v for k, v in wanted.items())]


def test_every_seed_is_a_mark_and_the_mean_is_the_leaderboards(committed, texts):
    picture = draw_folder("seeds", committed / "utd-mhad")
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
    picture = draw_folder("seeds", folder(records[:-1]))
    assert [t.get_text() for t in picture.figure.axes[0].get_yticklabels()] == ["PGFA"]
    assert picture.caption.endswith("Not shown, because runs are missing: DVTA.")
